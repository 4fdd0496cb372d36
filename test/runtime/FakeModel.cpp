// The fake model, see FakeModel.h. Also linked with main() into runtime_fake, the executable of the command-line tests.
#include "test/runtime/FakeModel.h"

#include "runtime/abi/Hash.h"
#include "runtime/base/Sha256.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace gemmart::fake {

/// Layers that see all, with pages of 16 positions, and layers that see 10, with pages of 8 (and a rest).
constexpr int64_t kWindow = 10;
static constexpr GmPageClass kClasses[] = {{0, kPageBytes / 4, 0}, {kWindow, 8, kContext / (kPageBytes / 4)}};

static uint64_t mix(uint64_t state, int32_t token) {
  return (state ^ uint64_t(token + 1)) * 0x9e3779b97f4a7c15u;
}

static uint64_t weightSum(const uint8_t *data) {
  uint64_t sum = 0;
  for (int64_t index = 0; index < kWeightBytes; ++index)
    sum = sum * 31 + data[index];
  return sum;
}

static int32_t top(uint64_t state) {
  return int32_t((state >> 20) % uint64_t(kVocab));
}

int32_t expectedNext(std::span<const int32_t> sequence, std::span<const uint8_t> weights) {
  uint64_t state = weightSum(weights.data());
  for (int32_t token : sequence)
    state = mix(state, token);
  return top(state);
}

/// Whether the runtime keeps what Step.h promises to generated code; a broken promise shows as wrong logits.
static bool keepsContract(const GmStep &step) {
  for (int64_t index = 0; index < step.sequence_count; ++index)
    if (step.sequences[index].position < 0 ||
        step.sequences[index].position + step.token_count / step.sequence_count > kContext)
      return false;
  return step.token_count >= 1 && step.token_count <= kChunk && step.first_row + step.last_rows <= step.token_count &&
         step.last_rows <= kRows && step.first_row >= 0 && step.last_rows >= 0 && step.sequence_count >= 1 &&
         step.token_count % step.sequence_count == 0 &&
         (step.sequence_count == 1 || step.last_rows == step.token_count) && uintptr_t(step.arena) % 64 == 0;
}

/// Where a class of layers keeps the token at a position.
static int32_t &slot(const GmStep &step, const GmSequence &sequence, const GmPageClass &layers, int64_t position) {
  int64_t offset = sequence.table[layers.table_begin + position / layers.page_slots];
  return reinterpret_cast<int32_t *>(step.kv + offset)[position % layers.page_slots];
}

/// The state after all tokens up to `last`, for a row at `position`: wrong where a window does not hold what it should.
static uint64_t stateOf(const GmStep &step, const GmSequence &sequence, int64_t position, int64_t last) {
  uint64_t state = weightSum(step.weights);
  for (int64_t at = 0; at <= last; ++at)
    state = mix(state, slot(step, sequence, kClasses[0], at));
  for (int64_t at = std::max<int64_t>(position - kWindow + 1, 0); at <= position; ++at)
    state += slot(step, sequence, kClasses[1], at) != slot(step, sequence, kClasses[0], at);
  return state;
}

/// Writes the tokens into the pages, every thread its share; then the rows, claimed one by one. A row sees all tokens
/// of its sequence up to its own, or to the end of its block.
static void entry(GmStep *step, int64_t thread) {
  int64_t each = step->token_count / step->sequence_count;
  for (int64_t index = thread; index < step->token_count; index += step->threads) {
    const GmSequence &sequence = step->sequences[index / each];
    for (const GmPageClass &layers : kClasses)
      slot(*step, sequence, layers, sequence.position + index % each) = step->tokens[index];
  }
  gmBarrier(step, thread);
  int64_t row;
  while ((row = __atomic_fetch_add(&step->claim, 1, __ATOMIC_RELAXED)) < step->last_rows) {
    int64_t index = step->first_row + row;
    const GmSequence &sequence = step->sequences[index / each];
    int64_t position = sequence.position + index % each;
    int64_t last = step->block_ends && step->token_count > 1 ? sequence.position + step->block_ends[index] : position;
    uint64_t state = stateOf(*step, sequence, position, last);
    float *logits = step->logits + row * kVocab;
    for (int64_t token = 0; token < kVocab; ++token)
      logits[token] = float(token % 7) * 0.125f - 2;
    if (keepsContract(*step))
      logits[top(state)] = 4;
  }
  gmBarrier(step, thread);
}

static void readAll(const uint8_t *data, int64_t bytes, uint64_t *sink) {
  uint64_t sum = 0, word;
  for (int64_t index = 0; index < bytes; index += 8) {
    std::memcpy(&word, data + index, 8);
    sum += word;
  }
  *sink = sum;
}

