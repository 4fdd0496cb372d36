// Folders that are right: values, flattened config, shards.
#include "test/compiler/import/Files.h"

#include <gtest/gtest.h>

namespace gemmac::import {
namespace {

double number(const Checkpoint &c, const std::string &key) {
  auto at = c.numbers().find(key);
  return at == c.numbers().end() ? -999 : std::get<double>(at->second.scalar);
}

TEST(Safetensors, singleFile) {
  TempFolder folder;
  folder.write("config.json", kConfig);
  folder.write("model.safetensors", safetensors(smallHeader(), smallData()));
  auto opened = openCheckpoint(folder.path() + "/");
  ASSERT_TRUE(opened) << opened.error().message;
  const Checkpoint &c = **opened;
  EXPECT_EQ(c.source(), Source::HuggingFace);
  EXPECT_EQ(c.path(), folder.path());
  ASSERT_EQ(c.tensors().size(), 3u);
  const Tensor *a = c.find("a.weight");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->shape, (std::vector<int64_t>{2, 3}));
  std::vector<float> values(4);
  ASSERT_TRUE(c.read(*a, 2, values));
  EXPECT_EQ(values, (std::vector<float>{3, 4, 5, 6}));
  ASSERT_TRUE(c.read(*c.find("b"), 0, values));
  EXPECT_EQ(values, (std::vector<float>{1, -2, 0, 3}));
  EXPECT_TRUE(c.find("c")->shape.empty());
  ASSERT_TRUE(c.read(*c.find("c"), 0, std::span(values).first(1)));
  EXPECT_EQ(values[0], 0.5f);
  EXPECT_EQ(c.find("d"), nullptr);
  c.release(a->data);
  ASSERT_TRUE(c.read(*a, 2, values));
  EXPECT_EQ(values[0], 3);
}

TEST(Safetensors, readingOutsideIsAnError) {
  TempFolder folder;
  folder.write("config.json", kConfig);
  folder.write("model.safetensors", safetensors(smallHeader(), smallData()));
  auto opened = openCheckpoint(folder.path());
  ASSERT_TRUE(opened);
  std::vector<float> values(4);
  for (int64_t first : {int64_t(3), int64_t(-1), INT64_MAX}) {
    Status status = (*opened)->read(*(*opened)->find("a.weight"), first, values);
    ASSERT_FALSE(status) << first;
    EXPECT_NE(status.error().message.find("'a.weight'"), std::string::npos) << status.error().message;
  }
}

TEST(Safetensors, configIsFlattened) {
  TempFolder folder;
  folder.write("config.json", kConfig);
  folder.write("model.safetensors", safetensors(smallHeader(), smallData()));
  auto opened = openCheckpoint(folder.path());
  ASSERT_TRUE(opened);
  const auto &numbers = (*opened)->numbers();
  EXPECT_EQ(number(**opened, "text.width"), 3);
  EXPECT_EQ(number(**opened, "text.eps"), 1e-6);
  EXPECT_EQ(number(**opened, "text.deep.theta"), 10000);
  EXPECT_TRUE(std::get<bool>(numbers.at("text.tied").scalar));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(numbers.at("text.none").scalar));
  EXPECT_EQ(std::get<std::string>(numbers.at("model_type").scalar), "test");
  ASSERT_TRUE(numbers.at("text.kinds").isList);
  EXPECT_EQ(std::get<std::string>(numbers.at("text.kinds").list[1]), "b");
  EXPECT_EQ(std::get<double>(numbers.at("ids").list[1]), 106);
  EXPECT_FALSE(numbers.count("text.grid"));
  EXPECT_FALSE(numbers.count("text.objects"));
  EXPECT_FALSE(numbers.count("text.objects.x"));
  EXPECT_EQ(numbers.size(), 8u);
  const config::Position &where = numbers.at("text.kinds").where;
  EXPECT_EQ(where.file, folder.path() + "/config.json");
  EXPECT_EQ(where.line, 2);
  EXPECT_EQ(where.column, 3);
}

TEST(Safetensors, shards) {
  TempFolder folder;
  folder.write("config.json", "{}");
  folder.write("m-1.safetensors",
               safetensors(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", floats({7})));
  folder.write("m-2.safetensors",
               safetensors(R"({"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   )", floats({8})));
  folder.write("model.safetensors.index.json",
               R"({"metadata":{"total_size":8},"weight_map":{"x":"m-1.safetensors","y":"m-2.safetensors"}})");
  auto opened = openCheckpoint(folder.path());
  ASSERT_TRUE(opened) << opened.error().message;
  std::vector<float> value(1);
  ASSERT_TRUE((*opened)->read(*(*opened)->find("y"), 0, value));
  EXPECT_EQ(value[0], 8);
  EXPECT_EQ((*opened)->find("y")->file, folder.path() + "/m-2.safetensors");
}

TEST(Safetensors, typesThatCannotBeReadAreKept) {
  TempFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors",
               safetensors(R"({"x":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", Bytes(8, 0)));
  auto opened = openCheckpoint(folder.path());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->find("x")->type, DType::Other);
  std::vector<float> value(1);
  Status status = (*opened)->read(*(*opened)->find("x"), 0, value);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, folder.path() +
                                        "/model.safetensors: tensor 'x': type I64 cannot be read; readable: "
                                        "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K");
}

} // namespace
} // namespace gemmac::import
