// Registration of the gemma dialect and the small questions passes ask of its types and operations.
#include "dialects/gemma/Gemma.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace gemmac::gemma;

#include "dialects/gemma/GemmaDialect.cpp.inc"
#include "dialects/gemma/GemmaEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/gemma/GemmaAttributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/gemma/GemmaTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/gemma/GemmaOps.cpp.inc"

void GemmaDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/gemma/GemmaAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/gemma/GemmaTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/gemma/GemmaOps.cpp.inc"
      >();
}

Rows gemmac::gemma::rowsOf(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type)) {
    auto encoding = dyn_cast_or_null<StringAttr>(tensor.getEncoding());
    return encoding && encoding.getValue() == "last" ? Rows::Last : Rows::All;
  }
  auto packed = dyn_cast<PackedType>(type);
  return packed ? packed.getRows() : cast<RoutingType>(type).getRows();
}

int64_t gemmac::gemma::columnsOf(Type type) {
  if (auto packed = dyn_cast<PackedType>(type))
    return packed.getWidth();
  return cast<RankedTensorType>(type).getShape().back();
}

RankedTensorType gemmac::gemma::rowsType(MLIRContext *context, int64_t columns, Rows rows) {
  Attribute encoding = rows == Rows::Last ? Attribute(StringAttr::get(context, "last")) : Attribute();
  return RankedTensorType::get({ShapedType::kDynamic, columns}, Float32Type::get(context), encoding);
}

Type gemmac::gemma::withRows(Type type, Rows rows) {
  if (auto packed = dyn_cast<PackedType>(type))
    return PackedType::get(type.getContext(), packed.getWidth(), packed.getKind(), rows);
  if (auto routing = dyn_cast<RoutingType>(type))
    return RoutingType::get(type.getContext(), routing.getTopK(), routing.getExperts(), rows);
  return rowsType(type.getContext(), columnsOf(type), rows);
}

gemmac::kernel::Packing gemmac::gemma::packedKind(WeightOp weight) {
  return kernel::packingOf(weight.getFormat().value_or(kernel::Format::F32));
}
