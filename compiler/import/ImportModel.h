// From an elaborated description to IR: one gemma operation per step, each at the line of the description that caused
// it.
#ifndef COMPILER_IMPORT_IMPORTMODEL_H
#define COMPILER_IMPORT_IMPORTMODEL_H

#include "compiler/config/Model.h"
#include "dialects/kernel/Format.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace gemmac::import {

/// Builds `func @forward(%ids: tensor<?xi32>) -> tensor<?xVxf32, "last">`. `keptFormats`, parallel to Model::weights,
/// is what recipe "keep" would give each weight; empty if that is unknown. Mistakes in the description are
/// diagnostics at its lines; the result is then null. Only weights that a step uses appear.
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context, const config::Model &model,
                                              const std::vector<kernel::Format> &keptFormats);

} // namespace gemmac::import
#endif
