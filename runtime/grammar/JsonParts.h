// The pieces of JSON text as rules of a network, in two notations: JSON's own, and the one that Gemma 4 calls tools in.
#ifndef RUNTIME_GRAMMAR_JSONPARTS_H
#define RUNTIME_GRAMMAR_JSONPARTS_H

#include "runtime/grammar/Network.h"

#include <map>
#include <string>

namespace gemmart {

/// The characters of a JSON string and its closing quote, which leads to `after`, the end of the rule: any UTF-8
/// without control characters, and every escape, surrogates in pairs. Returns the node behind the opening quote. The
/// rule is counted if the characters are.
uint32_t addStringBody(NetworkBuilder &builder, uint32_t rule, uint32_t leastChars, uint32_t mostChars, uint32_t after);

/// Any UTF-8 but NUL, from leastChars to mostChars characters, after which it moves to `after`. Returns its start.
uint32_t addTextBody(NetworkBuilder &builder, uint32_t rule, uint32_t leastChars, uint32_t mostChars, uint32_t after);

/// The edges from `from` that begin a character of several bytes, to `after`.
void addLongCharacters(NetworkBuilder &builder, uint32_t from, uint32_t after);

/// A text as the only spelling of it that keys and constants have in JSON: quotes, short escapes where there are some,
/// \u00xx for other control characters, all else as it is.
std::string quotedJson(std::string_view text);

/// Free JSON of any kind, and the words between values. White space between the pieces of JSON is a single space, or a
/// line end with at most two spaces for each open bracket; tool calls have none.
class JsonRules {
public:
  static constexpr uint32_t deepest = 48; ///< brackets that free values open inside each other

  /// With `quoteToken` (the id of <|"|>) the notation of tool calls: strings between such tokens without escapes, keys
  /// without quotes.
  explicit JsonRules(NetworkBuilder &builder, int32_t quoteToken = -1) : builder(builder), quoteToken(quoteToken) {}

  bool isToolCall() const { return quoteToken >= 0; }
  int32_t quote() const { return quoteToken; }
  /// Start of a rule that is made when it is first asked for.
  uint32_t value();
  uint32_t object();
  uint32_t array();
  uint32_t number();
  uint32_t string(uint32_t leastChars = 0, uint32_t mostChars = UINT32_MAX);
  uint32_t key(); ///< any key; the caller goes on with endKey
  /// null, true, false from `node`; returns the end.
  uint32_t word(uint32_t node, std::string_view word) { return builder.addText(node, word); }

  // Each goes on from a node and returns the node behind.
  uint32_t space(uint32_t node);               ///< inside brackets; may be nothing
  uint32_t endKey(uint32_t node, bool isFree); ///< behind a key: the colon; a free key must be new in its object
  uint32_t keyText(uint32_t node, std::string_view key);     ///< spells a key, up to where endKey goes on
  uint32_t stringText(uint32_t node, std::string_view text); ///< spells a string

private:
  uint32_t builderRule(bool counted = false) { return builder.addNode(builder.addRule(counted)); }
  uint32_t spaceRule();
  NetworkBuilder &builder;
  int32_t quoteToken;
  uint32_t made[6] = {}; ///< starts of the rules that exist; 0: none yet
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> strings;
};

} // namespace gemmart
#endif
