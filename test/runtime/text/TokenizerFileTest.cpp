// Broken and unusual tokenizer files: one clear error that names the file and the place, or a note why there is no
// tokenizer.
#include "compiler/import/TokenizerData.h"
#include "runtime/text/Tokenizer.h"

#include "gtest/gtest.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace gemmac::import;

namespace {

/// A folder that is gone at the end.
struct Folder {
  Folder() : path(testing::TempDir() + "tokenizer-files-" + std::to_string(getpid())) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string &name, const std::string &text) const {
    std::ofstream(path + "/" + name, std::ios::binary) << text;
  }
  std::string path;
};

/// tokenizer.json with parts replaced.
struct File {
  std::string model = R"("type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":false)";
  std::string vocab = R"({"<unk>":0,"a":1,"b":2,"ab":3,"<s>":4})";
  std::string merges = R"([["a","b"]])";
  std::string added = R"([{"id":0,"content":"<unk>","special":true},{"id":4,"content":"<s>","special":true}])";
  std::string more = R"(,"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"})";
  std::string text() const {
    return R"({"added_tokens":)" + added + more + R"(,"model":{)" + model + R"(,"vocab":)" + vocab + R"(,"merges":)" +
           merges + "}}";
  }
};

} // namespace

/// The error (without the file's name), the note, or "imported".
static std::string outcome(const std::string &text) {
  Folder folder;
  folder.write("tokenizer.json", text);
  gemmac::Result<TokenizerImport> imported = importTokenizer(folder.path);
  std::string file = folder.path + "/tokenizer.json";
  if (!imported) {
    const std::string &message = imported.error().message;
    EXPECT_TRUE(message.starts_with(file + ": ")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    return message.substr(std::min(message.size(), file.size() + 2));
  }
  if (imported->section.empty())
    return imported->notes[0].substr(0, 14) + imported->notes[0].substr(14 + file.size());
  EXPECT_TRUE(gemmart::Tokenizer::open(imported->section));
  return "imported";
}

static std::string with(std::string File::*part, const std::string &value) {
  File file;
  file.*part = value;
  return outcome(file.text());
}

TEST(TokenizerFile, Whole) {
  EXPECT_EQ(outcome(File().text()), "imported");
  EXPECT_EQ(with(&File::merges, R"(["a b"])"), "imported"); // the older spelling
  EXPECT_EQ(with(&File::merges, "[]"), "imported");
}

TEST(TokenizerFile, BrokenVocabulary) {
  EXPECT_EQ(with(&File::vocab, "7"), "model.vocab: 7; it is an object");
  EXPECT_EQ(with(&File::vocab, "[]"), "model.vocab is an array; it is an object");
  EXPECT_EQ(with(&File::vocab, R"({"<unk>":0,"a":"1"})"),
            R"(model.vocab: the id of token "a" is "1"; an id is a whole number from 0)");
  EXPECT_EQ(with(&File::vocab, R"({"<unk>":0,"a":-1})"),
            R"(model.vocab: the id of token "a" is -1; an id is a whole number from 0)");
  EXPECT_EQ(with(&File::vocab, R"({"<unk>":0,"a":1.5})"),
            R"(model.vocab: the id of token "a" is 1.5; an id is a whole number from 0)");
  EXPECT_EQ(with(&File::vocab, R"({"<unk>":0,"a":[1]})"),
            R"(model.vocab: a table stands where the id of token "a" should)");
  EXPECT_EQ(with(&File::vocab, R"({"<unk>":0,"a":4194304})"),
            R"(model.vocab: the id of token "a" is 4194304; ids are below 4194304)");
  EXPECT_EQ(with(&File::vocab, R"({"<unk>":0,"a":18446744073709551615})"),
            R"(model.vocab: the id of token "a" is 18446744073709551615; an id is a whole number from 0)");
  EXPECT_EQ(with(&File::vocab, R"({"<unk>":0,"a":1,"b":1})"), R"(model.vocab: tokens "a" and "b" have the same id, 1)");
  EXPECT_EQ(with(&File::vocab, R"({"<unk>":0,"a":1})"), R"(model.merges[0]: "b" is not in the vocabulary)");
  EXPECT_EQ(with(&File::vocab, R"({"<unk>":0,"a":1,"b":2})"), R"(model.merges[0]: "ab" is not in the vocabulary)");
  File longToken;
  longToken.vocab = R"({"<unk>":0,"a":1,"b":2,"ab":3,"<s>":4,")" + std::string(1025, 'x') + R"(":5})";
  EXPECT_EQ(outcome(longToken.text()), "token 5 has 1025 bytes; at most 1024 are possible");
  File empty;
  empty.vocab = "{}", empty.merges = empty.added = "[]", empty.model = R"("type":"BPE")";
  EXPECT_EQ(outcome(empty.text()), "the vocabulary is empty");
}

TEST(TokenizerFile, BrokenMerges) {
  EXPECT_EQ(with(&File::merges, "{}"), "model.merges is an object; it is an array");
  EXPECT_EQ(with(&File::merges, "null"), "model.merges: null; it is an array");
  EXPECT_EQ(with(&File::merges, R"([["a"]])"), "model.merges[0]: an array of 1; a merge has two parts");
  EXPECT_EQ(with(&File::merges, R"([["a","b"],["a","b","a"]])"), "model.merges[1]: more than two parts");
  EXPECT_EQ(with(&File::merges, R"([["a",1]])"), "model.merges[0]: 1; a merge is two strings");
  EXPECT_EQ(with(&File::merges, R"([["a",["b"]]])"), "model.merges[0]: an array inside of a merge");
  EXPECT_EQ(with(&File::merges, R"([{"a":"b"}])"), "model.merges[0]: an object; a merge is two strings");
  EXPECT_EQ(with(&File::merges, R"(["ab"])"),
            R"(model.merges[0]: "ab"; a merge is two strings with one space between)");
  EXPECT_EQ(with(&File::merges, R"(["a b c"])"),
            R"(model.merges[0]: "a b c"; a merge is two strings with one space between)");
  EXPECT_EQ(with(&File::merges, R"([["a",""]])"), R"(model.merges[0]: "" is not in the vocabulary)");
}

TEST(TokenizerFile, BrokenAddedTokens) {
  EXPECT_EQ(with(&File::added, "7"), "added_tokens is no array");
  EXPECT_EQ(with(&File::added, "[7]"), "added_tokens[0]: needs an id (a whole number from 0) and a content (a string)");
  EXPECT_EQ(with(&File::added, R"([{"id":-1,"content":"x"}])"),
            "added_tokens[0]: needs an id (a whole number from 0) and a content (a string)");
  EXPECT_EQ(with(&File::added, R"([{"id":9,"content":""}])"),
            "added_tokens[0]: needs an id (a whole number from 0) and a content (a string)");
  EXPECT_EQ(with(&File::added, R"([{"id":4294967296,"content":"x"}])"),
            "added_tokens[0]: its id is 4294967296; ids are below 4194304");
  EXPECT_EQ(with(&File::added, R"([{"id":5,"content":"a"}])"), R"(added_tokens[0]: "a" has id 5 here and 1 before)");
  EXPECT_EQ(with(&File::added, R"([{"id":1,"content":"new"}])"), R"(added_tokens[0]: id 1 belongs to token "a")");
  EXPECT_EQ(with(&File::added, R"([{"id":5,"content":"w","single_word":true}])"),
            R"(added_tokens[0]: "w" has single_word, which gemmac does not know)");
}

TEST(TokenizerFile, BrokenRest) {
  EXPECT_EQ(outcome("").substr(0, 16), "not valid JSON: ");
  EXPECT_EQ(outcome("{\"model\":").substr(0, 16), "not valid JSON: ");
  EXPECT_EQ(outcome("\xFF\xFE{}").substr(0, 16), "not valid JSON: ");
  EXPECT_EQ(outcome(R"({"model":{"vocab":{"\ud800":1}}})").substr(0, 16), "not valid JSON: ");
  EXPECT_EQ(outcome(std::string(1000000, '[')), "not valid JSON: more than 64 levels");
  EXPECT_EQ(outcome("[]"), "has no object \"model\"; it is not a tokenizer");
  EXPECT_EQ(outcome("{\"model\":[]}"), "has no object \"model\"; it is not a tokenizer");
  EXPECT_EQ(outcome(R"({"model":{"type":"BPE","merges":[]}})"), "model.vocab is missing");
  EXPECT_EQ(outcome(R"({"model":{"type":"BPE","vocab":{}}})"), "model.merges is missing");
  EXPECT_EQ(with(&File::model, R"("type":"BPE","unk_token":"<nope>")"),
            R"(model.unk_token "<nope>" is not in the vocabulary)");
}

TEST(TokenizerFile, CutAnywhereIsAnError) {
  std::string text = File().text();
  for (size_t bytes = 0; bytes < text.size(); ++bytes)
    EXPECT_NE(outcome(text.substr(0, bytes)), "imported") << bytes;
}

TEST(TokenizerFile, UnknownKindsAreNoted) {
  EXPECT_EQ(with(&File::model, R"("type":"WordPiece")"),
            "no tokenizer: : its model is WordPiece; gemmac knows BPE, byte-level or with byte fallback");
  EXPECT_EQ(with(&File::more, R"(,"pre_tokenizer":{"type":"Whitespace"})"),
            R"(no tokenizer: : its pre_tokenizer is {"type":"Whitespace"}; gemmac knows none, or a split at spaces)");
  EXPECT_EQ(with(&File::more, R"(,"normalizer":{"type":"NFKC"})"),
            R"(no tokenizer: : its normalizer is {"type":"NFKC"}; gemmac knows the one that replaces ' ' by U+2581)");
  EXPECT_EQ(with(&File::model, R"("type":"BPE","ignore_merges":true)"), "no tokenizer: : its model has ignore_merges");
  EXPECT_EQ(with(&File::model, R"("type":"BPE","dropout":0.1)"), "no tokenizer: : its model has dropout");
  Folder folder;
  gemmac::Result<TokenizerImport> none = importTokenizer(folder.path);
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->section.empty());
  EXPECT_EQ(none->notes[0], "no tokenizer: " + folder.path + ": the folder has no tokenizer.json");
}

