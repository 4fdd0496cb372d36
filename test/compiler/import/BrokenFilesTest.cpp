// Files that are wrong. Each must give one error that names the file or a tensor, allocate little, and never crash: run
// this with the sanitizers too. The files are made here from small valid ones.
#include "compiler/import/Gguf.h"
#include "test/compiler/import/Files.h"

#include <cmath>
#include <gtest/gtest.h>

namespace gemmac::import {
namespace {

constexpr size_t kAllowedAllocation = 1 << 20; ///< the files are smaller than 10 KB

struct Case {
  std::string name;
  std::function<void(GgufFile &)> breakIt;
  std::string says; ///< part of the message
};

uint64_t operator""_p(unsigned long long exponent) {
  return uint64_t(1) << exponent;
}

const std::vector<Case> &ggufCases() {
  static const std::vector<Case> cases = {
      {"magic", [](GgufFile &f) { f.magic = "GGML"; }, "not a GGUF file"},
      {"version1", [](GgufFile &f) { f.version = 1; }, "GGUF version 1; 2 and 3 can be read"},
      {"version4", [](GgufFile &f) { f.version = 4; }, "GGUF version 4"},
      {"bigEndian", [](GgufFile &f) { f.version = 0x03000000; }, "big-endian"},
      {"keys2to31", [](GgufFile &f) { f.keyCount = 31_p; }, "claims 2147483648 metadata keys"},
      {"keys2to32", [](GgufFile &f) { f.keyCount = 32_p; }, "claims 4294967296 metadata keys"},
      {"keys2to63less1", [](GgufFile &f) { f.keyCount = INT64_MAX; }, "metadata keys, more than"},
      {"keysOneMore", [](GgufFile &f) { f.keyCount = static_cast<int64_t>(f.metadata.size()) + 1; }, "m.gguf: "},
      {"tensors2to31", [](GgufFile &f) { f.tensorCount = 31_p; }, "claims 2147483648 tensors"},
      {"tensors2to32", [](GgufFile &f) { f.tensorCount = 32_p; }, "claims 4294967296 tensors"},
      {"tensors2to63less1", [](GgufFile &f) { f.tensorCount = INT64_MAX; }, "tensors, more than"},
      {"tensorsOneMore", [](GgufFile &f) { f.tensorCount = static_cast<int64_t>(f.tensors.size()) + 1; }, "m.gguf: "},
      {"keyLength2to63",
       [](GgufFile &f) {
         Bytes b;
         put<uint64_t>(b, 63_p);
         f.metadata.push_back(b + Bytes(16, 'x'));
       },
       "claims 9223372036854775808 bytes"},
      {"keyLength2to16", [](GgufFile &f) { f.u32(std::string(65536, 'k'), 1); }, "claims 65536 bytes; at most 65535"},
      {"emptyKey", [](GgufFile &f) { f.u32("", 1); }, "is empty"},
      {"manyKeys",
       [](GgufFile &f) {
         for (int i = 0; i < 65536; ++i)
           f.u32("k" + std::to_string(i), 1);
       },
       "metadata keys; at most 65536 are read"},
      {"manyValues",
       [](GgufFile &f) {
         for (int i = 0; i < 65; ++i)
           f.array("list" + std::to_string(i), 0, 4096, Bytes(4096, 'x'));
       },
       "more than 262144 values in the short arrays"},
      {"sameKeyTwice", [](GgufFile &f) { f.u32("test.block_count", 2); }, "metadata 'test.block_count' stands twice"},
      {"valueType13", [](GgufFile &f) { f.key("odd", 13, Bytes(8, 0)); }, "metadata 'odd' has unknown type 13"},
      {"valueType2to32less1", [](GgufFile &f) { f.key("odd", ~0u, Bytes(8, 0)); }, "unknown type 4294967295"},
      {"stringLength2to63",
       [](GgufFile &f) {
         Bytes b;
         put<uint64_t>(b, 63_p);
         f.key("text", 8, b);
       },
       "metadata 'text' needs 9223372036854775808 bytes"},
      {"stringLength2to64less1", [](GgufFile &f) { f.key("text", 8, Bytes(8, '\xff')); }, "metadata 'text' needs"},
      {"arrayElementType", [](GgufFile &f) { f.array("list", 99, 1, Bytes(8, 0)); }, "unknown type 99"},
      {"arrayCount2to31", [](GgufFile &f) { f.array("list", 4, 31_p, {}); },
       "metadata 'list' claims 2147483648 values"},
      {"arrayCount2to32", [](GgufFile &f) { f.array("list", 8, 32_p, {}); }, "claims 4294967296 strings"},
      {"arrayCount2to62", [](GgufFile &f) { f.array("list", 4, 62_p, {}); }, "claims 4611686018427387904 values"},
      {"arrayCount2to63", [](GgufFile &f) { f.array("list", 10, 63_p, {}); }, "claims 9223372036854775808 values"},
      {"arrayOfStringsCut", [](GgufFile &f) { f.array("list", 8, 2, ggufString("a") + Bytes(8, '\x7f')); },
       "'list' needs"},
      {"deepArrays",
       [](GgufFile &f) {
         Bytes b;
         for (int i = 0; i < 60; ++i) {
           put<uint32_t>(b, 9);
           put<uint64_t>(b, 1);
         }
         f.array("list", 9, 1, b);
       },
       "nests arrays deeper than 4"},
      {"alignment0", [](GgufFile &f) { f.u32("general.alignment", 0); }, "general.alignment is 0"},
      {"alignment3", [](GgufFile &f) { f.u32("general.alignment", 3); }, "must be a power of two"},
      {"alignment2to31", [](GgufFile &f) { f.u32("general.alignment", 31_p); }, "general.alignment is 2147483648"},
      {"alignmentText", [](GgufFile &f) { f.text("general.alignment", "32"); }, "general.alignment must be a u32"},
      {"split", [](GgufFile &f) { f.key("split.count", 2, Bytes("\3\0", 2)); }, "one of 3 parts of a split GGUF file"},
      {"sameTensorTwice", [](GgufFile &f) { f.tensors.push_back(f.tensors[0]); }, "tensor 'norm.weight' stands twice"},
      {"emptyTensorName", [](GgufFile &f) { f.tensors[0].name = ""; }, "the name of tensor 0 is empty"},
      {"nameLength2to63", [](GgufFile &f) { f.tensors[0].nameLength = INT64_MAX; }, "the name of tensor 0 claims"},
      {"rank5", [](GgufFile &f) { f.tensors[0].rank = 5; }, "tensor 'norm.weight' has 5 dimensions"},
      {"rank2to32less1", [](GgufFile &f) { f.tensors[0].rank = 0xffffffff; }, "has 4294967295 dimensions"},
      {"dimension2to63", [](GgufFile &f) { f.tensors[0].dims = {63_p}; }, "dimension 9223372036854775808 overflows"},
      {"dimension2to64less1", [](GgufFile &f) { f.tensors[0].dims = {~uint64_t(0)}; }, "overflows"},
      {"dimensions2to31times2to32", [](GgufFile &f) { f.tensors[0].dims = {31_p, 32_p}; }, "overflows"},
      {"productWraps", [](GgufFile &f) { f.tensors[0].dims = {32_p, 32_p}; },
       "tensor 'norm.weight': the size of shape"},
      {"dimension2to31", [](GgufFile &f) { f.tensors[0].dims = {31_p}; }, "tensor 'norm.weight': its 8589934592 bytes"},
      {"rowsNotBlocks", [](GgufFile &f) { f.tensors[1].dims = {33, 2}; },
       "rows of 33 elements do not divide into Q4_0"},
      {"scalarOfBlocks", [](GgufFile &f) { f.tensors[1].dims = {}; }, "rows of 1 elements do not divide"},
      {"offsetUnaligned", [](GgufFile &f) { f.tensors[1].offset = 33; },
       "offset 33 is not a multiple of the alignment 32"},
      {"offset2to31", [](GgufFile &f) { f.tensors[1].offset = 31_p; },
       "tensor 'q.weight': its 36 bytes begin 2147483648"},
      {"offset2to32", [](GgufFile &f) { f.tensors[1].offset = 32_p; }, "begin 4294967296"},
      {"offsetNear2to63", [](GgufFile &f) { f.tensors[1].offset = INT64_MAX - 31; }, "begin 9223372036854775776"},
      {"overlap", [](GgufFile &f) { f.tensors[1].offset = 0; }, "tensors 'norm.weight' and 'q.weight' share bytes"},
      {"dataCut", [](GgufFile &f) { f.tensors[1].data.pop_back(); }, "tensor 'q.weight': its 36 bytes begin 32"},
      {"typeOfMoreBytes", [](GgufFile &f) { f.tensors[1].type = kQ8_0; }, "tensor 'q.weight': its 68 bytes"},
  };
  return cases;
}

/// Opens what is there and reads every tensor; the first error.
std::string openAndRead(const std::string &path) {
  auto opened = openCheckpoint(path);
  if (!opened)
    return opened.error().message;
  std::vector<float> values(4096);
  for (const Tensor &tensor : (*opened)->tensors()) {
    int64_t count = 1;
    for (int64_t dimension : tensor.shape)
      count = std::min<int64_t>(count * dimension, 4096);
    if (tensor.type != DType::Other && count < 4096)
      if (Status status = (*opened)->read(tensor, 0, std::span(values).first(static_cast<size_t>(count))); !status)
        return status.error().message;
  }
  return "";
}

TEST(BrokenGguf, everyDefectIsNamed) {
  TempFolder folder;
  ASSERT_EQ(openAndRead(folder.write("m.gguf", smallGguf().bytes())), "");
  for (const Case &c : ggufCases()) {
    GgufFile file = smallGguf();
    c.breakIt(file);
    std::string path = folder.write("m.gguf", file.bytes());
    resetLargestAllocation();
    std::string message = openAndRead(path);
    EXPECT_LE(largestAllocation(), kAllowedAllocation) << c.name;
    EXPECT_NE(message.find(c.says), std::string::npos) << c.name << ": '" << message << "'";
    EXPECT_EQ(message.find(path + ": "), 0u) << c.name << ": '" << message << "'";
  }
}

TEST(BrokenGguf, everyBeginningIsAnError) {
  TempFolder folder;
  Bytes whole = smallGguf().bytes();
  for (size_t size = 0; size < whole.size(); ++size) {
    std::string path = folder.write("m.gguf", whole.substr(0, size));
    resetLargestAllocation();
    std::string message = openAndRead(path);
    ASSERT_EQ(message.find(path + ": "), 0u) << size << ": '" << message << "'";
    ASSERT_LE(largestAllocation(), kAllowedAllocation) << size;
  }
}

TEST(BrokenGguf, anyByteMayBeAnything) {
  TempFolder folder;
  Bytes whole = smallGguf().bytes();
  int errors = 0;
  for (size_t at = 0; at < whole.size(); ++at)
    for (int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      Bytes changed = whole;
      changed[at] = static_cast<char>(value);
      std::string path = folder.write("m.gguf", changed);
      resetLargestAllocation();
      std::string message = openAndRead(path);
      errors += !message.empty();
      if (!message.empty())
        ASSERT_EQ(message.find(path + ": "), 0u) << at << ": " << message;
      ASSERT_LE(largestAllocation(), kAllowedAllocation) << at;
    }
  EXPECT_GT(errors, 500);
}

TEST(BrokenGguf, badScalesNameTensorAndElement) {
  TempFolder folder;
  GgufFile file = smallGguf();
  file.tensors[1].data[18] = 0;
  file.tensors[1].data[19] = 0x7e; // NaN scale of the second block
  std::string path = folder.write("m.gguf", file.bytes());
  EXPECT_EQ(openAndRead(path), path + ": tensor 'q.weight': the scale of the block at element 32 is NaN or infinite");
  file = smallGguf();
  file.tensors[0].data = floats({1, 2, INFINITY});
  path = folder.write("m.gguf", file.bytes());
  EXPECT_EQ(openAndRead(path), path + ": tensor 'norm.weight': element 2 is NaN or infinite");
}

struct HeaderCase {
  std::string header, says;
};

std::string one(const std::string &body) {
  return R"({"w":{)" + body + "}}";
}

const std::vector<HeaderCase> &headerCases() {
  static const std::string f32 = R"("dtype":"F32",)", two = R"("shape":[2],)", eight = R"("data_offsets":[0,8])";
  static const std::vector<HeaderCase> cases = {
      {"", "too few"},
      {"[]", "does not begin with '{'"},
      {"{", "not valid JSON"},
      {R"({"w")", "not valid JSON"},
      {R"({"w":1})", "tensor 'w': not an object"},
      {R"({"w":[1]})", "tensor 'w': it is a list, not an object"},
      {R"({"w":null})", "tensor 'w': not an object"},
      {one(""), "tensor 'w': no 'dtype'"},
      {one(f32 + two), "not valid JSON"}, // a comma too many
      {one(f32 + R"("data_offsets":[0,8])"), "tensor 'w': no 'shape'"},
      {one(f32 + R"("shape":[2])"), "tensor 'w': no 'data_offsets'"},
      {one(two + eight), "tensor 'w': no 'dtype'"},
      {one(R"("dtype":"F33",)" + two + eight), "tensor 'w': unknown dtype 'F33'"},
      {one(R"("dtype":7,)" + two + eight), "tensor 'w': dtype must be a string"},
      {one(R"("dtype":["F32"],)" + two + eight), "tensor 'w': 'dtype' must not be a list"},
      {one(f32 + R"("shape":2,)" + eight), "tensor 'w': 'shape' must be a list"},
      {one(f32 + R"("shape":[[2]],)" + eight), "tensor 'w': 'shape' is a list of lists"},
      {one(f32 + R"("shape":[{"a":2}],)" + eight), "tensor 'w': a list holds an object"},
      {one(f32 + R"("shape":[-2],)" + eight), "tensor 'w': 'shape' must hold whole numbers from 0 up"},
      {one(f32 + R"("shape":[2.0],)" + eight), "tensor 'w': 'shape' must hold whole numbers"},
      {one(f32 + R"("shape":["2"],)" + eight), "tensor 'w': 'shape' must hold whole numbers"},
      {one(f32 + R"("shape":[1,1,1,1,1,1,1,1,2],)" + eight), "tensor 'w': 'shape' has more than 8 numbers"},
      {one(f32 + R"("shape":[2147483648],)" + eight), "takes 8589934592 bytes, but data_offsets span 8"},
      {one(f32 + R"("shape":[4294967296,4294967296],)" + eight), "tensor 'w': the shape's size overflows"},
      {one(f32 + R"("shape":[9223372036854775808],)" + eight), "tensor 'w': the shape's size overflows"},
      {one(f32 + R"("shape":[4611686018427387904],)" + eight), "tensor 'w': the shape's size overflows"},
      {one(f32 + R"("shape":[18446744073709551615],)" + eight), "tensor 'w': the shape's size overflows"},
      {one(f32 + R"("shape":[99999999999999999999999],)" + eight), "tensor 'w': 'shape' must hold whole numbers"},
      {one(f32 + R"("shape":[3],)" + eight), "shape [3] of F32 takes 12 bytes, but data_offsets span 8"},
      {one(f32 + two + R"("data_offsets":[0])"), "tensor 'w': data_offsets must be two numbers"},
      {one(f32 + two + R"("data_offsets":[8,0])"), "tensor 'w': data_offsets must be two numbers, the second"},
      {one(f32 + two + R"("data_offsets":[0,8,16])"), "tensor 'w': data_offsets must be two numbers"},
      {one(f32 + two + R"("data_offsets":[64,72])"),
       "tensor 'w': its data end 72 bytes after the header, but the file has only"},
      {one(f32 + two + R"("data_offsets":[2147483640,2147483648])"), "its data end 2147483648 bytes"},
      {one(f32 + two + R"("data_offsets":[4294967288,4294967296])"), "its data end 4294967296 bytes"},
      {one(f32 + two + R"("data_offsets":[18446744073709551607,18446744073709551615])"),
       "its data end 184467440737095516"},
      {one(f32 + two + R"("data_offsets":[18446744073709551608,0])"), "the second one not smaller"},
      {one(f32 + f32 + two + eight), "tensor 'w': 'dtype' stands twice"},
      {R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       "tensor 'w': the name stands twice"},
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       "share bytes"},
      {R"({"__metadata__":)" + std::string(70, '[') + std::string(70, ']') + "}", "nested deeper than 64 levels"},
      {one(f32 + two + eight) + "x", "not valid JSON"},
      {"{\"\xff\":{}}", "not valid JSON"},
      {R"({"w":{"extra":{"a":1}}})", "tensor 'w': 'extra' is an object"},
  };
  return cases;
}

TEST(BrokenSafetensors, everyHeaderDefectIsNamed) {
  TempFolder folder;
  folder.write("config.json", "{}");
  for (const HeaderCase &c : headerCases()) {
    std::string path =
        folder.write("model.safetensors", c.header.empty() ? "abc" : safetensors(c.header, Bytes(16, 0)));
    resetLargestAllocation();
    std::string message = openAndRead(folder.path());
    EXPECT_LE(largestAllocation(), kAllowedAllocation) << c.header;
    EXPECT_NE(message.find(c.says), std::string::npos) << c.header << ": '" << message << "'";
    EXPECT_EQ(message.find(path + ": "), 0u) << c.header << ": '" << message << "'";
  }
}

TEST(BrokenSafetensors, headerLengths) {
  TempFolder folder;
  folder.write("config.json", "{}");
  for (uint64_t length : {uint64_t(1000), 31_p, 32_p, 63_p, ~uint64_t(0), uint64_t(100'000'001)}) {
    Bytes bytes;
    put(bytes, length);
    std::string path = folder.write("model.safetensors", bytes + smallHeader() + smallData());
    resetLargestAllocation();
    std::string message = openAndRead(folder.path());
    EXPECT_EQ(message.find(path + ": the header claims " + std::to_string(length) + " bytes"), 0u) << message;
    EXPECT_LE(largestAllocation(), kAllowedAllocation) << length;
  }
}

TEST(BrokenSafetensors, everyBeginningIsAnErrorAndNoByteCrashes) {
  TempFolder folder;
  folder.write("config.json", "{}");
  Bytes whole = safetensors(smallHeader(), smallData());
  for (size_t size = 0; size < whole.size(); ++size) {
    std::string path = folder.write("model.safetensors", whole.substr(0, size));
    resetLargestAllocation();
    std::string message = openAndRead(folder.path());
    ASSERT_EQ(message.find(path + ": "), 0u) << size << ": '" << message << "'";
    ASSERT_LE(largestAllocation(), kAllowedAllocation) << size;
  }
  for (size_t at = 0; at < whole.size(); ++at)
    for (int value : {0x00, 0x22, 0x39, 0x5b, 0x7d, 0xff}) {
      Bytes changed = whole;
      changed[at] = static_cast<char>(value);
      std::string path = folder.write("model.safetensors", changed);
      std::string message = openAndRead(folder.path());
      if (!message.empty())
        ASSERT_EQ(message.find(path + ": "), 0u) << at << ": " << message;
    }
}

TEST(BrokenSafetensors, badElementsNameTensorAndElement) {
  TempFolder folder;
  folder.write("config.json", "{}");
  Bytes data = smallData();
  data[29] = 0x7f, data[28] = '\x80'; // b[2] = infinity
  std::string path = folder.write("model.safetensors", safetensors(smallHeader(), data));
  EXPECT_EQ(openAndRead(folder.path()), path + ": tensor 'b': element 2 is NaN or infinite");
}

/// A folder of two shards, x in 1 and y in 2, with the given weight_map.
std::string sharded(const TempFolder &folder, const std::string &index, const std::string &secondName = "y") {
  folder.write("config.json", "{}");
  folder.write("1.safetensors", safetensors(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", floats({7})));
  folder.write("2.safetensors",
               safetensors("{\"" + secondName + R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", floats({8})));
  folder.write("model.safetensors.index.json", index);
  return openAndRead(folder.path());
}

TEST(BrokenIndex, everyDefectIsNamed) {
  TempFolder folder;
  std::string index = folder.path() + "/model.safetensors.index.json",
              both = R"("x":"1.safetensors","y":"2.safetensors")";
  ASSERT_EQ(sharded(folder, R"({"weight_map":{)" + both + "}}"), "");
  EXPECT_EQ(sharded(folder, "{}"), index + ": no 'weight_map' with tensors in it");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{}})"), index + ": no 'weight_map' with tensors in it");
  EXPECT_EQ(sharded(folder, R"({"weight_map":[]})"), index + ": no 'weight_map' with tensors in it");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{"x":1}})"), index + ": weight_map: 'x' must name a file of this folder");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{"x":"../x"}})"),
            index + ": weight_map: 'x' must name a file of this folder");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{"x":"a\u0000b"}})"),
            index + ": weight_map: 'x' must name a file of this folder");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{"x":{"a":1}}})"), index + ": weight_map holds an object");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{"x":["a"]}})"), index + ": weight_map holds a list");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{"x":"1.safetensors","x":"2.safetensors"}})"),
            index + ": weight_map: tensor 'x' stands twice");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{"x":"1.safetensors","y":"3.safetensors"}})"),
            folder.path() + "/3.safetensors: No such file or directory (a shard named by " + index + ")");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{)" + both + R"(,"z":"2.safetensors"}})"),
            index + ": tensor 'z' is not in 2.safetensors");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{"x":"2.safetensors","y":"1.safetensors"}})"),
            index + ": tensor 'x' lies in 1.safetensors, but weight_map says 2.safetensors\n" + index +
                ": tensor 'y' lies in 2.safetensors, but weight_map says 1.safetensors");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{"x":"1.safetensors","other":"2.safetensors"}})"),
            index + ": tensor 'y' of 2.safetensors is not in weight_map\n" + index +
                ": tensor 'other' is not in 2.safetensors");
  EXPECT_EQ(sharded(folder, R"({"weight_map":{)" + both + "}}", "x"),
            folder.path() + "/1.safetensors: tensor 'x' stands twice, the second time in " + folder.path() +
                "/2.safetensors");
}

