// Registration, verifiers and sizes of the kernel dialect.
#include "dialects/kernel/Kernel.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::kernel;

#include "dialects/kernel/KernelDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/kernel/KernelTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.cpp.inc"

void KernelDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/kernel/KernelTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/KernelOps.cpp.inc"
      >();
}

static std::optional<Layout> parseLayout(StringRef word) {
  for (Layout layout : {Layout::Panel, Layout::Rows, Layout::Vector})
    if (word == StringRef(name(layout)))
      return layout;
  return std::nullopt;
}

int64_t kernel::memberBytes(WeightType type) {
  return weightBytes(*parseFormat(std::string_view(type.getFormat())), *parseLayout(type.getLayout()), type.getRows(),
                     type.getColumns());
}

int64_t kernel::totalBytes(WeightType type) {
  return type.getMembers() * memberBytes(type);
}

int64_t kernel::cacheBlockBytes(CacheType type) {
  return ceilDiv(type.getHeadDim(), 32) * info(*parseFormat(std::string_view(type.getFormat()))).panelBlockBytes;
}

int64_t kernel::cacheBytes(CacheType type) {
  return type.getHeads() * (type.getSlots() / 32) * cacheBlockBytes(type);
}

bool kernel::isPhase(Operation *op) {
  return isa<RowsOp, ProjectOp, AttentionOp, RopeTableOp, ExpertSlotsOp, ExpertGatherOp, ExpertProjectOp,
             ExpertCombineOp, TapOp>(op);
}

static LogicalResult checkOffset(Operation *op, int64_t offset, int64_t alignment = kWeightAlignBytes) {
  if (offset < 0 || offset % alignment != 0)
    return op->emitOpError() << "offset must be a multiple of " << alignment << " and not negative but is " << offset;
  return success();
}

/// Sizes that any later product of them may be computed from without overflow.
static LogicalResult checkSizes(Operation *op, Type type, ArrayRef<int64_t> sizes) {
  constexpr int64_t kMostElements = int64_t(1) << 48;
  int64_t left = kMostElements;
  for (int64_t size : sizes) {
    if (size <= 0 || size > left)
      return op->emitOpError() << "sizes must be positive, with a product of at most 2^48: " << type;
    left /= size;
  }
  return success();
}

LogicalResult BufferOp::verify() {
  static constexpr StringRef kinds[] = {"f32", "packed_i8", "packed_bf16", "packed_f32", "routing", "table", "slots"};
  static constexpr StringRef rows[] = {"all", "last", "slots_all", "slots_last"};
  if (!llvm::is_contained(kinds, getType().getKind()) || !llvm::is_contained(rows, getType().getRows())) // C1
    return emitOpError() << "has unknown kind or rows: " << getType();
  if (failed(checkSizes(*this, getType(), getType().getWidth()))) // C3
    return failure();
  int64_t alignment = getExternal() ? sizeof(float) : kWeightAlignBytes;
  return getOffset() ? checkOffset(*this, *getOffset(), alignment) : success(); // C2
}

LogicalResult TapOp::verify() {
  BufferType in = getInput().getType(), out = getHidden().getType();
  auto place = getHidden().getDefiningOp<BufferOp>();
  if (in.getKind() != "f32" || out.getKind() != "f32" || in.getWidth() != out.getWidth() || !place ||
      !place.getExternal() || !place.getOffset()) // C1
    return emitOpError() << "must copy f32 rows to a place of the caller that is as wide, but copies " << in << " to "
                         << out;
  int64_t columns = getColumns(), begin = static_cast<int64_t>(*place.getOffset()) / int64_t(sizeof(float));
  if (columns < 1 || begin > columns - out.getWidth()) // C2
    return emitOpError() << "writes columns " << begin << " to " << begin << " + " << out.getWidth() << " of rows of "
                         << columns;
  return success();
}

LogicalResult WeightOp::verify() {
  if (!parseFormat(std::string_view(getType().getFormat())) || !parseLayout(getType().getLayout())) // C1
    return emitOpError() << "has unknown format or layout: " << getType();
  WeightType type = getType();
  if (failed(checkSizes(*this, type, {type.getMembers(), type.getRows(), type.getColumns()}))) // C3
    return failure();
  return checkOffset(*this, getOffset()); // C2
}

LogicalResult CacheOp::verify() {
  CacheType type = getType();
  if ((type.getKind() != "keys" && type.getKind() != "values") ||
      (type.getFormat() != "f32" && type.getFormat() != "bf16")) // C1
    return emitOpError() << "has unknown kind or format: " << type;
  if (type.getSlots() <= 0 || type.getSlots() % 32 != 0) // C2
    return emitOpError() << "needs a positive multiple of 32 slots but has " << type.getSlots();
  if (failed(checkSizes(*this, type, {type.getHeads(), type.getHeadDim(), type.getSlots()}))) // C3
    return failure();
  return checkOffset(*this, getOffset()); // C2
}

