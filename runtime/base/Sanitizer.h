// What AddressSanitizer cannot know by itself: memory that lies in a mapping and is nobody's. Does nothing in ordinary
// builds; the kits TARGET-sanitized are built with it.
#ifndef RUNTIME_BASE_SANITIZER_H
#define RUNTIME_BASE_SANITIZER_H

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GEMMART_SANITIZED 1
extern "C" void __asan_poison_memory_region(const volatile void *begin, size_t bytes);
extern "C" void __asan_unpoison_memory_region(const volatile void *begin, size_t bytes);
#endif
#endif

namespace gemmart {

#ifdef GEMMART_SANITIZED
inline constexpr bool kSanitized = true;
/// From now on an access to these bytes is reported, and ends the program.
inline void forbid(const void *begin, size_t bytes) {
  __asan_poison_memory_region(begin, bytes);
}
inline void allow(const void *begin, size_t bytes) {
  __asan_unpoison_memory_region(begin, bytes);
}
#else
inline constexpr bool kSanitized = false;
inline void forbid(const void *, size_t) {}
inline void allow(const void *, size_t) {}
#endif

} // namespace gemmart
#endif