std::vector<uint8_t> weights() {
  std::vector<uint8_t> data(kWeightBytes);
  for (size_t index = 0; index < data.size(); ++index)
    data[index] = uint8_t(index * 7 + index / 256);
  return data;
}

std::string manifest() {
  return R"({"model":"fake","size":"tiny","quant":"f32","kv":"f32","context":64,"template":"","empty_thought":false,)"
         R"("bos":2,"add_bos":true,"stop_ids":[96],"sampling":{"temperature":1.0,"top_p":0.95,"top_k":64},)"
         R"("weights_source":"test","formats":{"f32":3},"compiler_version":"0"})";
}

std::vector<uint8_t> artifact(std::vector<uint8_t> file, std::span<const NamedSection> sections) {
  std::vector<GmSection> table;
  GmTrailer trailer{};
  auto digest = [](std::span<const uint8_t> bytes, uint64_t &hash, uint8_t (&sha256)[32]) {
    GmSectionHasher fast;
    fast.update(bytes.data(), bytes.size());
    hash = fast.finish();
    Sha256 list;
    list.update("\1", 1);
    for (size_t at = 0; at < bytes.size(); at += GM_HASH_PIECE) {
      Sha256 piece;
      piece.update("\0", 1);
      piece.update(bytes.data() + at, std::min<size_t>(bytes.size() - at, GM_HASH_PIECE));
      list.update(piece.finish().data(), sizeof(Sha256Digest));
    }
    std::ranges::copy(list.finish(), sha256);
  };
  for (const NamedSection &section : sections) {
    file.resize((file.size() + GM_SECTION_ALIGN - 1) / GM_SECTION_ALIGN * GM_SECTION_ALIGN);
    if (table.empty())
      digest(file, trailer.code_hash, trailer.code_sha256);
    GmSection entry{};
    std::memcpy(entry.name, section.name.data(), std::min(section.name.size(), sizeof entry.name));
    entry.offset = file.size();
    entry.bytes = section.bytes.size();
    digest(section.bytes, entry.hash, entry.sha256);
    table.push_back(entry);
    file.insert(file.end(), section.bytes.begin(), section.bytes.end());
  }
  size_t tableBytes = table.size() * sizeof(GmSection);
  trailer.table_offset = file.size();
  trailer.section_count = uint32_t(table.size());
  trailer.abi_version = GM_ABI_VERSION;
  trailer.file_bytes = file.size() + tableBytes + sizeof trailer;
  std::memcpy(trailer.magic, GM_TRAILER_MAGIC, sizeof trailer.magic);
  Sha256 whole;
  whole.update(GM_DIGEST_TITLE, 16);
  whole.update(trailer.code_sha256, sizeof trailer.code_sha256);
  whole.update(table.data(), tableBytes);
  std::ranges::copy(whole.finish(), trailer.digest);
  return withEnd(std::move(file), table, trailer);
}

std::vector<uint8_t> withEnd(std::vector<uint8_t> file, std::span<const GmSection> table, GmTrailer trailer) {
  size_t begin = file.size();
  auto append = [&](const void *data, size_t bytes) {
    file.insert(file.end(), static_cast<const uint8_t *>(data), static_cast<const uint8_t *>(data) + bytes);
  };
  append(table.data(), table.size_bytes());
  append(&trailer, offsetof(GmTrailer, hash));
  trailer.hash = gmHashBytes(file.data() + begin, file.size() - begin);
  append(&trailer.hash, sizeof trailer - offsetof(GmTrailer, hash));
  return file;
}

std::vector<uint8_t> artifact(std::vector<uint8_t> head) {
  std::string text = manifest();
  NamedSection sections[] = {{"weights", weights()}, {"manifest", {text.begin(), text.end()}}};
  return artifact(std::move(head), sections);
}

// Level "wide" needs a feature that no CPU has: the choice must pass it by.
static constexpr GmLevel kLevels[] = {
    {"wide", uint64_t(1) << 63, entry, entry, readAll, 4096, kChunk, kRows},
    {"base", 0, entry, entry, readAll, 4096, kChunk, kRows},
};

// A ring of 40 positions and a growing cache.
static constexpr GmCacheRead kCacheReads[] = {{40, 128}, {0, 4096}};

} // namespace gemmart::fake

using namespace gemmart::fake;

extern const GmModel gmModel = {GM_ABI_VERSION, 2,        kLevels, "fake",      kVocab, kContext,     kPageBytes,
                                kTableEntries,  kClasses, 2,       kCacheReads, 2,      kWeightBytes, kWeightBytes,
                                1000,           900,      0};
