// mlir-opt with our dialects, passes and stages.
#include "compiler/RegisterAll.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  gemmac::registerAllDialects(registry);
  gemmac::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "gemma-opt: the stages of gemmac, one by one\n", registry));
}
