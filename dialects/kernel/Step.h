// The step structure that generated code addresses, for passes: they see the runtime only through this dialect.
#ifndef DIALECTS_KERNEL_STEP_H
#define DIALECTS_KERNEL_STEP_H

#include "runtime/abi/Step.h"

#endif
