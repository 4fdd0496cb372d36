// The "manifest" section: what the compiler says about the model, as small JSON.
#ifndef RUNTIME_MODEL_MANIFEST_H
#define RUNTIME_MODEL_MANIFEST_H

#include "runtime/base/Status.h"
#include "runtime/media/LogMel.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gemmart {

/// How the model takes pictures.
struct ImageInput {
  int64_t patch = 0, pool = 0; ///< see PatchFormat
  int64_t tokens = 0;          ///< most soft tokens of a picture
  int64_t frameTokens = 0;     ///< most soft tokens of a frame of a video
};

/// How the model takes sound.
struct AudioInput {
  bool melBands = false; ///< log-mel features; else frames of samples
  MelFormat mel;
};

/// Facts of the build. Absent keys keep these values.
struct Manifest {
  std::string model, size, quant, kv, weightsSource, compilerVersion;
  std::string chatTemplate;  ///< name of a native renderer; empty: a base model, which continues text
  bool emptyThought = false; ///< an empty thought opens each answer when thinking is off
  int32_t bos = -1;          ///< -1: none
  bool addBos = false;
  std::vector<int32_t> stopIds;
  double temperature = 1, topP = 1; ///< the model's own advice for sampling
  int64_t topK = 0;
  std::vector<std::string> layers;        ///< the class of each
  std::map<std::string, int64_t> formats; ///< weight format -> number of tensors
  std::optional<ImageInput> image;        ///< absent: no pictures
  std::optional<AudioInput> audio;        ///< absent: no sound
};

/// Reads and checks it; `vocabTokens` bounds the ids. Unknown keys are left for newer readers.
Result<Manifest> parseManifest(std::span<const uint8_t> section, int64_t vocabTokens);

} // namespace gemmart
#endif
