// An expression of a description, with a number, a word and a list to name.
#include "compiler/config/Diagnostics.h"
#include "compiler/config/Expression.h"
#include "test/fuzz/Input.h"

using namespace gemmac::config;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Value number{3.0, {}, false, {}}, word{std::string("full"), {}, false, {}};
  static const Value list{{}, {1.0, 2.0, std::string("a"), std::monostate()}, true, {}};
  Diagnostics diagnostics;
  std::string source(fuzz::text(data, size));
  Expression expression = Expression::parse(source, {"x.toml", 1, 1}, diagnostics);
  if (expression.valid()) {
    Facts facts;
    facts.tensors["a.weight"] = {4, 8};
    Scope scope;
    scope.facts = &facts;
    scope.layer = 1;
    scope.lookup = [](const std::string &name) {
      return name == "n" ? &number : name == "s" ? &word : name == "l" ? &list : nullptr;
    };
    scope.inLayer = [](const std::string &, int64_t layer) { return layer % 2 ? &number : &word; };
    expression.forEachName([](const std::string &, const Position &) {});
    if (std::optional<Value> value = expression.evaluate(scope, diagnostics))
      (void)show(*value);
  }
  (void)diagnostics.render();
  return 0;
}