TEST(TokenizerFile, NeighboursNameSpecialTokens) {
  Folder folder;
  folder.write("tokenizer.json", File().text());
  folder.write("tokenizer_config.json", R"({"bos_token":{"content":"<s>"},"eos_token":"<unk>","add_bos_token":true})");
  folder.write("generation_config.json", R"({"eos_token_id":[0,3,99]})");
  gemmac::Result<TokenizerImport> imported = importTokenizer(folder.path);
  ASSERT_TRUE(imported) << imported.error().message;
  gemmart::Result<gemmart::Tokenizer> tokenizer = gemmart::Tokenizer::open(imported->section);
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->bos(), 4);
  EXPECT_EQ(tokenizer->eos(), 0);
  EXPECT_TRUE(tokenizer->wantsBos());
  EXPECT_EQ(std::vector<int32_t>(tokenizer->stops().begin(), tokenizer->stops().end()), (std::vector<int32_t>{0, 3}));
  folder.write("generation_config.json", "{");
  gemmac::Result<TokenizerImport> broken = importTokenizer(folder.path);
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message.starts_with(folder.path + "/generation_config.json: not valid JSON"));
}

TEST(TokenizerFile, ByteLevel) {
  EXPECT_EQ(with(&File::more, R"(,"pre_tokenizer":{"type":"ByteLevel"})"), "imported");
  auto refused = [](const std::string &pre) {
    std::string why = with(&File::more, R"(,"pre_tokenizer":)" + pre);
    return why == "imported" ? why : why.substr(why.rfind("; ") + 2);
  };
  EXPECT_EQ(refused(R"({"type":"ByteLevel","add_prefix_space":true})"), "it is none that gemmac knows");
  EXPECT_EQ(with(&File::more, R"(,"pre_tokenizer":{"type":"ByteLevel","use_regex":false})"),
            "no tokenizer: : its pre_tokenizer cuts nothing");
  EXPECT_EQ(with(&File::more, R"(,"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"ByteLevel"})"),
            R"(no tokenizer: : its normalizer is {"type":"NFC"}; beside ByteLevel gemmac knows none)");
  auto pattern = [&](const std::string &regex) {
    return refused(R"({"type":"Sequence","pretokenizers":[{"type":"Split","behavior":"Isolated","pattern":{"Regex":")" +
                   regex + R"("}},{"type":"ByteLevel","use_regex":false}]})");
  };
  EXPECT_EQ(pattern(R"(\\p{L}+|\\w)"), R"('\', which is not known here, at character 7)");
  EXPECT_EQ(pattern(R"(a|b*)"), "an alternative that may be empty at character 4");
  EXPECT_EQ(pattern(R"(a+b+c+)"), "more than two open repetitions in one alternative at character 6");
  EXPECT_EQ(pattern(R"(a{2})"), "a look-ahead or a number of times that is not known at character 1");
  EXPECT_EQ(pattern(R"([abc)"), "a set without an end at character 4");
  EXPECT_EQ(pattern(R"((?!a)b)"), "imported");
}

