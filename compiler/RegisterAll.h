// One place that knows every dialect, pass and stage: all tools register through it.
#ifndef COMPILER_REGISTERALL_H
#define COMPILER_REGISTERALL_H

namespace mlir {
class DialectRegistry;
}

namespace gemmac {

/// Our dialects, MLIR's dialects that the stages produce, and the interfaces their conversions need.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Our passes and stage pipelines, by name.
void registerAllPasses();

} // namespace gemmac
#endif
