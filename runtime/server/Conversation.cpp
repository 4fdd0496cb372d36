// Prompts of conversations, see Conversation.h.
#include "runtime/server/Conversation.h"

#include "runtime/base/Text.h"
#include "runtime/server/Generation.h"

#include <algorithm>
#include <set>

namespace gemmart::server {

/// The conversation without the message to be continued, if there is one.
static std::span<const Message> beforeAnswer(const Conversation &conversation) {
  std::span<const Message> messages = conversation.messages;
  bool continues = !messages.empty() && messages.back().role == "assistant" && messages.back().toolCalls.empty();
  return continues ? messages.first(messages.size() - 1) : messages;
}

static ChatOptions chatOptions(const Manifest &manifest, const Conversation &conversation) {
  ChatOptions options;
  options.thinking = conversation.thinking;
  options.emptyThought = manifest.emptyThought;
  options.tools = conversation.tools;
  return options;
}

static Result<Prompt> promptOf(const Manifest &manifest, const Conversation &conversation) {
  std::span<const Message> messages = beforeAnswer(conversation);
  Result<Prompt> prompt = render(manifest.chatTemplate, messages, chatOptions(manifest, conversation));
  if (prompt && messages.size() < conversation.messages.size())
    prompt->addPlain(conversation.messages.back().text);
  return prompt;
}

Result<std::vector<int32_t>> promptIds(const Tokenizer &tokenizer, const Manifest &manifest,
                                       const Conversation &conversation) {
  Result<Prompt> prompt = promptOf(manifest, conversation);
  return prompt ? tokenizer.encode(*prompt) : prompt.status();
}

Result<std::string> promptText(const Manifest &manifest, const Conversation &conversation) {
  Result<Prompt> prompt = promptOf(manifest, conversation);
  return prompt ? Result<std::string>(prompt->text()) : prompt.status();
}

Result<std::vector<int32_t>> rawIds(const Tokenizer &tokenizer, const Manifest &manifest, const std::string &text) {
  Result<std::vector<int32_t>> ids = tokenizer.encode(text, {true, false});
  if (ids && manifest.addBos && manifest.bos >= 0 && (ids->empty() || ids->front() != manifest.bos))
    ids->insert(ids->begin(), manifest.bos);
  return ids;
}

Result<std::vector<int32_t>> fittingIds(const Tokenizer &tokenizer, const Manifest &manifest,
                                        const Conversation &conversation, int64_t room) {
  const std::vector<Message> &all = conversation.messages;
  size_t first = !all.empty() && all[0].role == "system" ? 1 : 0, last = first;
  for (size_t index = first; index < all.size(); ++index)
    if (all[index].role == "user")
      last = index;
  // A turn of the user may begin what is left; an answer or a result must not hang in the air.
  std::vector<size_t> starts;
  for (size_t index = first; index <= last && index < all.size(); ++index)
    if (index == first || all[index].role == "user")
      starts.push_back(index);
  auto from = [&](size_t start) {
    Conversation rest = conversation;
    rest.messages.erase(rest.messages.begin() + int64_t(first), rest.messages.begin() + int64_t(start));
    return promptIds(tokenizer, manifest, rest);
  };
  if (starts.empty())
    return promptIds(tokenizer, manifest, conversation);
  size_t low = 0, high = starts.size() - 1; // the first start that fits lies in [low, high], or none does
  while (low < high) {
    size_t middle = (low + high) / 2;
    Result<std::vector<int32_t>> ids = from(starts[middle]);
    if (!ids)
      return ids;
    if (int64_t(ids->size()) < room)
      high = middle;
    else
      low = middle + 1;
  }
  return from(starts[low]);
}

static bool isToolName(const std::string &name) {
  constexpr size_t longest = 64;
  return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), [](char c) {
    return isalnum(uint8_t(c)) || c == '_' || c == '.' || c == '-';
  });
}

Json checkTools(const Value &tools, const std::string &path, Checks &checks) {
  constexpr size_t mostTools = 128;
  Json list;
  if (tools.empty())
    return list;
  list.kind = Json::Kind::Array;
  if (tools.size() > mostTools)
    checks.problems.add(Check::Values,
                        badValue(path, format("has %zu entries; at most %zu are allowed", tools.size(), mostTools)));
  std::set<std::string> names;
  for (size_t index = 0; index < tools.size() && index < mostTools; ++index) {
    std::string place = path + "." + std::to_string(index);
    if (!tools[index].is_object()) {
      checks.problems.add(Check::Types, badType(place, "an object"));
      continue;
    }
    Fields tool(tools[index], place, checks);
    if (std::string type = tool.text("type", "function"); type != "function")
      checks.problems.add(Check::Values, badValue(place + ".type", "must be 'function'"));
    const Value *function = tool.object("function");
    if (!function) {
      checks.problems.add(Check::Types,
                          {400, "missing_field", "'" + place + ".function' is required", place + ".function", {}});
      continue;
    }
    Fields inner(*function, place + ".function", checks);
    std::string name = inner.neededText("name");
    if (!name.empty() && !isToolName(name))
      checks.problems.add(Check::Values,
                          badValue(place + ".function.name", "must be 1 to 64 letters, digits, '_', '.' or '-'"));
    if (!names.insert(name).second)
      checks.problems.add(Check::Values, badValue(place + ".function.name", "is there twice"));
    inner.text("description");
    inner.object("parameters");
    list.items.push_back(toJson(tools[index]));
  }
  return list;
}

std::optional<std::string> fromBase64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  while (!text.empty() && text.back() == '=')
    text.remove_suffix(1);
  for (char c : text) {
    int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+' || c == '-' ? 62
                : c == '/' || c == '_' ? 63
                                       : -1;
    if (c == '\n' || c == '\r')
      continue;
    if (value < 0)
      return {};
    bits = bits << 6 | uint32_t(value);
    if (++count % 4 != 1)
      out += char(bits >> (count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0) & 0xFF);
  }
  return count % 4 == 1 ? std::nullopt : std::optional(std::move(out));
}

std::string toBase64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t word = 0;
    for (size_t k = 0; k < 3; ++k)
      word = word << 8 | (at + k < bytes.size() ? uint8_t(bytes[at + k]) : 0);
    for (size_t k = 0; k < 4; ++k)
      out += at + k <= bytes.size() ? digits[word >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

} // namespace gemmart::server