static GgufTokenizer smallGguf() {
  GgufTokenizer gguf;
  gguf.model = "llama";
  gguf.tokens = {"<unk>", "<s>", "\xE2\x96\x81", "a",
                 "\xE2\x96\x81"
                 "a"};
  gguf.scores = {0, 0, -1, -2, -3};
  gguf.types = {2, 3, 1, 1, 1};
  gguf.unk = 0, gguf.bos = 1;
  return gguf;
}

static std::string ggufOutcome(void (*change)(GgufTokenizer &)) {
  GgufTokenizer gguf = smallGguf();
  change(gguf);
  std::string unsupported;
  gemmac::Result<TokenizerData> data = readTokenizerGguf(gguf, "x.gguf", unsupported);
  if (!data)
    return data.error().message;
  if (!unsupported.empty())
    return unsupported;
  gemmac::Result<std::vector<uint8_t>> section = buildTokenizerSection(*data);
  return section ? "imported" : section.error().message;
}

TEST(TokenizerFile, BrokenGguf) {
  using G = GgufTokenizer;
  EXPECT_EQ(ggufOutcome([](G &) {}), "imported");
  EXPECT_EQ(ggufOutcome([](G &g) { g.scores.pop_back(); }),
            "x.gguf: tokenizer.ggml.scores has 4 entries and tokenizer.ggml.tokens 5");
  EXPECT_EQ(ggufOutcome([](G &g) { g.types.push_back(1); }),
            "x.gguf: tokenizer.ggml.token_type has 6 entries and tokenizer.ggml.tokens 5");
  EXPECT_EQ(ggufOutcome([](G &g) { g.types[3] = 7; }), "x.gguf: tokenizer.ggml.token_type[3] is 7; types are 1 to 6");
  EXPECT_EQ(ggufOutcome([](G &g) { g.scores[4] = NAN; }), "x.gguf: tokenizer.ggml.scores[4] is no finite number");
  EXPECT_EQ(ggufOutcome([](G &g) { g.bos = 5; }),
            "x.gguf: tokenizer.ggml.bos_token_id is no token; the file has 5 of them");
  EXPECT_EQ(ggufOutcome([](G &g) { g.eos = -2; }),
            "x.gguf: tokenizer.ggml.eos_token_id is no token; the file has 5 of them");
  EXPECT_EQ(ggufOutcome([](G &g) { g.bos = -1, g.addBos = true; }),
            "x.gguf: tokenizer.ggml.add_bos_token is true and tokenizer.ggml.bos_token_id is missing");
  EXPECT_EQ(ggufOutcome([](G &g) { g.model = "gpt2"; }),
            "its tokenizer.ggml.model is 'gpt2'; gemmac knows scores ('llama'), byte-level BPE ('gpt2') and BPE with "
            "U+2581 for spaces");
  EXPECT_EQ(ggufOutcome([](G &g) {
              g.model = "gpt2", g.pre = "other";
              g.tokens[2] = g.tokens[4] = "b";
            }),
            "its tokenizer.ggml.pre is 'other'; of byte-level BPE gemmac knows gpt-2, smollm, llama-bpe");
  EXPECT_EQ(ggufOutcome([](G &g) { g.model = "bpe", g.merges = {"\xE2\x96\x81 a"}; }), "imported");
  EXPECT_EQ(ggufOutcome([](G &g) { g.model = "bpe", g.merges = {"\xE2\x96\x81"}; }),
            "x.gguf: tokenizer.ggml.merges[0]: '\xE2\x96\x81'; a merge is two tokens with a space between");
  EXPECT_EQ(ggufOutcome([](G &g) { g.model = "bpe", g.merges = {"a z"}; }),
            "x.gguf: tokenizer.ggml.merges[0]: 'z' is not a token");
  static const std::string longToken(1025, 'x');
  EXPECT_EQ(ggufOutcome([](G &g) { g.tokens[3] = longToken; }),
            "x.gguf: token 3 has 1025 bytes; at most 1024 are possible");
  EXPECT_EQ(ggufOutcome([](G &g) {
              g.tokens.clear(), g.types.clear(), g.scores.clear();
              g.bos = g.unk = -1;
            }),
            "x.gguf: the vocabulary is empty");
}
