// See SequenceFile.h. All numbers are little endian:
//
//   SavedHeader, then a SavedClass for each class of layers, then int32 ids, with a 0 after an odd number of them,
//   then the pages of the first class in order of position, of the second, ..., then the hash of all before it.
#include "runtime/model/SequenceFile.h"

#include "runtime/abi/Hash.h"
#include "runtime/base/Text.h"

#include <bit>
#include <cstring>

namespace gemmart {

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr char kMagic[8] = {'G', 'M', 'S', 'E', 'Q', 'N', 'C', 'E'};
constexpr uint32_t kVersion = 1;

struct SavedHeader {
  char magic[8];
  uint32_t version, classes;
  ModelId model;
  int64_t pageBytes, tokens;
};

/// Pages first .. end - 1 are there, counted from position 0.
struct SavedClass {
  int64_t window, slots, first, end;
};

/// Writes and hashes.
class Writer {
public:
  explicit Writer(OutputFile file) : file(std::move(file)) {}
  Status write(const void *data, size_t bytes) {
    hasher.update(data, bytes);
    return file.write(data, bytes);
  }
  Status finish() {
    uint64_t hash = hasher.finish();
    Status status = file.write(&hash, sizeof hash);
    return status ? file.finish() : status;
  }

private:
  OutputFile file;
  GmSectionHasher hasher;
};

/// Reads one thing after another out of bytes that were counted before.
class Reader {
public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes(bytes) {}
  bool take(void *to, size_t count) {
    if (count > bytes.size())
      return false;
    std::memcpy(to, bytes.data(), count);
    bytes = bytes.subspan(count);
    return true;
  }
  std::span<const uint8_t> rest() const { return bytes; }

private:
  std::span<const uint8_t> bytes;
};

int64_t idBytes(int64_t tokens) {
  return (tokens + 1) / 2 * 8;
}

/// A file of a sequence, checked step by step.
class Loader {
public:
  Loader(const std::string &path, Engine &engine, const ModelId &id) : path(path), engine(engine), id(id) {}
  Result<SavedSequence> load();

private:
  Status wrong(const std::string &what) const { return inputError(path + ": " + what); }
  Status readHeader(Reader &reader);
  Status readClasses(Reader &reader);
  Status readTokens(std::span<const uint8_t> ids);

