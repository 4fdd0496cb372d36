// GGUF files that are right: metadata, token arrays, shapes, values.
#include "compiler/import/Gguf.h"
#include "test/compiler/import/Files.h"

#include <gtest/gtest.h>

namespace gemmac::import {
namespace {

TEST(Gguf, metadataAndTensors) {
  TempFolder folder;
  for (uint32_t version : {2, 3}) {
    GgufFile file = smallGguf();
    file.version = version;
    auto opened = openCheckpoint(folder.write("m.gguf", file.bytes()));
    ASSERT_TRUE(opened) << opened.error().message;
    const Checkpoint &c = **opened;
    EXPECT_EQ(c.source(), Source::Gguf);
    EXPECT_EQ(std::get<std::string>(c.numbers().at("general.architecture").scalar), "test");
    EXPECT_EQ(std::get<double>(c.numbers().at("test.block_count").scalar), 2);
    EXPECT_TRUE(std::get<bool>(c.numbers().at("test.flag").scalar));
    ASSERT_TRUE(c.numbers().at("test.feed_forward_length").isList);
    EXPECT_EQ(std::get<double>(c.numbers().at("test.feed_forward_length").list[1]), 128);
    const Tensor *q = c.find("q.weight");
    ASSERT_TRUE(q);
    EXPECT_EQ(q->type, DType::Q4_0);
    EXPECT_EQ(q->shape, (std::vector<int64_t>{2, 32}));
    std::vector<float> values(32);
    ASSERT_TRUE(c.read(*q, 32, values));
    for (int i = 0; i < 16; ++i) {
      EXPECT_EQ(values[i], i - 8);
      EXPECT_EQ(values[i + 16], 7 - i);
    }
    EXPECT_FALSE(c.read(*q, 16, std::span(values).first(16)));
  }
}

TEST(Gguf, tokenArrays) {
  TempFolder folder;
  auto opened = Gguf::open(folder.write("m.gguf", smallGguf().bytes()));
  ASSERT_TRUE(opened) << opened.error().message;
  const Gguf &gguf = **opened;
  auto tokens = gguf.strings("tokenizer.ggml.tokens");
  ASSERT_TRUE(tokens);
  EXPECT_EQ(std::vector<std::string>(tokens->begin(), tokens->end()), (std::vector<std::string>{"<pad>", "", "a\nb"}));
  auto scores = gguf.floats("tokenizer.ggml.scores");
  ASSERT_TRUE(scores);
  EXPECT_EQ(*scores, (std::vector<float>{0, -1, -2.5}));
  auto kinds = gguf.ints("tokenizer.ggml.token_type");
  ASSERT_TRUE(kinds);
  EXPECT_EQ(*kinds, (std::vector<int32_t>{3, 1, -6}));
  EXPECT_TRUE(gguf.has("test.flag"));
  EXPECT_FALSE(gguf.has("test"));
  EXPECT_EQ(gguf.strings("tokenizer.ggml.scores").error().message,
            gguf.path() + ": metadata 'tokenizer.ggml.scores' is an array of f32; expected strings");
  EXPECT_EQ(gguf.floats("nothing").error().message, gguf.path() + ": no metadata 'nothing'");
  EXPECT_EQ(gguf.ints("test.flag").error().message,
            gguf.path() + ": metadata 'test.flag' is a bool; expected an array of i32");
}

TEST(Gguf, longArraysAreNotNumbers) {
  TempFolder folder;
  GgufFile file = smallGguf();
  file.array("long", 0, 4097, Bytes(4097, 1));
  file.array("short", 0, 4096, Bytes(4096, 1));
  Bytes inner;
  put<uint32_t>(inner, 0);
  put<uint64_t>(inner, 1);
  file.array("nested", 9, 1, inner + Bytes(1, 5));
  auto opened = Gguf::open(folder.write("m.gguf", file.bytes()));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_FALSE((*opened)->numbers().count("long"));
  EXPECT_FALSE((*opened)->numbers().count("nested"));
  EXPECT_EQ((*opened)->numbers().at("short").list.size(), 4096u);
  EXPECT_EQ((*opened)->ints("long")->size(), 4097u);
  EXPECT_EQ(asGguf(**opened), opened->get());
}

TEST(Gguf, alignmentAndUnknownTypes) {
  TempFolder folder;
  GgufFile file = smallGguf();
  file.alignment = 64;
  file.u32("general.alignment", 64);
  file.tensors.push_back({"odd", {256}, kQ2_K, Bytes(84, 1)});
  auto opened = Gguf::open(folder.write("m.gguf", file.bytes()));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->alignment(), 64u);
  const Tensor *odd = (*opened)->find("odd");
  EXPECT_EQ(odd->type, DType::Other);
  EXPECT_EQ(odd->typeName, "Q2_K");
  EXPECT_TRUE(odd->data.empty());
}

} // namespace
} // namespace gemmac::import
