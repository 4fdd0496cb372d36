// The manifest reader: what it takes, and what it refuses by name.
#include "runtime/model/Manifest.h"

#include "test/runtime/FakeModel.h"

#include <gtest/gtest.h>

using namespace gemmart;

namespace {

Result<Manifest> parse(const std::string &text) {
  return parseManifest({reinterpret_cast<const uint8_t *>(text.data()), text.size()}, fake::kVocab);
}

TEST(Manifest, ReadsEveryKey) {
  Result<Manifest> manifest = parse(fake::manifest());
  ASSERT_TRUE(manifest) << manifest.status().message();
  EXPECT_EQ(manifest->model, "fake");
  EXPECT_EQ(manifest->chatTemplate, "");
  EXPECT_EQ(manifest->bos, 2);
  EXPECT_TRUE(manifest->addBos);
  EXPECT_EQ(manifest->stopIds, (std::vector<int32_t>{96}));
  EXPECT_EQ(manifest->topP, 0.95);
  EXPECT_EQ(manifest->topK, 64);
  EXPECT_EQ(manifest->formats.at("f32"), 3);
}

TEST(Manifest, KeepsDefaultsAndForeignKeys) {
  Result<Manifest> manifest = parse(R"({"new":[1,{"x":2}],"bos":null})");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->bos, -1);
  EXPECT_EQ(manifest->temperature, 1);
}

TEST(Manifest, RefusesBrokenText) {
  for (std::string text :
       {std::string(), std::string("{"), std::string("[]"), std::string("3"), std::string("{\"a\":}"),
        std::string("\0\0", 2), std::string(100000, '['), std::string("{\"model\":\"\xff\"}")}) {
    Result<Manifest> manifest = parse(text);
    ASSERT_FALSE(manifest) << text.substr(0, 20);
    EXPECT_EQ(manifest.status().message(), "section 'manifest' is no JSON object");
  }
}

TEST(Manifest, RefusesWrongTypesByName) {
  std::pair<const char *, const char *> cases[] = {
      {R"({"model":3})", "section 'manifest': model must be a string"},
      {R"({"add_bos":1})", "section 'manifest': add_bos must be true or false"},
      {R"({"bos":97})", "section 'manifest': bos must be made of token ids of the vocabulary"},
      {R"({"bos":-1})", "section 'manifest': bos must be made of token ids of the vocabulary"},
      {R"({"stop_ids":5})", "section 'manifest': stop_ids must be a list of token ids"},
      {R"({"stop_ids":[1,1e30]})", "section 'manifest': stop_ids must be made of token ids of the vocabulary"},
      {R"({"stop_ids":[18446744073709551615]})",
       "section 'manifest': stop_ids must be made of token ids of the vocabulary"},
      {R"({"sampling":[]})", "section 'manifest': sampling must be an object"},
      {R"({"sampling":{"top_p":2}})", "section 'manifest': top_p must be a number in its range"},
      {R"({"sampling":{"temperature":"hot"}})", "section 'manifest': temperature must be a number in its range"},
      {R"({"formats":{"q4":"many"}})", "section 'manifest': formats must be counts by name"},
  };
  for (const auto &[text, message] : cases) {
    Result<Manifest> manifest = parse(text);
    ASSERT_FALSE(manifest) << text;
    EXPECT_EQ(manifest.status().message(), message);
  }
}

} // namespace