template <class Phase> static LogicalResult verifyPhase(Phase phase, function_ref<bool(Operation *)> fits) {
  Block &block = phase.getBody().front();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (block.getNumArguments() != phase.getIns().size() || !yield ||
      yield.getNumOperands() != phase.getOuts().size()) // C1
    return phase.emitOpError() << "needs a region with " << phase.getIns().size() << " arguments that yields "
                               << phase.getOuts().size() << " values";
  for (Operation &op : llvm::drop_end(block))
    if (!fits(&op)) // C2
      return phase.emitOpError() << "cannot hold " << op.getName();
  return success();
}

LogicalResult RowsOp::verify() {
  return verifyPhase(*this, gemma::isRowWise);
}

LogicalResult ProjectOp::verify() {
  return verifyPhase(*this, [](Operation *op) {
    return isa<gemma::ProjectOp, gemma::SliceOp, gemma::PackOp>(op) || gemma::isElementwise(op);
  });
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyPhase(*this, [](Operation *op) { return isa<gemma::AttentionOp, gemma::PackOp>(op); })))
    return failure();
  auto attentions = llvm::range_size(getBody().getOps<gemma::AttentionOp>());
  if (attentions != 1) // C2
    return emitOpError() << "must hold one attention but holds " << attentions;
  return success();
}

LogicalResult RopeTableOp::verify() {
  int64_t width = getTable().getType().getWidth(), pairs = getInverseFrequencies().size();
  if (width != 2 * pairs) // C1
    return emitOpError() << "table is " << width << " wide but there are " << pairs << " frequencies";
  return success();
}

LogicalResult ExpertSlotsOp::verify() {
  if (getRouting().getType().getKind() != "routing" || getSlots().getType().getKind() != "slots") // C1
    return emitOpError() << "needs a routing and a slots buffer";
  return success();
}

LogicalResult DotOp::verify() {
  int64_t lanes = cast<VectorType>(getAcc().getType()).getNumElements();
  int64_t bytes = cast<VectorType>(getWeights().getType()).getNumElements();
  if (bytes != 4 * lanes) // C1
    return emitOpError() << "needs " << 4 * lanes << " bytes for " << lanes << " lanes but has " << bytes;
  return success();
}

LogicalResult PairDotOp::verify() {
  int64_t lanes = cast<VectorType>(getAcc().getType()).getNumElements();
  int64_t pairs = cast<VectorType>(getWeights().getType()).getNumElements();
  if (pairs != lanes) // C1
    return emitOpError() << "needs " << lanes << " pairs for " << lanes << " lanes but has " << pairs;
  return success();
}

DictionaryAttr LevelInfo::toAttr(MLIRContext *context) const {
  Builder b(context);
  return b.getDictionaryAttr({
      b.getNamedAttr("half_conversion", b.getBoolAttr(halfConversion)),
      b.getNamedAttr("name", b.getStringAttr(name)),
      b.getNamedAttr("prefetch_bytes", b.getI64IntegerAttr(prefetchBytes)),
      b.getNamedAttr("registers", b.getI64IntegerAttr(registers)),
      b.getNamedAttr("row_vectors", b.getI64IntegerAttr(rowVectors)),
      b.getNamedAttr("signed_products", b.getBoolAttr(signedProducts)),
      b.getNamedAttr("signed_weights", b.getBoolAttr(signedWeights)),
      b.getNamedAttr("symbol", b.getStringAttr(symbol)),
      b.getNamedAttr("token_tile", b.getI64IntegerAttr(tokenTile)),
      b.getNamedAttr("vector_bits", b.getI64IntegerAttr(vectorBits)),
  });
}

LevelInfo LevelInfo::fromModule(Operation *module) {
  LevelInfo level;
  auto attr = module->getAttrOfType<DictionaryAttr>("kernel.level");
  if (!attr)
    return level;
  auto number = [&](StringRef key, int64_t fallback) {
    auto value = attr.getAs<IntegerAttr>(key);
    return value ? value.getInt() : fallback;
  };
  auto flag = [&](StringRef key) {
    auto value = attr.getAs<BoolAttr>(key);
    return value && value.getValue();
  };
  if (auto name = attr.getAs<StringAttr>("name"))
    level.name = name.str();
  if (auto symbol = attr.getAs<StringAttr>("symbol"))
    level.symbol = symbol.str();
  level.vectorBits = number("vector_bits", level.vectorBits);
  level.registers = number("registers", level.registers);
  level.tokenTile = number("token_tile", level.tokenTile);
  level.rowVectors = number("row_vectors", level.rowVectors);
  level.prefetchBytes = number("prefetch_bytes", level.prefetchBytes);
  level.halfConversion = flag("half_conversion");
  level.signedWeights = flag("signed_weights");
  level.signedProducts = flag("signed_products");
  return level;
}
