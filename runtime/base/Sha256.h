// SHA-256 (FIPS 180-4), for the executables: they stand alone, and no library for it comes with every target's
// toolchain. gemmac uses OpenSSL's, and a test compares the two.
#ifndef RUNTIME_BASE_SHA256_H
#define RUNTIME_BASE_SHA256_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace gemmart {

using Sha256Digest = std::array<uint8_t, 32>;

class Sha256 {
public:
  void update(const void *data, size_t bytes);
  /// Call once, after the last update.
  Sha256Digest finish();

private:
  void block(const uint8_t *data);
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  uint8_t open[64]; ///< the block that is not full yet
  uint64_t total = 0;
};

/// 64 lower-case hexadecimal digits.
std::string hexText(const uint8_t (&digest)[32]);

} // namespace gemmart
#endif
