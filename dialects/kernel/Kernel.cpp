// Registration, verifiers and sizes of the kernel dialect.
#include "dialects/kernel/Kernel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::kernel;

#include "dialects/kernel/KernelDialect.cpp.inc"
#include "dialects/kernel/KernelEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/kernel/KernelInterfaces.cpp.inc"
#include "dialects/kernel/KernelTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.cpp.inc"

void KernelDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/kernel/KernelAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/kernel/KernelTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/KernelOps.cpp.inc"
      >();
}

int64_t kernel::memberBytes(WeightType type) {
  return weightBytes(type.getFormat(), type.getLayout(), type.getRows(), type.getColumns());
}

int64_t kernel::totalBytes(WeightType type) {
  return type.getMembers() * memberBytes(type);
}

std::optional<Format> kernel::panelFormat(CacheFormat format) {
  switch (format) {
  case CacheFormat::F32:
    return Format::F32;
  case CacheFormat::BF16:
    return Format::BF16;
  case CacheFormat::Q8:
    return Format::Q8;
  case CacheFormat::TQ4:
    return std::nullopt;
  }
  return std::nullopt;
}

int64_t kernel::cachePanelBytes(CacheFormat format) {
  std::optional<Format> panels = panelFormat(format);
  return panels ? info(*panels).panelBlockBytes : kPanelRows * kGroupColumns / 2;
}

int64_t kernel::cacheBlockBytes(CacheType type) {
  int64_t scales = type.getFormat() == CacheFormat::TQ4 ? kPanelRows * 2 : 0;
  return ceilDiv(type.getHeadDim(), 32) * cachePanelBytes(type.getFormat()) + scales;
}

int64_t kernel::cacheBytes(CacheType type) {
  return type.getHeads() * (type.getPage() / 32) * cacheBlockBytes(type);
}

BufferKind kernel::bufferKind(Packing packing) {
  switch (packing) {
  case Packing::I8:
    return BufferKind::PackedI8;
  case Packing::BF16:
    return BufferKind::PackedBF16;
  case Packing::F32:
    break;
  }
  return BufferKind::PackedF32;
}

std::optional<Packing> kernel::packingOf(BufferKind kind) {
  for (Packing packing : {Packing::I8, Packing::BF16, Packing::F32})
    if (kind == bufferKind(packing))
      return packing;
  return std::nullopt;
}

BufferRows kernel::bufferRows(gemma::Rows rows, bool slots) {
  bool last = rows == gemma::Rows::Last;
  return slots ? (last ? BufferRows::SlotsLast : BufferRows::SlotsAll) : (last ? BufferRows::Last : BufferRows::All);
}

gemma::Rows kernel::stepRows(BufferRows rows) {
  return rows == BufferRows::Last || rows == BufferRows::SlotsLast ? gemma::Rows::Last : gemma::Rows::All;
}

bool kernel::areSlots(BufferRows rows) {
  return rows == BufferRows::SlotsAll || rows == BufferRows::SlotsLast;
}

gemma::Rows kernel::stepRowsOf(Operation *phase) {
  if (auto rows = phase->getAttrOfType<gemma::RowsAttr>("rows"))
    return rows.getValue();
  bool last = llvm::any_of(phase->getOperandTypes(), [](Type type) {
    auto buffer = dyn_cast<BufferType>(type);
    return buffer && stepRows(buffer.getRows()) == gemma::Rows::Last;
  });
  return last ? gemma::Rows::Last : gemma::Rows::All;
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
  if (failed(checkSizes(*this, getType(), getType().getWidth()))) // C2
    return failure();
  int64_t alignment = getExternal() ? sizeof(float) : kWeightAlignBytes;
  return getOffset() ? checkOffset(*this, *getOffset(), alignment) : success(); // C1
}

LogicalResult TapOp::verify() {
  BufferType in = getInput().getType(), out = getHidden().getType();
  auto place = getHidden().getDefiningOp<BufferOp>();
  if (in.getKind() != BufferKind::F32 || out.getKind() != BufferKind::F32 || in.getWidth() != out.getWidth() ||
      !place || !place.getExternal() || !place.getOffset()) // C1
    return emitOpError() << "must copy f32 rows to a place of the caller that is as wide, but copies " << in << " to "
                         << out;
  int64_t columns = getColumns(), begin = static_cast<int64_t>(*place.getOffset()) / int64_t(sizeof(float));
  if (columns < 1 || begin > columns - out.getWidth()) // C2
    return emitOpError() << "writes columns " << begin << " to " << begin << " + " << out.getWidth() << " of rows of "
                         << columns;
  return success();
}

LogicalResult WeightOp::verify() {
  WeightType type = getType();
  if (failed(checkSizes(*this, type, {type.getMembers(), type.getRows(), type.getColumns()}))) // C2
    return failure();
  return checkOffset(*this, getOffset()); // C1
}

