// The runtime's JSON parser, beside another one: what it takes, the other takes too.
#include "runtime/text/Json.h"
#include "test/fuzz/Input.h"

#include <nlohmann/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!gemmart::parseJson(fuzz::text(data, size)))
    return 0;
  try {
    (void)nlohmann::json::parse(data, data + size);
  } catch (const nlohmann::json::out_of_range &) { // a number that no double holds; ours keeps its digits
  } catch (const nlohmann::json::exception &) {
    fuzz::must(false, "what is taken is JSON");
  }
  return 0;
}
