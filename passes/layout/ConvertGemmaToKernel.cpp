// From values to places. The plan keeps the gemma operations inside its phases: what is computed does not change here,
// only where it comes from and goes to.
#include "passes/layout/Passes.h"

#include "passes/layout/WeightPlan.h"

#include "dialects/gemma/Gemma.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"

#define DEBUG_TYPE "convert-gemma-to-kernel"

namespace gemmac::layout {
#define GEN_PASS_DEF_CONVERTGEMMATOKERNEL
#include "passes/layout/Passes.h.inc"
} // namespace gemmac::layout

using namespace mlir;
using namespace gemmac;

namespace {

constexpr int64_t kDefaultChunk = 128;

class Converter {
public:
  Converter(ModuleOp module, func::FuncOp source, const layout::ConvertGemmaToKernelOptions &options)
      : module(module), source(source), options(options), b(module.getContext()), weights(b) {}

  LogicalResult run();

private:
  using RopeKey = std::pair<std::vector<float>, double>; ///< frequencies and magnitude

  kernel::BufferOp buffer(Location loc, int64_t width, kernel::BufferKind kind, kernel::BufferRows rows) {
    return kernel::BufferOp::create(b, loc, kernel::BufferType::get(b.getContext(), width, kind, rows), IntegerAttr(),
                                    kernel::ExternalAttr());
  }
  Value bufferFor(Location loc, Type type, bool isLogits);
  LogicalResult chooseCacheFormats();
  Value cacheFor(OpResult value, bool keys);
  void makePlaces(gemma::PhaseOp phase);
  static RopeKey ropeKey(gemma::RopeOp rope);
  void makeRopeTables();
  void convertPhase(gemma::PhaseOp phase);
  void convertExperts(gemma::PhaseOp phase);
  void convertTap(gemma::PhaseOp phase);
  void flushPending();
  template <class Op> void finishPhase(gemma::PhaseOp phase, gemma::Rows rows);
  void account();

