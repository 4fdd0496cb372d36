// AddressSanitizer's options in programs that link with LLD, with GEMMAC_SANITIZE. LLD and LLVM are not instrumented:
// they use memory that our instrumented copies of LLVM's inline functions have poisoned. What ASAN_OPTIONS says comes
// on top.
extern "C" const char *__asan_default_options();
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}
