// In front of the C library's: allocation number FAIL_AT, counted from main() on, fails. For test/e2e/faults.py.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static long left = -1; // until main: none fails
static int fails(void) {
  if (left < 0 || __atomic_fetch_sub(&left, 1, __ATOMIC_RELAXED) != 1)
    return 0;
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t bytes) {
  return fails() ? NULL : __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  return fails() ? NULL : __libc_calloc(count, bytes);
}
void *realloc(void *old, size_t bytes) {
  return fails() ? NULL : __libc_realloc(old, bytes);
}
void *memalign(size_t alignment, size_t bytes) {
  return fails() ? NULL : __libc_memalign(alignment, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  return memalign(alignment, bytes);
}
int posix_memalign(void **out, size_t alignment, size_t bytes) {
  void *made = memalign(alignment, bytes);
  if (made)
    *out = made;
  return made ? 0 : ENOMEM;
}

static int (*realMain)(int, char **, char **);
static int countingMain(int argc, char **argv, char **environment) {
  const char *at = getenv("FAIL_AT");
  unsetenv("LD_PRELOAD"); // the children are not meant
  left = at ? atol(at) : -1;
  return realMain(argc, argv, environment);
}

int __libc_start_main(int (*given)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*end)(void), void *stack) {
  __typeof__(&__libc_start_main) next = (__typeof__(&__libc_start_main))dlsym(RTLD_NEXT, "__libc_start_main");
  realMain = given;
  return next(countingMain, argc, argv, init, fini, end, stack);
}