  ModuleOp module;
  func::FuncOp source;
  const layout::ConvertGemmaToKernelOptions &options;
  OpBuilder b;
  layout::WeightPlan weights;
  func::FuncOp plan;
  /// Places of a value: its buffer, its key cache, its value cache; null where it has none.
  struct Places {
    Value buffer, keys, values;
  };
  DenseMap<Value, Places> places;
  /// Values of projections that go to a cache: only phases of rows write caches, so the next one takes them along.
  SmallVector<Value> pending;
  std::map<RopeKey, Value> tables;
  kernel::CacheFormat keyFormat = kernel::CacheFormat::F32, valueFormat = kernel::CacheFormat::F32;
  int64_t blockTokens = 0, chunk = 0;
  int64_t hiddenColumns = 0; ///< of all taps together
};

Value Converter::bufferFor(Location loc, Type type, bool isLogits) {
  kernel::BufferOp op;
  if (auto packed = dyn_cast<gemma::PackedType>(type))
    op = buffer(loc, packed.getWidth(), kernel::bufferKind(packed.getKind()), kernel::bufferRows(packed.getRows()));
  else if (auto routing = dyn_cast<gemma::RoutingType>(type))
    op = buffer(loc, routing.getTopK(), kernel::BufferKind::Routing, kernel::bufferRows(routing.getRows()));
  else
    op = buffer(loc, gemma::columnsOf(type), kernel::BufferKind::F32, kernel::bufferRows(gemma::rowsOf(type)));
  if (isLogits)
    op.setExternal(kernel::External::Logits);
  return op;
}

/// The cache for a value that attentions read as keys (or values), with the longest of their windows.
Value Converter::cacheFor(OpResult value, bool keys) {
  int64_t window = 0, heads = 0, headDim = 0;
  bool global = false;
  for (OpOperand &use : value.getUses())
    if (auto attention = dyn_cast<gemma::AttentionOp>(use.getOwner())) {
      if (use.getOperandNumber() != (keys ? 1u : 2u))
        continue;
      heads = attention.getKvHeads();
      headDim = attention.getHeadDim();
      global |= !attention.getWindowTokens();
      window = std::max<int64_t>(window, attention.getWindowTokens().value_or(0));
    }
  if (!heads)
    return {};
  auto kind = keys ? kernel::CacheKind::Keys : kernel::CacheKind::Values;
  auto type = kernel::CacheType::get(b.getContext(), kind, keys ? keyFormat : valueFormat, heads, headDim,
                                     global ? 0 : window, /*page=*/0, /*table=*/0);
  return kernel::CacheOp::create(b, value.getLoc(), type, IntegerAttr());
}

void Converter::makePlaces(gemma::PhaseOp phase) {
  for (OpResult value : phase.getResults()) {
    Places place;
    place.keys = cacheFor(value, true);
    place.values = cacheFor(value, false);
    bool other = false, logits = false;
    for (OpOperand &use : value.getUses()) {
      bool cached = isa<gemma::AttentionOp>(use.getOwner()) && use.getOperandNumber() > 0;
      logits |= isa<func::ReturnOp>(use.getOwner());
      other |= !cached;
    }
    bool needsRows = phase.getKind() != gemma::PhaseKind::Rows && (place.keys || place.values);
    if (needsRows)
      pending.push_back(value);
    if (other || needsRows)
      place.buffer = bufferFor(value.getLoc(), value.getType(), logits);
    places[value] = place;
  }
}

Converter::RopeKey Converter::ropeKey(gemma::RopeOp rope) {
  RopeKey key{{}, rope.getMagnitude() ? rope.getMagnitude()->convertToDouble() : 1};
  if (rope.getFrequencies())
    key.first = rope.getFrequencies()->vec();
  else
    for (int64_t i = 0; i < static_cast<int64_t>(rope.getPairs()); ++i) { // rounded as the reference does it
      auto power = static_cast<float>(2 * i) / static_cast<float>(*rope.getDenominator());
      key.first.push_back(1.0f / static_cast<float>(std::pow(rope.getTheta()->convertToDouble(), power)));
    }
  return key;
}

void Converter::makeRopeTables() {
  source.walk([&](gemma::RopeOp rope) {
    Value &table = tables[ropeKey(rope)];
    if (table)
      return;
    kernel::BufferOp made = buffer(rope.getLoc(), 2 * static_cast<int64_t>(rope.getPairs()), kernel::BufferKind::Table,
                                   kernel::BufferRows::All);
    kernel::RopeTableOp::create(b, rope.getLoc(), made, b.getDenseF32ArrayAttr(ropeKey(rope).first),
                                rope.getMagnitudeAttr());
    table = made;
  });
}

/// Builds the kernel phase `Op` with the gemma phase's body: arguments for what it reads, one yielded value for each
/// place.
template <class Op> void Converter::finishPhase(gemma::PhaseOp phase, gemma::Rows rows) {
  Block &body = phase.getBody().front();
  // What the body reads from outside, in order of first use. One value may be read from two places: the query and the
  // keys of an attention, or its keys and values.
  using Read = std::pair<Value, Value>; // value, place
  SmallVector<Read> reads;
  auto note = [&](Value value, Value place) {
    if (!llvm::is_contained(reads, Read(value, place)))
      reads.push_back({value, place});
  };
  auto placeOf = [&](OpOperand &operand) -> Value {
    Value value = operand.get();
    if (auto weight = value.getDefiningOp<gemma::WeightOp>())
      return weights.place(weight);
    if (isa<BlockArgument>(value))
      return plan.getArgument(0);
    if (isa<gemma::AttentionOp>(operand.getOwner()) && operand.getOperandNumber() > 0)
      return operand.getOperandNumber() == 1 ? places[value].keys : places[value].values;
    return places[value].buffer;
  };
  for (Operation &op : body)
    for (OpOperand &operand : op.getOpOperands())
      if (operand.get().getParentBlock() != &body)
        note(operand.get(), placeOf(operand));
  SmallVector<Value> ins, outs, yielded;
  for (auto &[value, place] : reads)
    ins.push_back(place);
  constexpr bool writesCaches = std::is_same_v<Op, kernel::RowsOp>;
  auto give = [&](Value inner, std::initializer_list<Value> to) {
    for (Value place : to)
      if (place) {
        outs.push_back(place);
        yielded.push_back(inner);
      }
  };
  auto yield = cast<gemma::YieldOp>(body.back());
  for (auto [inner, outer] : llvm::zip(yield.getOperands(), phase.getResults())) {
    give(inner, {places[outer].buffer});
    if (writesCaches)
      give(inner, {places[outer].keys, places[outer].values});
  }
  if (writesCaches && rows == gemma::Rows::All)
    for (Value value : std::exchange(pending, {})) {
      if (!llvm::is_contained(reads, Read(value, places[value].buffer))) {
        note(value, places[value].buffer);
        ins.push_back(places[value].buffer);
      }
      give(value, {places[value].keys, places[value].values});
    }
  // Tables that rotations inside read come last.
  SmallVector<std::pair<Operation *, int64_t>> ropes;
  for (Operation &op : body)
    if (auto rope = dyn_cast<gemma::RopeOp>(op)) {
      Value table = tables.at(ropeKey(rope));
      auto found = llvm::find(ins, table);
      ropes.push_back({rope, found - ins.begin()});
      if (found == ins.end())
        ins.push_back(table);
    }

  auto op = Op::create(b, phase.getLoc(), ins, outs, rows);
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(&op.getBody());
  IRMapping mapping;
  for (auto &[value, place] : reads)
    mapping.map(value, block->addArgument(value.getType(), value.getLoc()));
  auto argumentFor = [&](OpOperand &operand) {
    return block->getArgument(llvm::find(reads, Read(operand.get(), placeOf(operand))) - reads.begin());
  };
  for (Value in : ArrayRef<Value>(ins).drop_front(reads.size()))
    block->addArgument(gemma::rowsType(b.getContext(), cast<kernel::BufferType>(in.getType()).getWidth()), in.getLoc());
  for (Operation &inner : llvm::drop_end(body)) {
    Operation *copy = b.clone(inner, mapping);
    for (OpOperand &operand : inner.getOpOperands())
      if (operand.get().getParentBlock() != &body)
        copy->setOperand(operand.getOperandNumber(), argumentFor(operand));
    for (auto [rope, table] : ropes)
      if (rope == &inner)
        cast<gemma::RopeOp>(copy).setTable(table);
  }
  SmallVector<Value> results;
  for (Value value : yielded)
    results.push_back(mapping.lookup(value));
  kernel::YieldOp::create(b, phase.getLoc(), results);
}

void Converter::convertExperts(gemma::PhaseOp phase) {
  auto experts = cast<gemma::ExpertsOp>(phase.getBody().front().front());
  gemma::RoutingType routing = experts.getRouting().getType();
  Location loc = experts.getLoc();
  kernel::BufferRows rows = kernel::bufferRows(gemma::rowsOf(experts.getType())),
                     slotRows = kernel::bufferRows(gemma::rowsOf(experts.getType()), /*slots=*/true);
  auto k = b.getI64IntegerAttr(routing.getTopK()), e = b.getI64IntegerAttr(routing.getExperts());
  auto packedKind = [&](Value weight) {
    return kernel::bufferKind(gemma::packedKind(weight.getDefiningOp<gemma::WeightOp>()));
  };
  kernel::WeightOp up = weights.placeStack(experts.getGateUp().getDefiningOp<gemma::WeightOp>(), 2);
  kernel::WeightOp down = weights.placeStack(experts.getDown().getDefiningOp<gemma::WeightOp>(), 1);
  int64_t width = gemma::columnsOf(experts.getType()), ffn = down.getType().getColumns();
  Value input = places[experts.getInput()].buffer, route = places[experts.getRouting()].buffer;
  kernel::BufferOp slots = buffer(loc, routing.getTopK(), kernel::BufferKind::Slots, rows);
  kernel::ExpertSlotsOp::create(b, loc, route, slots, k, e);
  kernel::BufferOp gathered = buffer(loc, width, packedKind(experts.getGateUp()), slotRows);
  kernel::ExpertGatherOp::create(b, loc, input, slots, gathered, k, e);
  kernel::BufferOp hidden = buffer(loc, ffn, packedKind(experts.getDown()), slotRows);
  kernel::ExpertProjectOp::create(b, loc, gathered, up, slots, hidden, experts.getActivationAttr(), k, e);
  kernel::BufferOp output = buffer(loc, width, kernel::BufferKind::F32, slotRows);
  kernel::ExpertProjectOp::create(b, loc, hidden, down, slots, output, gemma::ActivationAttr(), k, e);
  kernel::ExpertCombineOp::create(b, loc, output, route, slots, places[phase.getResult(0)].buffer, k, e);
}

void Converter::convertTap(gemma::PhaseOp phase) {
  auto tap = cast<gemma::TapOp>(phase.getBody().front().front());
  kernel::BufferOp hidden = buffer(tap.getLoc(), gemma::columnsOf(tap.getInput().getType()), kernel::BufferKind::F32,
                                   kernel::BufferRows::Last);
  hidden.setExternal(kernel::External::Hidden);
  hidden.setOffset(tap.getColumn() * sizeof(float));
  kernel::TapOp::create(b, tap.getLoc(), places[tap.getInput()].buffer, hidden, b.getI64IntegerAttr(hiddenColumns));
}

/// A phase for values that wait for a cache, when no other phase of rows comes before they are read.
void Converter::flushPending() {
  if (pending.empty())
    return;
  SmallVector<Value> ins, outs, yielded;
  for (Value value : pending)
    ins.push_back(places[value].buffer);
  SmallVector<unsigned> from;
  for (auto [index, value] : llvm::enumerate(pending))
    for (Value place : {places[value].keys, places[value].values})
      if (place) {
        outs.push_back(place);
        from.push_back(index);
      }
  Location loc = pending.front().getLoc();
  auto op = kernel::RowsOp::create(b, loc, ins, outs, gemma::Rows::All);
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(&op.getBody());
  for (Value value : pending)
    block->addArgument(value.getType(), value.getLoc());
  for (unsigned index : from)
    yielded.push_back(block->getArgument(index));
  kernel::YieldOp::create(b, loc, yielded);
  pending.clear();
}

void Converter::convertPhase(gemma::PhaseOp phase) {
  if (phase.getKind() == gemma::PhaseKind::Tap)
    return convertTap(phase);
  if (phase.getKind() == gemma::PhaseKind::Attention)
    flushPending();
  makePlaces(phase);
  gemma::Rows rows = gemma::rowsOf(phase.getBody().front().front().getResult(0).getType());
  switch (phase.getKind()) {
  case gemma::PhaseKind::Rows:
    return finishPhase<kernel::RowsOp>(phase, rows);
  case gemma::PhaseKind::Project:
    return finishPhase<kernel::ProjectOp>(phase, rows);
  case gemma::PhaseKind::Attention:
    return finishPhase<kernel::AttentionOp>(phase, rows);
  case gemma::PhaseKind::Experts:
    return convertExperts(phase);
  case gemma::PhaseKind::Tap:
    return; // above
  }
}

void Converter::account() {
  // Each attention reads its caches itself, whoever owns them: bytes of a block of 32 positions, by window (0: none).
  std::map<int64_t, int64_t> reads;
  plan.walk([&](kernel::AttentionOp phase) {
    auto attention = *phase.getBody().front().getOps<gemma::AttentionOp>().begin();
    int64_t &bytes = reads[static_cast<int64_t>(attention.getWindowTokens().value_or(0))];
    for (Value place : phase.getIns())
      if (auto cache = dyn_cast<kernel::CacheType>(place.getType()))
        bytes += cache.getHeads() * kernel::cacheBlockBytes(cache);
  });
  SmallVector<int64_t> pairs;
  for (auto [window, bytes] : reads)
    pairs.append({window, bytes});
  auto ret = cast<func::ReturnOp>(source.getBody().front().getTerminator());
  int64_t vocab = gemma::columnsOf(ret.getOperand(0).getType());
  auto cacheReads = pairs.empty() ? DenseI64ArrayAttr() : b.getDenseI64ArrayAttr(pairs);
  kernel::setPlan(module, kernel::PlanAttr::get(b.getContext(), options.context, chunk, options.lastRows, blockTokens,
                                                vocab, hiddenColumns, weights.bytes(), weights.decodeBytes(),
                                                weights.decodeOps(), weights.prefillOps(), /*page_bytes=*/0,
                                                /*sequence_bytes=*/0, /*table_entries=*/0, DenseI64ArrayAttr(),
                                                cacheReads, std::nullopt));
}

/// `kv` is a format for both, or one for keys and one for values with a slash between.
LogicalResult Converter::chooseCacheFormats() {
  StringRef words = options.kv;
  auto [first, second] = words.split('/');
  std::optional<kernel::CacheFormat> keys = kernel::symbolizeCacheFormat(first);
  std::optional<kernel::CacheFormat> values = kernel::symbolizeCacheFormat(words.contains('/') ? second : first);
  if (!keys || keys == kernel::CacheFormat::TQ4)
    return source.emitError() << "unknown format '" << first << "' of keys in '" << words
                              << "'; known are f32, bf16 and q8";
  if (!values)
    return source.emitError() << "unknown format '" << second << "' of values in '" << words
                              << "'; known are f32, bf16, q8 and tq4";
  keyFormat = *keys;
  valueFormat = *values;
  WalkResult fit = source.walk([&](gemma::AttentionOp attention) -> WalkResult {
    uint64_t size = attention.getHeadDim();
    if (valueFormat != kernel::CacheFormat::TQ4 || (size >= 32 && llvm::isPowerOf2_64(size)))
      return WalkResult::advance();
    return attention.emitError() << "values in tq4 need heads of 32, 64, 128, ... dimensions, and these have " << size
                                 << "; --kv q8 takes any";
  });
  return failure(fit.wasInterrupted());
}

LogicalResult Converter::run() {
  if (failed(chooseCacheFormats()))
    return failure();
  WalkResult enough = source.walk([&](gemma::EmbedPositionsOp embed) -> WalkResult {
    int64_t rows = cast<RankedTensorType>(embed.getTable().getType()).getDimSize(0);
    if (options.context <= rows)
      return WalkResult::advance();
    return embed.emitError() << "a context of " << options.context << " tokens, but the table of positions has " << rows
                             << " rows";
  });
  if (enough.wasInterrupted())
    return failure();
  source.walk([&](gemma::AttentionOp attention) {
    blockTokens = std::max<int64_t>(blockTokens, attention.getBlockTokens().value_or(0));
  });
  chunk = options.chunk > 0 ? options.chunk : std::max(kDefaultChunk, blockTokens);
  b.setInsertionPointAfter(source);
  auto type = b.getFunctionType(source.getArgumentTypes(), {});
  plan = func::FuncOp::create(b, source.getLoc(), "step", type);
  b.setInsertionPointToStart(plan.addEntryBlock());
  weights.begin(b.getInsertionBlock());
  makeRopeTables();
  source.walk([&](gemma::TapOp tap) {
    hiddenColumns = std::max<int64_t>(hiddenColumns, tap.getColumn() + gemma::columnsOf(tap.getInput().getType()));
  });
  for (auto phase : source.getBody().getOps<gemma::PhaseOp>())
    convertPhase(phase);
  func::ReturnOp::create(b, source.getLoc());
  account();
  source.erase();
  return success();
}

struct ConvertGemmaToKernel : layout::impl::ConvertGemmaToKernelBase<ConvertGemmaToKernel> {
  using ConvertGemmaToKernelBase::ConvertGemmaToKernelBase;
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    if (functions.size() != 1) {
      getOperation().emitError() << "needs one function, the model, but has " << functions.size();
      return signalPassFailure();
    }
    layout::ConvertGemmaToKernelOptions options{kv, context, chunk, lastRows};
    if (failed(Converter(getOperation(), functions.front(), options).run()))
      signalPassFailure();
  }
};

} // namespace