TEST(BrokenConfig, everyDefectIsNamed) {
  TempFolder folder;
  folder.write("model.safetensors", safetensors(smallHeader(), smallData()));
  std::string config = folder.path() + "/config.json";
  EXPECT_EQ(openAndRead(folder.path()), config + ": No such file or directory");
  for (const auto &[text, says] : std::vector<std::pair<std::string, std::string>>{
           {"", "the file is empty"},
           {"[]", "the text is a list, not an object"},
           {"3", "the text is not an object"},
           {R"({"a":1,"a":2})", "line 1: key 'a' stands twice"},
           {R"({"a":{"b":1},)"
            "\n"
            R"("a":{"b":2}})",
            "line 2: key 'a.b' stands twice"},
           {R"({"a":)", "not valid JSON: parse error at line 1, column 6"},
           {std::string(100, '{'), "not valid JSON"},
           {R"({"a":)" + std::string(100000, '['), "nested deeper than 64 levels"}}) {
    folder.write("config.json", text);
    resetLargestAllocation();
    std::string message = openAndRead(folder.path());
    EXPECT_EQ(message.find(config + ": " + says), 0u) << text.substr(0, 40) << ": '" << message << "'";
    EXPECT_LE(largestAllocation(), kAllowedAllocation);
  }
}

TEST(BrokenPaths, areNamed) {
  TempFolder folder;
  EXPECT_EQ(openAndRead(folder.path() + "/none.gguf"), folder.path() + "/none.gguf: No such file or directory");
  EXPECT_EQ(openAndRead("/dev/null"), "/dev/null: not a regular file");
  folder.write("config.json", "{}");
  EXPECT_EQ(openAndRead(folder.path()), folder.path() + ": no *.safetensors in this folder");
  std::string file = folder.write("a.safetensors", safetensors(smallHeader(), smallData()));
  EXPECT_EQ(openAndRead(file), file + ": give the folder that holds this file and config.json");
  EXPECT_EQ(openAndRead(folder.path()), "");
  folder.write("b.safetensors", safetensors(smallHeader(), smallData()));
  EXPECT_EQ(openAndRead(folder.path()), folder.path() +
                                            ": 2 safetensors files and 0 indexes; expected model.safetensors, or "
                                            "shards with one *.safetensors.index.json");
}

} // namespace
} // namespace gemmac::import
