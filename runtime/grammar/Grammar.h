// A grammar ready to constrain answers: what the text of an answer must look like, compiled for one vocabulary.
#ifndef RUNTIME_GRAMMAR_GRAMMAR_H
#define RUNTIME_GRAMMAR_GRAMMAR_H

#include "runtime/grammar/Mask.h"
#include "runtime/grammar/Vocabulary.h"
#include "runtime/text/Json.h"

#include <list>
#include <memory>
#include <mutex>
#include <string>

namespace gemmart {

/// Why there is no grammar.
struct GrammarProblem {
  enum Kind {
    Invalid,       ///< not a schema, regular expression or grammar; the message says where
    Unsupported,   ///< a keyword that would have to be enforced and cannot be
    Unsatisfiable, ///< nothing matches
    TooLarge,      ///< beyond a limit; the message names it
  };
  Kind kind = Invalid;
  std::string message; ///< lower case, no full stop
  std::string path;    ///< of a schema: JSON pointer to where the keyword stands
  std::string keyword;

  /// "invalid_value", "unsupported_schema", "unsatisfiable_schema", "schema_too_large".
  const char *code() const;
  /// As an error of the program: path, keyword and message.
  Status status() const;
};

/// What to compile.
struct GrammarSource {
  enum Kind {
    JsonObject, ///< any JSON object
    Schema,     ///< JSON whose value the JSON Schema in `text` accepts
    Regex,      ///< a text that the regular expression in `text` matches as a whole
    Rules,      ///< a text of the rule `root` of the grammar in `text` (docs/structured-output.md)
    /// Calls of the tools in `text` (a JSON array of {"type": "function", ...}), from behind <|tool_call> up to
    /// <tool_call|>; their arguments follow the tools' schemas.
    ToolCall,
  };
  Kind kind = JsonObject;
  std::string text;
};

/// Immutable; shared by all sequences and threads.
class Grammar {
public:
  Grammar(Network network, std::shared_ptr<const Vocabulary> vocabulary)
      : net(std::move(network)), vocab(std::move(vocabulary)), maskOf(net, vocab) {}
  const Network &network() const { return net; }
  const Vocabulary &vocabulary() const { return *vocab; }
  const Masker &masker() const { return maskOf; }

private:
  Network net;
  std::shared_ptr<const Vocabulary> vocab;
  Masker maskOf;
};

/// Compiles without a cache. Null, and `problem` filled in, if the source is not right.
std::shared_ptr<const Grammar> compileGrammar(const GrammarSource &source, std::shared_ptr<const Vocabulary> vocabulary,
                                              GrammarProblem &problem);

/// The grammars of one model, the 64 latest kept by their text. Thread-safe.
class GrammarCache {
public:
  /// The tokenizer is read when the first grammar is asked for; ids in `stops` end an answer.
  GrammarCache(const Tokenizer &tokenizer, std::span<const int32_t> stops)
      : tokenizer(tokenizer), stops(stops.begin(), stops.end()) {}
  std::shared_ptr<const Grammar> compile(const GrammarSource &source, GrammarProblem &problem);

private:
  static constexpr size_t kMostGrammars = 64;
  struct Entry {
    GrammarSource source;
    std::shared_ptr<const Grammar> grammar;
  };
  const Tokenizer &tokenizer;
  std::vector<int32_t> stops;
  std::mutex mutex;
  std::shared_ptr<const Vocabulary> vocabulary;
  std::list<Entry> latest; ///< the latest first
};

} // namespace gemmart
#endif
