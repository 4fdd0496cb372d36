// `patches` and `features`: what the encoders of pictures and sound read, written out for a look and for comparing
// engines. Linked only into executables whose model takes pictures or sound.
#include "runtime/cli/Commands.h"

#include "runtime/base/Text.h"
#include "runtime/media/LogMel.h"
#include "runtime/media/Patches.h"
#include "runtime/media/Sound.h"

#include <unistd.h>

namespace gemmart {

namespace {

constexpr OptionSpec kPatchOptions[] = {
    {"image", 0, OptionSpec::Text, "FILE", "PNG, JPEG, WebP, GIF (first frame) or BMP"},
    {"output", 'o', OptionSpec::Text, "FILE",
     "raw little-endian float32 [patches, y, x, channel]; - is standard output"},
    {"positions", 0, OptionSpec::Text, "FILE", "column and row of each patch, raw little-endian int32 [patches, 2]"},
    {"image-tokens", 0, OptionSpec::Integer, "N", "at most N soft tokens (default: the model's)", 1, 16384},
    {"frame", 0, OptionSpec::Flag, "", "treat it as a frame of a video"},
};

constexpr OptionSpec kFeatureOptions[] = {
    {"audio", 0, OptionSpec::Text, "FILE", "WAV, FLAC, MP3, Ogg Vorbis or Ogg Opus"},
    {"output", 'o', OptionSpec::Text, "FILE",
     "raw little-endian float32 [frames, columns]; - is standard output. Frames past the sound's end are 0"},
};

Status checkFiles(const Args &args, const char *input) {
  if (!args.has(input))
    return usageError(std::string("give --") + input + " FILE");
  if (!args.has("output"))
    return usageError("give -o FILE");
  if (args.text("output") == "-" && isatty(STDOUT_FILENO))
    return usageError("-o - would write raw numbers to the terminal; give a file or a pipe");
  return {};
}

Status checkPatches(const Args &args) {
  return checkFiles(args, "image");
}

Status checkFeatures(const Args &args) {
  return checkFiles(args, "audio");
}

template <class T> Status writeRaw(const std::string &path, const std::vector<T> &values) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.status();
  if (Status status = file->write(values.data(), values.size() * sizeof(T)); !status)
    return status;
  return file->finish();
}

Status runPatches(Loaded &loaded, const Args &args) {
  const std::optional<ImageInput> &image = loaded.manifest.image;
  if (!image)
    return inputError("this model takes no pictures");
  std::string path = args.text("image");
  Result<MappedFile> file = MappedFile::open(path, path);
  if (!file)
    return file.status();
  Result<Picture> picture = decodePicture(file->bytes(), path);
  if (!picture)
    return picture.status();
  PatchFormat format{image->patch, image->pool, args.has("frame")};
  int64_t budget = args.integer("image-tokens", args.has("frame") ? image->frameTokens : image->tokens);
  PictureSize size = fitPicture(picture->width, picture->height, budget, format);
  Patches patches = cutPatches(resizePicture(*picture, size.width, size.height), format);
  fprintf(stderr, "%lld x %lld pixels, resized to %lld x %lld: %lld patches, %lld soft tokens\n",
          (long long)picture->width, (long long)picture->height, (long long)size.width, (long long)size.height,
          (long long)patches.count, (long long)size.softTokens);
  if (args.has("positions"))
    if (Status status = writeRaw(args.text("positions"), patches.positions); !status)
      return status;
  return writeRaw(args.text("output"), patches.values);
}

Status runFeatures(Loaded &loaded, const Args &args) {
  const std::optional<AudioInput> &audio = loaded.manifest.audio;
  if (!audio)
    return inputError("this model takes no sound");
  std::string path = args.text("audio");
  Result<MappedFile> file = MappedFile::open(path, path);
  if (!file)
    return file.status();
  Result<Sound> sound = decodeSound(file->bytes(), path);
  if (!sound)
    return sound.status();
  Sound samples = resample(*sound, audio->mel.sampleRate);
  int64_t count = int64_t(samples.samples.size());
  std::vector<float> features;
  int64_t softTokens = 0;
  if (audio->melBands) {
    if (count > audio->mel.longest)
      fprintf(stderr, "note: only the first %g s are used\n",
              double(audio->mel.longest) / double(audio->mel.sampleRate));
    features = logMel(samples.samples, audio->mel);
    features.resize(size_t(paddedFrames(count, audio->mel) * audio->mel.bands));
    softTokens = audioSoftTokens(validFrames(count, audio->mel));
  } else {
    features = sampleFrames(samples.samples, audio->mel.frame);
    softTokens = int64_t(features.size()) / audio->mel.frame;
  }
  fprintf(stderr, "%.3f s at %lld Hz: %lld soft tokens\n", double(sound->samples.size()) / double(sound->rate),
          (long long)sound->rate, (long long)softTokens);
  return writeRaw(args.text("output"), features);
}

constexpr Command kPatches = {"patches",
                              "--image FILE -o FILE",
                              "write what the image encoder reads of a picture",
                              kPatchOptions,
                              0,
                              checkPatches,
                              runPatches};
constexpr Command kFeatures = {"features",
                               "--audio FILE -o FILE",
                               "write what the audio encoder reads of a sound",
                               kFeatureOptions,
                               0,
                               checkFeatures,
                               runFeatures};

} // namespace

} // namespace gemmart

extern "C" const GmMedia gmMedia = {{&gemmart::kPatches, &gemmart::kFeatures}};
