// See PhaseCode.h. The table of writers is here: one row for each operation that is a phase.
#include "passes/tile/PhaseCode.h"

#include "passes/tile/Kernels.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

void tile::makeLocal(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  function.setPrivate();
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  function->setAttr("passthrough", Builder(context).getStrArrayAttr({"noinline"}));
}

Value PhaseCode::rowCount(gemma::Rows rows) const {
  return e.stepField(step, rows == gemma::Rows::Last ? GM_STEP_LAST_ROWS : GM_STEP_TOKEN_COUNT, e.i64());
}

Value PhaseCode::firstRow(gemma::Rows rows) const {
  return rows == gemma::Rows::Last ? e.stepField(step, GM_STEP_FIRST_ROW, e.i64()) : e.number(0);
}

Value StepSequences::count() const {
  return shape.allRows == 1 ? e.number(1) : e.stepField(step, GM_STEP_SEQUENCE_COUNT, e.i64());
}

Value StepSequences::rowsOfEach() const {
  if (shape.allRows == 1)
    return e.number(1);
  return arith::DivUIOp::create(e.b, e.loc, e.stepField(step, GM_STEP_TOKEN_COUNT, e.i64()), count());
}

Value StepSequences::field(Value sequence, int64_t offset, Type type) const {
  Value entry = e.at(e.stepField(step, GM_STEP_SEQUENCES, e.ptr()), e.mul(sequence, GM_SEQUENCE_BYTES));
  return e.load(type, e.at(entry, offset));
}

Value StepSequences::table(Value sequence) const {
  return field(sequence, GM_SEQUENCE_TABLE, e.ptr());
}

Value StepSequences::position(Value sequence) const {
  return field(sequence, GM_SEQUENCE_POSITION, e.i64());
}

Value StepSequences::of(Value row) const {
  return shape.allRows == 1 ? e.number(0) : arith::DivUIOp::create(e.b, e.loc, row, rowsOfEach()).getResult();
}

Value StepSequences::positionOf(Value row) const {
  Value sequence = of(row);
  return e.add(position(sequence), e.sub(row, e.mul(sequence, rowsOfEach())));
}

SmallVector<Type> DotFunctions::dotArguments() {
  Type ptr = LLVM::LLVMPointerType::get(module.getContext());
  return {ptr, ptr, IntegerType::get(module.getContext(), 64), ptr};
}

func::FuncOp DotFunctions::make(const std::string &name, Location loc, TypeRange arguments,
                                function_ref<void(Emitter &, func::FuncOp)> write) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(b, loc, name, b.getFunctionType(arguments, {}));
  makeLocal(function);
  b.setInsertionPointToStart(function.addEntryBlock());
  Emitter e(b, loc, level);
  write(e, function);
  func::ReturnOp::create(b, loc);
  return function;
}

func::FuncOp DotFunctions::get(kernel::Format format, kernel::Packing inputs, int64_t tile, Location loc,
                               std::optional<int64_t> some) {
  int64_t tokens = some.value_or(tile);
  func::FuncOp &known = functions[{format, inputs, tile, tokens}];
  if (known)
    return known;
  std::string name =
      ("dot_" + kernel::stringifyFormat(format) + "_" + kernel::stringifyPacking(inputs) + "_" + Twine(tokens)).str();
  if (tokens < tile)
    name += "_of_" + std::to_string(tile);
  return known = make(name, loc, dotArguments(),
                      [&](Emitter &e, func::FuncOp function) { writeDot(e, function, format, inputs, tokens, tile); });
}

func::FuncOp DotFunctions::values(kernel::CacheFormat format, int64_t tile, Location loc) {
  func::FuncOp &known = valueFunctions[{format, tile}];
  auto write = format == kernel::CacheFormat::TQ4 ? writeCodebookValueDot : writeValueDot;
  if (!known)
    known = make(("dot_values_" + kernel::stringifyCacheFormat(format) + "_" + Twine(tile)).str(), loc, dotArguments(),
                 [&](Emitter &e, func::FuncOp function) { write(e, function, tile); });
  return known;
}

func::FuncOp DotFunctions::hadamard(int64_t size, Location loc) {
  func::FuncOp &known = hadamards[size];
  if (!known)
    known = make("hadamard_" + std::to_string(size), loc, LLVM::LLVMPointerType::get(module.getContext()),
                 [&](Emitter &e, func::FuncOp function) { writeHadamard(e, function, size); });
  return known;
}

Value tile::addressOf(Emitter &e, Value place, Value step) {
  if (auto weight = place.getDefiningOp<kernel::WeightOp>())
    return e.at(e.stepField(step, GM_STEP_WEIGHTS, e.ptr()), static_cast<int64_t>(weight.getOffset()));
  if (auto cache = place.getDefiningOp<kernel::CacheOp>())
    return e.at(e.stepField(step, GM_STEP_KV, e.ptr()), static_cast<int64_t>(*cache.getOffset()));
  if (auto buffer = place.getDefiningOp<kernel::BufferOp>()) {
    if (buffer.getExternal() == kernel::External::Hidden)
      return e.at(e.stepField(step, GM_STEP_HIDDEN, e.ptr()), static_cast<int64_t>(*buffer.getOffset()));
    if (buffer.getExternal())
      return e.stepField(step, GM_STEP_LOGITS, e.ptr());
    return e.at(e.stepField(step, GM_STEP_ARENA, e.ptr()), static_cast<int64_t>(*buffer.getOffset()));
  }
  return e.stepField(step, GM_STEP_TOKENS, e.ptr()); // the plan's argument: the ids
}

Value tile::pageAddress(Emitter &e, kernel::CacheType type, Value cache, Value table, Value page) {
  return e.at(cache, e.load(e.i64(), e.at(table, e.mul(e.add(page, static_cast<int64_t>(type.getTable())), 8))));
}

namespace {

using Writer = void (*)(PhaseCode, Operation *);

template <class Op, void (*write)(PhaseCode, Op)> std::pair<StringRef, Writer> row() {
  return {Op::getOperationName(), [](PhaseCode code, Operation *op) { write(code, cast<Op>(op)); }};
}

} // namespace

void tile::writePhase(PhaseCode code, Operation *phase) {
  static const llvm::StringMap<Writer> writers{
      row<kernel::RowsOp, writeRows>(),
      row<kernel::ProjectOp, writeProject>(),
      row<kernel::AttentionOp, writeAttention>(),
      row<kernel::RopeTableOp, writeRopeTable>(),
      row<kernel::ExpertSlotsOp, writeExpertSlots>(),
      row<kernel::ExpertGatherOp, writeExpertGather>(),
      row<kernel::ExpertProjectOp, writeExpertProject>(),
      row<kernel::ExpertCombineOp, writeExpertCombine>(),
      row<kernel::TapOp, writeTap>(),
  };
  writers.at(phase->getName().getStringRef())(code, phase);
}
