// Grammars for tests in Python: a JSON object a line in, one out.
//   {"kind": "schema", "source": TEXT, "texts": [TEXT...], "walks": N, "seed": S}
// gives = {"accepted": [true...], "walks": [TEXT...]}, the texts of random answers that ended, or {"code", "keyword",
// "path", "message"}.
#include "test/runtime/grammar/GrammarFixture.h"

#include "gtest/gtest.h"
#include <iostream>
#include <nlohmann/json.hpp>

using namespace gemmart;

static nlohmann::json answer(const nlohmann::json &asked) {
  static const std::map<std::string, GrammarSource::Kind> kKinds = {{"schema", GrammarSource::Schema},
                                                                    {"regex", GrammarSource::Regex},
                                                                    {"rules", GrammarSource::Rules},
                                                                    {"tool-call", GrammarSource::ToolCall}};
  GrammarProblem problem;
  GrammarSource source{kKinds.at(asked["kind"]), asked["source"]};
  std::shared_ptr<const Grammar> grammar = compileGrammar(source, smallVocabulary(), problem);
  if (!grammar)
    return {
        {"code", problem.code()}, {"keyword", problem.keyword}, {"path", problem.path}, {"message", problem.message}};
  nlohmann::json made = {{"accepted", nlohmann::json::array()}, {"walks", nlohmann::json::array()}};
  for (const nlohmann::json &text : asked.value("texts", nlohmann::json::array()))
    made["accepted"].push_back(judge(grammar, text.get<std::string>()).empty());
  std::mt19937 random(asked.value("seed", 1u));
  for (int walk = 0; walk < asked.value("walks", 0); ++walk) {
    std::string text = randomAnswer(grammar, random, 150);
    if (!text.empty())
      made["walks"].push_back(text);
  }
  made["failures"] = testing::UnitTest::GetInstance()->ad_hoc_test_result().total_part_count();
  return made;
}

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  for (std::string line; std::getline(std::cin, line);) {
    std::string said = answer(nlohmann::json::parse(line)).dump(); // may print failures first
    std::cout << "= " << said << std::endl;
  }
  return 0;
}
