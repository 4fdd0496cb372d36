// A hand-written "compiled" model for the runtime's tests: its logits are a formula, so that what sessions, chunks and
// commands do can be checked without the compiler.
#ifndef TEST_RUNTIME_FAKEMODEL_H
#define TEST_RUNTIME_FAKEMODEL_H

#include "runtime/abi/Artifact.h"
#include "runtime/abi/Step.h"

#include <span>
#include <string>
#include <vector>

namespace gemmart::fake {

constexpr int64_t kVocab = 97, kContext = 64, kChunk = 8, kRows = 3, kWeightBytes = 8192 + 100;
/// 4 pages of 16 positions, and 8 of 8.
constexpr int64_t kPageBytes = 64, kTableEntries = 12;

/// What the model puts on top after this sequence: depends on every token so far and on the weights.
int32_t expectedNext(std::span<const int32_t> sequence, std::span<const uint8_t> weights);

/// The weights it is "compiled" for.
std::vector<uint8_t> weights();

/// A small manifest, and the files's bytes: `head`, then the sections, table and trailer.
std::string manifest();
struct NamedSection {
  std::string name;
  std::vector<uint8_t> bytes;
};
std::vector<uint8_t> artifact(std::vector<uint8_t> head, std::span<const NamedSection> sections);
std::vector<uint8_t> artifact(std::vector<uint8_t> head);

/// `file`, the table and the trailer with the right hash of both.
std::vector<uint8_t> withEnd(std::vector<uint8_t> file, std::span<const GmSection> table, GmTrailer trailer);

} // namespace gemmart::fake
#endif
