// See Reference.h.
#include "compiler/certify/Reference.h"

#include "compiler/certify/Measures.h"
#include "runtime/abi/Hash.h"

#include <charconv>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace gemmac::certify {

static bool exists(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

Result<std::vector<int32_t>> parseTokens(const std::string &text, const std::string &place, const ModelFacts &facts) {
  constexpr std::string_view separators = ", \t\r\n";
  std::vector<int32_t> tokens;
  for (size_t at = 0; (at = text.find_first_not_of(separators, at)) != std::string::npos;) {
    size_t end = std::min(text.find_first_of(separators, at), text.size());
    int64_t id = -1;
    auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, id);
    if (error != std::errc() || stop != text.data() + end || id < 0 || id >= facts.vocab)
      return Error{fmt::format("{}: token {} is '{}'; ids of this model are whole numbers from 0 to {}", place,
                               tokens.size() + 1, text.substr(at, std::min<size_t>(end - at, 40)), facts.vocab - 1)};
    tokens.push_back(static_cast<int32_t>(id));
    at = end;
  }
  if (tokens.empty())
    return Error{place + ": holds no token ids"};
  if (static_cast<int64_t>(tokens.size()) > facts.context)
    return Error{fmt::format("{}: {} tokens, but the model's context holds {}", place, tokens.size(), facts.context)};
  return tokens;
}

/// A file of [rows, floats] float32; `rows` is what it must have, or 0 where it decides itself.
static Result<std::unique_ptr<import::MappedFile>> openRows(const std::string &path, int64_t floats, int64_t rows,
                                                            const char *what) {
  Result<std::unique_ptr<import::MappedFile>> file = import::MappedFile::open(path);
  if (!file)
    return file;
  int64_t bytes = static_cast<int64_t>((*file)->bytes().size()), rowBytes = floats * int64_t(sizeof(float));
  if (bytes % rowBytes != 0)
    return Error{fmt::format("{}: {} bytes are no whole number of rows of {} {} (float32)", path, bytes, floats, what)};
  if (rows != 0 && bytes / rowBytes != rows)
    return Error{fmt::format("{}: {} rows of {} {}, but {} are wanted", path, bytes / rowBytes, floats, what, rows)};
  return file;
}

Result<Reference> openReference(const std::string &tokens, const std::string &logits, const std::string &hidden,
                                const ModelFacts &facts) {
  Reference reference;
  reference.tokensPath = tokens;
  Result<std::unique_ptr<import::MappedFile>> list = import::MappedFile::open(tokens);
  if (!list)
    return list.error();
  std::span<const uint8_t> text = (*list)->bytes();
  if (text.size() > (64u << 20))
    return Error{tokens + ": is longer than 64 MiB"};
  Result<std::vector<int32_t>> ids = parseTokens({text.begin(), text.end()}, tokens, facts);
  if (!ids)
    return ids.error();
  reference.tokens = std::move(*ids);
  Result<std::unique_ptr<import::MappedFile>> file = openRows(logits, facts.vocab, 0, "logits");
  if (!file)
    return file.error();
  reference.rows = static_cast<int64_t>((*file)->bytes().size()) / (facts.vocab * int64_t(sizeof(float)));
  if (reference.rows > static_cast<int64_t>(reference.tokens.size()))
    return Error{fmt::format("{}: {} rows of {} logits, but {} has only {} tokens", logits, reference.rows, facts.vocab,
                             tokens, reference.tokens.size())};
  reference.logits = std::move(*file);
  if (hidden.empty())
    return reference;
  file = openRows(hidden, facts.hiddenFloats, reference.rows, "numbers, layers x width");
  if (!file)
    return file.error();
  reference.hidden = std::move(*file);
  return reference;
}

/// What meta.json says must be what the files and the model are; what it does not say is not asked.
static Status checkMeta(const std::string &path, const Reference &reference, const ModelFacts &facts) {
  Result<std::unique_ptr<import::MappedFile>> file = import::MappedFile::open(path);
  if (!file)
    return file.error();
  std::span<const uint8_t> text = (*file)->bytes();
  nlohmann::json meta =
      text.size() > (1u << 20) ? nlohmann::json() : nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (!meta.is_object())
    return Error{path + ": is no JSON object of at most 1 MiB"};
  auto same = [&](const char *key, int64_t ours, const char *what) -> Status {
    auto found = meta.find(key);
    if (found == meta.end() || (found->is_number_integer() && found->get<int64_t>() == ours))
      return Ok{};
    return Error{fmt::format("{}: {} = {}, but {} {}", path, key, found->dump().substr(0, 40), what, ours)};
  };
  if (Status good = same("vocab", facts.vocab, "the model's vocabulary has"); !good)
    return good;
  if (Status good = same("rows", reference.rows, "the rows of the logits are"); !good)
    return good;
  return same("first_row", reference.firstPosition(), "the first of the last rows is");
}

Result<Reference> openFolder(const std::string &folder, const std::string &logits, const ModelFacts &facts) {
  std::string hidden = folder + "/hidden.f32", meta = folder + "/meta.json";
  // A vocabulary that differs shows in sizes, too; but there it is hard to understand.
  bool own = logits.empty();
  Result<Reference> reference = openReference(folder + "/tokens.txt", own ? folder + "/logits.f32" : logits,
                                              own && exists(hidden) ? hidden : "", facts);
  if (!reference || !own || !exists(meta))
    return reference;
  if (Status good = checkMeta(meta, *reference, facts); !good)
    return good.error();
  return reference;
}

Result<std::span<const float>> Reference::row(const import::MappedFile &file, int64_t row, int64_t floats) {
  std::span<const float> values{reinterpret_cast<const float *>(file.bytes().data()) + row * floats,
                                static_cast<size_t>(floats)};
  if (int64_t broken = firstBroken(values); broken >= 0)
    return Error{fmt::format("{}: row {}, number {} is {}", file.path(), row, broken, values[broken])};
  return values;
}

uint64_t Reference::hash() const {
  GmSectionHasher hasher;
  hasher.update(logits->bytes().data(), logits->bytes().size());
  return hasher.finish();
}

} // namespace gemmac::certify
