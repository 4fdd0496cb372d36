// Errors and the parser of bodies, see Problem.h.
#include "runtime/server/Problem.h"

#include "runtime/base/Text.h"

#include <unordered_set>

namespace gemmart::server {

Problem badType(const std::string &param, const std::string &wanted) {
  return {400, "invalid_type", "'" + param + "' must be " + wanted, param, {}};
}

Problem badValue(const std::string &param, const std::string &why) {
  return {400, "invalid_value", "'" + param + "' " + why, param, {}};
}

Problem unsupported(const std::string &param, const std::string &why) {
  return {400, "unsupported_field", "'" + param + "' is not supported: " + why, param, {}};
}

static const char *typeOf(Family family, int status) {
  switch (status) {
  case 401:
    return "authentication_error";
  case 403:
    return "permission_error";
  case 404:
    return "not_found_error";
  case 413:
    return family == Family::Anthropic ? "request_too_large" : "invalid_request_error";
  case 429:
    return "rate_limit_error";
  case 500:
    return family == Family::Anthropic ? "api_error" : "server_error";
  case 501:
    return family == Family::Anthropic ? "invalid_request_error" : "not_supported_error";
  case 503:
    return family == Family::Anthropic ? "overloaded_error" : "unavailable_error";
  default:
    return "invalid_request_error";
  }
}

int errorStatus(Family family, const Problem &problem) {
  return family == Family::Anthropic && problem.status == 503 ? 529 : problem.status;
}

Value errorValue(Family family, const Problem &problem, const std::string &requestId) {
  Value root = Value::object();
  const char *type = typeOf(family, problem.status);
  switch (family) {
  case Family::Ollama:
    root["error"] = problem.message;
    root["code"] = problem.code;
    if (problem.more.is_object())
      root.update(problem.more);
    break;
  case Family::OpenAi:
    root["error"] = {{"message", problem.message},
                     {"type", type},
                     {"param", problem.param.empty() ? Value() : Value(problem.param)},
                     {"code", problem.code}};
    if (problem.more.is_object())
      root["error"].update(problem.more);
    break;
  case Family::Anthropic:
    root["type"] = "error";
    root["error"] = {{"type", type}, {"message", problem.message}};
    if (problem.more.is_object())
      root["error"].update(problem.more);
    root["request_id"] = "req_" + requestId;
    break;
  }
  return root;
}

std::string errorBody(Family family, const Problem &problem, const std::string &requestId) {
  return dump(errorValue(family, problem, requestId));
}

std::string dump(const Value &value) {
  return value.dump(-1, ' ', false, Value::error_handler_t::replace);
}

namespace {

/// Builds a value from nlohmann's events, with our limits. Members are appended without a search, so that time grows
/// with the length.
class Builder : public nlohmann::json_sax<Value> {
public:
  explicit Builder(Value &root) : root(root) {}
  std::string why;
  size_t where = 0;

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(int64_t value) override { return put(value); }
  bool number_unsigned(uint64_t value) override { return put(value); }
  bool number_float(double value, const std::string &) override { return put(value); }
  bool string(std::string &value) override { return put(std::move(value)); }
  bool binary(Value::binary_t &) override { return fail("binary data"); }
  bool key(std::string &name) override {
    if (!names.back().insert(name).second)
      return fail("the name '" + name.substr(0, 100) + "' is there twice in one object");
    member = std::move(name);
    return true;
  }
  bool start_object(size_t) override { return open(Value::object(), true); }
  bool start_array(size_t) override { return open(Value::array(), false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(size_t position, const std::string &, const nlohmann::detail::exception &problem) override {
    where = position;
    std::string text = problem.what();
    // "[json.exception...] parse error at line 1, column 5: syntax error ...": the byte says it all
    size_t colon = text.find(": ");
    return fail(colon == std::string::npos ? text : text.substr(colon + 2));
  }

private:
  static constexpr size_t kMaxDepth = 256, kMaxValues = 1 << 20;
  bool fail(std::string text) {
    if (why.empty())
      why = std::move(text);
    return false;
  }
  Value *add(Value &&value) {
    if (++count > kMaxValues)
      return fail(format("more than %zu values", kMaxValues)), nullptr;
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    Value &top = *open_.back();
    if (top.is_array()) {
      auto &items = top.get_ref<Value::array_t &>();
      items.push_back(std::move(value));
      return &items.back();
    }
    auto &members = top.get_ref<Value::object_t &>();
    using Members = std::vector<std::pair<const std::string, Value>>;
    static_cast<Members &>(members).emplace_back(std::move(member), std::move(value));
    return &members.back().second;
  }
  bool put(Value value) { return add(std::move(value)) != nullptr; }
  bool open(Value value, bool object) {
    if (open_.size() >= kMaxDepth)
      return fail(format("nested more than %zu deep", kMaxDepth));
    Value *place = add(std::move(value));
    if (!place)
      return false;
    open_.push_back(place);
    if (object)
      names.emplace_back();
    return true;
  }
  bool close() {
    if (open_.back()->is_object())
      names.pop_back();
    open_.pop_back();
    return true;
  }

  Value &root;
  std::vector<Value *> open_;
  std::vector<std::unordered_set<std::string>> names;
  std::string member;
  size_t count = 0;
};

} // namespace

Problem parseBody(std::string_view text, Value &value) {
  if (text.empty())
    return {400, "invalid_json", "missing request body", "", {}};
  Builder builder(value);
  if (!Value::sax_parse(text.begin(), text.end(), &builder)) {
    std::string place = builder.where > 0 ? format("byte %zu: ", builder.where) : std::string();
    return {400, "invalid_json", "the body is not usable JSON: " + place + builder.why, "", {}};
  }
  if (!value.is_object())
    return {400, "invalid_json", "the body must be a JSON object", "", {}};
  return {};
}

} // namespace gemmart::server
