// How long masks take: encodes a text that a grammar accepts and times the mask of every step (CPU time).
//   grammar_bench TOKENIZER (json-object|schema|regex|rules) SOURCE-FILE|- TEXT-FILE [REPETITIONS]
// TOKENIZER: what importTokenizer takes (a GGUF or tokenizer.json). Prints one JSON object.
#include "compiler/import/Tokenizer.h"
#include "runtime/base/File.h"
#include "runtime/grammar/Constraint.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

using namespace gemmart;

/// Of this thread: a busy machine changes it little.
static double cpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

static int fail(const std::string &message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 5)
    return fail("usage: grammar_bench TOKENIZER KIND SOURCE-FILE TEXT-FILE [REPETITIONS]");
  gemmac::Result<gemmac::import::TokenizerImport> imported = gemmac::import::importTokenizer(std::string(argv[1]));
  if (!imported || imported->section.empty())
    return fail("no tokenizer there");
  Result<Tokenizer> tokenizer = Tokenizer::open(imported->section);
  if (!tokenizer)
    return fail(tokenizer.status().message());
  static const std::map<std::string, GrammarSource::Kind> kKinds = {{"json-object", GrammarSource::JsonObject},
                                                                    {"schema", GrammarSource::Schema},
                                                                    {"regex", GrammarSource::Regex},
                                                                    {"rules", GrammarSource::Rules}};
  auto kind = kKinds.find(argv[2]);
  if (kind == kKinds.end())
    return fail("no such kind");
  GrammarSource source{kind->second, ""};
  if (std::string(argv[3]) != "-") {
    Result<std::string> text = readText(argv[3], 1 << 20);
    if (!text)
      return fail(text.status().message());
    source.text = *text;
  }
  Result<std::string> text = readText(argv[4], 1 << 24);
  if (!text)
    return fail(text.status().message());
  while (text->ends_with('\n'))
    text->pop_back();
  double start = cpuSeconds();
  auto vocabulary = std::make_shared<const Vocabulary>(*tokenizer, std::vector<int32_t>{tokenizer->eos()});
  double vocabularySeconds = cpuSeconds() - start;
  GrammarProblem problem;
  start = cpuSeconds();
  std::shared_ptr<const Grammar> grammar = compileGrammar(source, vocabulary, problem);
  double compileSeconds = cpuSeconds() - start;
  if (!grammar)
    return fail(problem.status().message());
  Result<std::vector<int32_t>> ids = tokenizer->encode(*text);
  if (!ids)
    return fail(ids.status().message());
  ids->push_back(tokenizer->eos());
  std::vector<uint64_t> bits(vocabulary->words());
  std::vector<double> masks;
  double acceptSeconds = 0, worstAccept = 0;
  int repetitions = argc > 5 ? atoi(argv[5]) : 1;
  std::vector<std::pair<double, size_t>> slowest;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    Constraint constraint(grammar);
    for (size_t at = 0; at < ids->size(); ++at) {
      start = cpuSeconds();
      constraint.mask(bits);
      masks.push_back(cpuSeconds() - start);
      slowest.push_back({masks.back(), at});
      int32_t token = (*ids)[at];
      if (!(bits[size_t(token) / 64] >> (token & 63) & 1))
        return fail("token " + std::to_string(at) + " is not allowed");
      start = cpuSeconds();
      if (Status status = constraint.accept(token); !status)
        return fail(status.message());
      acceptSeconds += cpuSeconds() - start;
      worstAccept = std::max(worstAccept, cpuSeconds() - start);
    }
  }
  std::sort(slowest.rbegin(), slowest.rend());
  for (size_t i = 0; i < 5 && i < slowest.size(); ++i)
    std::fprintf(stderr, "%.0f us before token %zu '%s'\n", slowest[i].first * 1e6, slowest[i].second,
                 std::string(vocabulary->trie().text((*ids)[slowest[i].second])).c_str());
  std::sort(masks.begin(), masks.end());
  double sum = 0;
  for (double seconds : masks)
    sum += seconds;
  nlohmann::ordered_json root;
  root["vocabulary_tokens"] = vocabulary->tokens();
  root["trie_nodes"] = vocabulary->trie().nodeCount();
  root["network_nodes"] = grammar->network().nodes.size();
  root["network_bytes"] = grammar->network().bytes();
  root["kept_bytes"] = grammar->masker().bytes();
  root["vocabulary_ms"] = vocabularySeconds * 1e3;
  root["compile_ms"] = compileSeconds * 1e3;
  root["masks"] = masks.size();
  root["mask_us_mean"] = sum / double(masks.size()) * 1e6;
  root["mask_us_median"] = masks[masks.size() / 2] * 1e6;
  root["mask_us_p99"] = masks[masks.size() * 99 / 100] * 1e6;
  root["mask_us_worst"] = masks.back() * 1e6;
  root["accept_us_mean"] = acceptSeconds / double(masks.size()) * 1e6;
  root["accept_us_worst"] = worstAccept * 1e6;
  std::printf("%s\n", root.dump(2).c_str());
  return 0;
}