LogicalResult CacheOp::verify() {
  CacheType type = getType();
  bool rotates = type.getHeadDim() >= kGroupColumns && llvm::isPowerOf2_64(type.getHeadDim());
  if (type.getFormat() == CacheFormat::TQ4 && (type.getKind() != CacheKind::Values || !rotates)) // C1
    return emitOpError() << "in tq4 must hold values of heads of 32, 64, 128, ... dimensions but is " << type;
  if (type.getPage() < 0 || type.getPage() % 32 != 0 || (type.getPage() > 0) != getOffset().has_value() ||
      type.getWindow() < 0 || type.getTable() < 0) // C2
    return emitOpError()
           << "needs pages of a positive multiple of 32 slots and a place in them, or neither; window and "
              "table not negative: "
           << type;
  if (failed(
          checkSizes(*this, type, {type.getHeads(), type.getHeadDim(), std::max<int64_t>(type.getPage(), 32)}))) // C3
    return failure();
  return getOffset() ? checkOffset(*this, *getOffset()) : success(); // C4
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
  return verifyPhase(*this, [](Operation *op) { return op->hasTrait<gemma::RowWise>(); });
}

LogicalResult ProjectOp::verify() {
  return verifyPhase(*this, [](Operation *op) {
    return isa<gemma::ProjectOp, gemma::SliceOp, gemma::PackOp>(op) || op->hasTrait<gemma::Elementwise>();
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
  if (getRouting().getType().getKind() != BufferKind::Routing ||
      getSlots().getType().getKind() != BufferKind::Slots) // C1
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

LogicalResult LookupOp::verify() {
  if (getTable().size() != 16) // C1
    return emitOpError() << "needs a table of 16 numbers but has " << getTable().size();
  return success();
}

static constexpr StringLiteral kPlan = "kernel.plan", kLevel = "kernel.level";

LogicalResult KernelDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == kPlan ? isa<PlanAttr>(attribute.getValue()) : name == kLevel && isa<LevelAttr>(attribute.getValue()))
    return success();
  return op->emitError() << "attribute " << name << " = " << attribute.getValue()
                         << " is not known; a module of a plan has " << kPlan << " = #kernel.plan<...> and " << kLevel
                         << " = #kernel.level<...>";
}

LogicalResult PlanAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t positions, int64_t chunk,
                               int64_t lastRows, int64_t blockTokens, int64_t vocab, int64_t hiddenColumns,
                               int64_t weightBytes, int64_t decodeBytes, int64_t decodeOps, int64_t prefillOps,
                               int64_t pageBytes, int64_t sequenceBytes, int64_t tableEntries,
                               DenseI64ArrayAttr pageClasses, DenseI64ArrayAttr cacheReads,
                               std::optional<int64_t> arenaBytes) {
  if (chunk < 1 || lastRows < 1) // C1
    return emitError() << "chunk = " << chunk << " and last_rows = " << lastRows << " must be at least 1";
  for (int64_t number : {positions, blockTokens, vocab, hiddenColumns, weightBytes, decodeBytes, decodeOps, prefillOps,
                         pageBytes, sequenceBytes, tableEntries, arenaBytes.value_or(0)})
    if (number < 0) // C1
      return emitError() << "a plan's numbers must not be negative, but one is " << number;
  if (cacheReads && cacheReads.size() % 2) // C2
    return emitError() << "cache_reads must be windows and bytes in turn, but has " << cacheReads.size() << " numbers";
  if (pageClasses && pageClasses.size() % 3) // C2
    return emitError() << "page_classes must be windows, slots and entries in turn, but has " << pageClasses.size()
                       << " numbers";
  return success();
}

PlanAttr kernel::planOf(Operation *module) {
  return module->getAttrOfType<PlanAttr>(kPlan);
}

void kernel::setPlan(Operation *module, PlanAttr plan) {
  module->setAttr(kPlan, plan);
}

PlanAttr kernel::withPages(PlanAttr p, const PageFacts &pages) {
  return PlanAttr::get(p.getContext(), p.getPositions(), p.getChunk(), p.getLastRows(), p.getBlockTokens(),
                       p.getVocab(), p.getHiddenColumns(), p.getWeightBytes(), p.getDecodeBytes(), p.getDecodeOps(),
                       p.getPrefillOps(), pages.pageBytes, pages.sequenceBytes, pages.tableEntries, pages.classes,
                       p.getCacheReads(), p.getArenaBytes());
}

PlanAttr kernel::withArenaBytes(PlanAttr p, int64_t bytes) {
  return PlanAttr::get(p.getContext(), p.getPositions(), p.getChunk(), p.getLastRows(), p.getBlockTokens(),
                       p.getVocab(), p.getHiddenColumns(), p.getWeightBytes(), p.getDecodeBytes(), p.getDecodeOps(),
                       p.getPrefillOps(), p.getPageBytes(), p.getSequenceBytes(), p.getTableEntries(),
                       p.getPageClasses(), p.getCacheReads(), bytes);
}

void LevelInfo::attachTo(Operation *module) const {
  module->setAttr(kLevel, LevelAttr::get(module->getContext(), name, symbol, vectorBits, registers, tokenTile,
                                         rowVectors, halfConversion, prefetchBytes, signedWeights, signedProducts));
}

LevelInfo LevelInfo::fromModule(Operation *module) {
  auto level = module->getAttrOfType<LevelAttr>(kLevel);
  if (!level)
    return {};
  return {level.getName().str(),    level.getSymbol().str(),  level.getVectorBits(),     level.getRegisters(),
          level.getTokenTile(),     level.getRowVectors(),    level.getHalfConversion(), level.getPrefetchBytes(),
          level.getSignedWeights(), level.getSignedProducts()};
}
