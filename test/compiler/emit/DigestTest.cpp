// Two implementations of SHA-256, OpenSSL's for gemmac and our own for the executables: the same numbers, and the
// standard's.
#include "compiler/emit/Digest.h"
#include "runtime/base/Sha256.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace gemmac;

namespace {

std::string ours(const std::string &text, size_t step) {
  gemmart::Sha256 hash;
  for (size_t at = 0; at < text.size(); at += step)
    hash.update(text.data() + at, std::min(step, text.size() - at));
  uint8_t bytes[32];
  std::ranges::copy(hash.finish(), bytes);
  return gemmart::hexText(bytes);
}

std::string theirs(const std::string &text) {
  emit::Sha256 hash;
  hash.update(text.data(), text.size());
  uint8_t bytes[32];
  std::ranges::copy(hash.finish(), bytes);
  return gemmart::hexText(bytes);
}

TEST(Sha256, ExamplesOfTheStandard) {
  EXPECT_EQ(ours("abc", 1), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ours("", 1), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ours("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 7),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(ours(std::string(1000000, 'a'), 999), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, BothAgree) {
  std::string text;
  for (size_t bytes = 0; bytes < 300; ++bytes) {
    EXPECT_EQ(ours(text, 300), theirs(text)) << bytes;
    EXPECT_EQ(ours(text, bytes % 70 + 1), theirs(text)) << bytes;
    text += static_cast<char>(bytes * 131 >> 2);
  }
  std::string large(5 << 20, 'x');
  EXPECT_EQ(ours(large, 77777), theirs(large));
}

TEST(Sha256, OneObjectForManyDigests) {
  emit::Sha256 hash;
  hash.update("abc", 3);
  auto first = hash.finish();
  hash.update("abc", 3);
  EXPECT_EQ(hash.finish(), first);
}

} // namespace
