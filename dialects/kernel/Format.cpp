// The words of Format.td.
#include "dialects/kernel/Format.h"

#include "llvm/ADT/StringSwitch.h"

#include "dialects/kernel/Format.cpp.inc"