  const std::string &path;
  Engine &engine;
  const ModelId &id;
  SavedHeader header{};
  std::vector<PageRange> held;
  std::vector<int32_t> tokens;
  int64_t pages = 0;
};

Status Loader::readHeader(Reader &reader) {
  if (!reader.take(&header, sizeof header) || std::memcmp(header.magic, kMagic, sizeof kMagic) != 0)
    return wrong("not a saved sequence");
  if (header.version != kVersion)
    return wrong(format("saved in version %u of the format; this program reads version %u", header.version, kVersion));
  if (header.model != id)
    return wrong("saved by another model, or by another build of this one");
  const GmModel &model = engine.compiled();
  if (header.pageBytes != model.page_bytes || header.classes != model.page_class_count)
    return wrong("its pages are not this model's");
  if (header.tokens < 1 || header.tokens > engine.contextTokens())
    return wrong(format("holds %lld tokens; a context of 1 to %lld is needed", (long long)header.tokens,
                        (long long)engine.contextTokens()));
  return {};
}

/// What is held must be what a sequence of so many tokens holds at least.
Status Loader::readClasses(Reader &reader) {
  const GmModel &model = engine.compiled();
  for (const GmPageClass &layers : std::span(model.page_classes, size_t(model.page_class_count))) {
    SavedClass saved;
    if (!reader.take(&saved, sizeof saved))
      return wrong("cut off among its tables");
    if (saved.window != layers.window_tokens || saved.slots != layers.page_slots)
      return wrong("its pages are not this model's");
    PageRange needed = pagesSeen(layers, header.tokens);
    if (saved.first < 0 || saved.first > needed.first || saved.end != needed.end)
      return wrong(format("has pages %lld to %lld of a class whose pages %lld to %lld are needed",
                          (long long)saved.first, (long long)saved.end, (long long)needed.first,
                          (long long)needed.end));
    held.push_back({saved.first, saved.end});
    pages += saved.end - saved.first;
  }
  return {};
}

Status Loader::readTokens(std::span<const uint8_t> ids) {
  tokens.resize(ids.size() / sizeof(int32_t));
  std::memcpy(tokens.data(), ids.data(), ids.size());
  if (header.tokens % 2 != 0 && tokens.back() != 0)
    return wrong("has more tokens than it says");
  tokens.resize(size_t(header.tokens));
  for (size_t index = 0; index < tokens.size(); ++index)
    if (Status status = checkToken(engine.compiled(), int64_t(index), tokens[index]); !status)
      return wrong(status.message());
  return {};
}

Result<SavedSequence> Loader::load() {
  Result<MappedFile> file = MappedFile::open(path, path);
  if (!file)
    return file.status();
  Reader reader(file->bytes());
  if (Status status = readHeader(reader); !status)
    return status;
  if (Status status = readClasses(reader); !status)
    return status;
  size_t ids = size_t(idBytes(header.tokens)), expected;
  if (__builtin_mul_overflow(size_t(pages), size_t(header.pageBytes), &expected) ||
      __builtin_add_overflow(expected, ids + sizeof(uint64_t), &expected) || reader.rest().size() != expected)
    return wrong(format("%zu bytes do not fit its %lld tokens and %lld pages", file->bytes().size(),
                        (long long)header.tokens, (long long)pages));
  uint64_t hash;
  GmSectionHasher hasher;
  hasher.update(file->bytes().data(), file->bytes().size() - sizeof hash);
  std::memcpy(&hash, file->bytes().data() + file->bytes().size() - sizeof hash, sizeof hash);
  if (hash != hasher.finish())
    return wrong("its hash is another: the file is damaged");
  if (Status status = readTokens(reader.rest().first(ids)); !status)
    return status;
  if (pages > engine.pages().left())
    return engine.noPages(path, pages);
  Session session = engine.newSession();
  if (!session.restore(header.tokens, held, reader.rest().subspan(ids)))
    return engine.noPages(path, pages);
  return SavedSequence{std::move(session), std::move(tokens)};
}

} // namespace

Status saveSequence(const std::string &path, const Session &session, std::span<const int32_t> tokens,
                    const ModelId &id) {
  const Sequence &sequence = session.keysAndValues();
  const GmModel &model = sequence.compiled();
  if (int64_t(tokens.size()) != session.position() || tokens.empty())
    return bugError(format("%zu tokens for a sequence of %lld", tokens.size(), (long long)session.position()));
  Result<OutputFile> file = OutputFile::create(path);
  if (!file)
    return file.status();
  Writer writer(std::move(*file));
  SavedHeader header{{}, kVersion, uint32_t(model.page_class_count), id, model.page_bytes, int64_t(tokens.size())};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  Status status = writer.write(&header, sizeof header);
  for (size_t index = 0; status && index < size_t(model.page_class_count); ++index) {
    PageRange held = sequence.held(index);
    SavedClass saved{model.page_classes[index].window_tokens, model.page_classes[index].page_slots, held.first,
                     held.end};
    status = writer.write(&saved, sizeof saved);
  }
  std::vector<uint8_t> ids(size_t(idBytes(header.tokens)));
  std::memcpy(ids.data(), tokens.data(), tokens.size_bytes());
  if (status)
    status = writer.write(ids.data(), ids.size());
  for (size_t index = 0; index < size_t(model.page_class_count); ++index) {
    PageRange held = sequence.held(index);
    for (int64_t page = held.first; status && page < held.end; ++page)
      status = writer.write(sequence.page(index, page), size_t(model.page_bytes));
  }
  return status ? writer.finish() : status;
}

Result<SavedSequence> loadSequence(const std::string &path, Engine &engine, const ModelId &model) {
  return Loader(path, engine, model).load();
}

} // namespace gemmart
