// The kernel dialect: plans of phases. See README.md beside this file.
#ifndef DIALECTS_KERNEL_KERNEL_H
#define DIALECTS_KERNEL_KERNEL_H

#include "dialects/gemma/Gemma.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace gemmac::kernel {

/// What a level of a target is, as plain numbers: all that target-neutral passes may know of it. Attached to the module
/// as `kernel.level`.
struct LevelInfo {
  std::string name;   ///< for example "x86-64-v3"
  std::string symbol; ///< the same, fit for a symbol
  int64_t vectorBits = 128;
  int64_t registers = 16;
  int64_t tokenTile = 4;       ///< tokens a prefill kernel handles at a time
  int64_t rowVectors = 2;      ///< vectors of output rows it handles at a time
  bool halfConversion = false; ///< converts f16 to f32 in hardware
  int64_t prefetchBytes = 0;   ///< how far ahead of what it reads decode asks for weights; 0: it does not ask
  bool signedWeights = false;  ///< q8 codes are stored signed (zero point 0)
  bool signedProducts = false; ///< q8 codes that are stored unsigned are made signed before they are multiplied

  void attachTo(mlir::Operation *module) const;
  static LevelInfo fromModule(mlir::Operation *module);
};

} // namespace gemmac::kernel

#include "dialects/kernel/KernelDialect.h.inc"
#include "dialects/kernel/KernelEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/kernel/KernelTypes.h.inc"

namespace gemmac::kernel {

/// The rows that a phase runs for, by its attribute `rows` or, where it has none, by the buffers it reads and writes.
gemma::Rows stepRowsOf(mlir::Operation *phase);

} // namespace gemmac::kernel

#include "dialects/kernel/KernelInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.h.inc"

namespace gemmac::kernel {

/// Bytes of one member of a weight, and of all of them.
int64_t memberBytes(WeightType type);
int64_t totalBytes(WeightType type);

/// Bytes of 32 slots x 32 dimensions of a cache; of a block of 32 slots of one head, and of all its slots in a page.
int64_t cachePanelBytes(CacheFormat format);
/// The weight format whose panels keys, or values that are no codes, lie in; nothing for tq4.
std::optional<Format> panelFormat(CacheFormat format);
int64_t cacheBlockBytes(CacheType type);
int64_t cacheBytes(CacheType type);

/// The kind of a buffer of packed rows, and how they are packed; nothing where they are not.
BufferKind bufferKind(Packing packing);
std::optional<Packing> packingOf(BufferKind kind);

/// Rows of a step that a buffer has, one of each or one for each of a row's experts.
BufferRows bufferRows(gemma::Rows rows, bool slots = false);
gemma::Rows stepRows(BufferRows rows);
bool areSlots(BufferRows rows);

/// What the module of a plan says of it; null where it says nothing.
PlanAttr planOf(mlir::Operation *module);
void setPlan(mlir::Operation *module, PlanAttr plan);
/// What kernel-plan-pages finds out, see #kernel.plan.
struct PageFacts {
  int64_t pageBytes, sequenceBytes, tableEntries;
  mlir::DenseI64ArrayAttr classes;
};
PlanAttr withPages(PlanAttr plan, const PageFacts &pages);
/// The same plan with room for its buffers.
PlanAttr withArenaBytes(PlanAttr plan, int64_t bytes);

} // namespace gemmac::kernel
#endif
