// Keeps each phase to its own operands while the code runs under AddressSanitizer: arena, cache and weights are one
// allocation each, in which a neighbour's bytes look as good as one's own.
#ifndef PASSES_TILE_GUARD_H
#define PASSES_TILE_GUARD_H

#include "passes/tile/PhaseCode.h"

namespace gemmac::tile {

/// Writes into one entry point: from begin() to end() arena, pool of pages and weights are poisoned, but for the
/// operands of the phase that runs, as far as the rows of this step reach. The pool stays so: the runtime, which knows
/// the pages in use, opens those. Writes nothing when not enabled.
class Guard {
public:
  /// `step` and `thread` are the entry point's arguments.
  Guard(mlir::ModuleOp module, const StepShape &shape, bool enabled, mlir::Value step, mlir::Value thread);

  void begin(Emitter &e);
  void end(Emitter &e);
  /// Writes `call`, which ends with a barrier, so that `phase` reaches its operands in it.
  void around(Emitter &e, mlir::Operation *phase, llvm::function_ref<void()> call);

private:
  enum class Access { Closed, Open };
  void set(Emitter &e, mlir::Value begin, mlir::Value bytes, Access access);
  void setAll(Emitter &e, Access access);
  void setOperands(Emitter &e, mlir::Operation *phase, Access access);
  mlir::Value bytes(Emitter &e, mlir::Value place);
  void setPages(Emitter &e, kernel::CacheOp cache, Access access);
  /// One thread changes what all see; the barriers around make it visible.
  void onFirstThread(Emitter &e, llvm::function_ref<void()> body);

  mlir::ModuleOp module;
  const StepShape &shape;
  bool enabled;
  mlir::Value step, thread;
};

} // namespace gemmac::tile
#endif
