// See Emitter.h.
#include "passes/tile/Emitter.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

Type Emitter::like(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return VectorType::get(vector.getShape(), element);
  return element;
}

Value Emitter::integer(int64_t value, Type type) {
  auto element = cast<IntegerType>(getElementTypeOrSelf(type));
  TypedAttr attr = IntegerAttr::get(element, APInt(element.getWidth(), value, true, true));
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, loc, type, attr);
}

Value Emitter::real(double value, Type type) {
  TypedAttr attr = FloatAttr::get(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, loc, type, attr);
}

Value Emitter::at(Value pointer, Value offset) {
  return LLVM::GEPOp::create(b, loc, ptr(), i8(), pointer, ArrayRef<LLVM::GEPArg>{offset});
}

/// Vectors are only as aligned as their elements: rows have any width.
static unsigned alignment(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isIntOrFloat() ? element.getIntOrFloatBitWidth() / 8 : sizeof(void *);
}

Value Emitter::load(Type type, Value pointer) {
  return LLVM::LoadOp::create(b, loc, type, pointer, alignment(type));
}

Value Emitter::loadShared(Type type, Value pointer) {
  auto op = LLVM::LoadOp::create(b, loc, type, pointer, alignment(type));
  op.setOrdering(LLVM::AtomicOrdering::monotonic);
  return op;
}

void Emitter::store(Value value, Value pointer) {
  LLVM::StoreOp::create(b, loc, value, pointer, alignment(value.getType()));
}

Value Emitter::stack(int64_t bytes) {
  OpBuilder::InsertionGuard guard(b);
  auto function = b.getInsertionBlock()->getParentOp();
  if (!isa<func::FuncOp>(function))
    function = function->getParentOfType<func::FuncOp>();
  b.setInsertionPointToStart(&cast<func::FuncOp>(function).getBody().front());
  return LLVM::AllocaOp::create(b, loc, ptr(), i8(), number(bytes), /*alignment=*/64);
}

Value Emitter::add(Value a, Value c) {
  return arith::AddIOp::create(b, loc, a, c);
}
Value Emitter::sub(Value a, Value c) {
  return arith::SubIOp::create(b, loc, a, c);
}
Value Emitter::mul(Value a, int64_t c) {
  return c == 1 ? a : mul(a, integer(c, a.getType()));
}
Value Emitter::mul(Value a, Value c) {
  return arith::MulIOp::create(b, loc, a, c);
}
Value Emitter::div(Value a, int64_t c) {
  return c == 1 ? a : arith::DivUIOp::create(b, loc, a, integer(c, a.getType()));
}
Value Emitter::rem(Value a, int64_t c) {
  return arith::RemUIOp::create(b, loc, a, integer(c, a.getType()));
}
Value Emitter::min(Value a, Value c) {
  return arith::MinSIOp::create(b, loc, a, c);
}
Value Emitter::max(Value a, Value c) {
  return arith::MaxSIOp::create(b, loc, a, c);
}
Value Emitter::less(Value a, Value c) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, a, c);
}
Value Emitter::equal(Value a, Value c) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, a, c);
}
Value Emitter::select(Value condition, Value a, Value c) {
  return arith::SelectOp::create(b, loc, condition, a, c);
}
Value Emitter::toI64(Value v) {
  return arith::ExtSIOp::create(b, loc, like(v.getType(), i64()), v);
}
Value Emitter::toI32(Value v) {
  return arith::TruncIOp::create(b, loc, like(v.getType(), i32()), v);
}

Value Emitter::fadd(Value a, Value c) {
  return arith::AddFOp::create(b, loc, a, c);
}
Value Emitter::fsub(Value a, Value c) {
  return arith::SubFOp::create(b, loc, a, c);
}
Value Emitter::fmul(Value a, Value c) {
  return arith::MulFOp::create(b, loc, a, c);
}
Value Emitter::fdiv(Value a, Value c) {
  return arith::DivFOp::create(b, loc, a, c);
}
Value Emitter::fmax(Value a, Value c) {
  return select(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, a, c), a, c);
}
Value Emitter::fma(Value a, Value c, Value d) {
  return LLVM::FMulAddOp::create(b, loc, a.getType(), a, c, d);
}
Value Emitter::exp(Value x) {
  return math::ExpOp::create(b, loc, x);
}
Value Emitter::tanh(Value x) {
  return math::TanhOp::create(b, loc, x);
}
Value Emitter::erf(Value x) {
  return math::ErfOp::create(b, loc, x);
}
Value Emitter::log(Value x) {
  return math::LogOp::create(b, loc, x);
}
Value Emitter::log1p(Value x) {
  return math::Log1pOp::create(b, loc, x);
}
Value Emitter::sqrt(Value x) {
  return math::SqrtOp::create(b, loc, x);
}

Value Emitter::splat(Value scalar, Type type) {
  return isa<VectorType>(type) ? vector::BroadcastOp::create(b, loc, type, scalar).getResult() : scalar;
}
Value Emitter::sum(Value v) {
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, v);
}
Value Emitter::sumInt(Value v) {
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, v);
}

/// Halves again and again: the fmax above stays a plain maximum, where a reduction would mind NaN.
Value Emitter::largest(Value v) {
  int64_t lanes = cast<VectorType>(v.getType()).getNumElements();
  for (; lanes > 1; lanes /= 2) {
    Value low = vector::ExtractStridedSliceOp::create(b, loc, v, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{lanes / 2},
                                                      ArrayRef<int64_t>{1});
    Value high = vector::ExtractStridedSliceOp::create(b, loc, v, ArrayRef<int64_t>{lanes / 2},
                                                       ArrayRef<int64_t>{lanes / 2}, ArrayRef<int64_t>{1});
    v = fmax(low, high);
  }
  return vector::ExtractOp::create(b, loc, v, 0);
}

Value Emitter::bitcast(Value value, Type type) {
  if (isa<VectorType>(type))
    return vector::BitCastOp::create(b, loc, cast<VectorType>(type), value);
  return arith::BitcastOp::create(b, loc, type, value);
}

Value Emitter::halfToFloat(Value bits) {
  Type type = bits.getType(), words = like(type, i32());
  if (level.halfConversion)
    return arith::ExtFOp::create(b, loc, like(type, f32()), bitcast(bits, like(type, b.getF16Type())));
  // Exponent and mantissa moved up, then the bias corrected by a multiplication, which also handles subnormals.
  Value wide = arith::ExtUIOp::create(b, loc, words, bits);
  Value magnitude =
      arith::ShLIOp::create(b, loc, arith::AndIOp::create(b, loc, wide, integer(0x7fff, words)), integer(13, words));
  Value sign =
      arith::ShLIOp::create(b, loc, arith::AndIOp::create(b, loc, wide, integer(0x8000, words)), integer(16, words));
  Value scaled = fmul(bitcast(magnitude, like(type, f32())), real(5.192296858534828e33, like(type, f32()))); // 2^112
  return bitcast(arith::OrIOp::create(b, loc, bitcast(scaled, words), sign), like(type, f32()));
}

Value Emitter::roundToInt(Value value, Type type) {
  // 1.5 * 2^23: adding it rounds a small number to the nearest integer, which then stands in the low bits.
  Value rounded = fadd(value, real(12582912.0, value.getType()));
  return sub(bitcast(rounded, type), integer(0x4B400000, type));
}

Value Emitter::toHalf(Value value) {
  Type words = i32();
  Value largest = real(65504, f32());
  value = select(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, value, largest), largest, value);
  // Normal numbers: drop 13 bits of mantissa with rounding, then correct the bias. Below, in steps of 2^-24.
  Value bits = bitcast(value, words);
  Value odd =
      arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, bits, integer(13, words)), integer(1, words));
  Value dropped = arith::ShRUIOp::create(b, loc, add(bits, add(odd, integer(0xfff, words))), integer(13, words));
  Value normal = sub(dropped, integer(112 << 10, words));
  Value small = roundToInt(fmul(value, real(0x1p24, f32())), words);
  Value isSmall = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, value, real(0x1p-14, f32()));
  return arith::TruncIOp::create(b, loc, i16(), select(isSmall, small, normal));
}

Value Emitter::toBf16(Value value) {
  Type words = like(value.getType(), i32());
  Value bits = bitcast(value, words);
  Value odd =
      arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, bits, integer(16, words)), integer(1, words));
  Value rounded = add(bits, add(odd, integer(0x7fff, words)));
  return arith::TruncIOp::create(b, loc, like(value.getType(), i16()),
                                 arith::ShRUIOp::create(b, loc, rounded, integer(16, words)));
}

void Emitter::loop(Value from, Value to, int64_t step, function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(b, loc, from, to, number(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

SmallVector<Value> Emitter::loop(Value from, Value to, int64_t step, ValueRange inits,
                                 function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(b, loc, from, to, number(step), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  SmallVector<Value> next = body(op.getInductionVar(), op.getRegionIterArgs());
  scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(op.getResults());
}

void Emitter::ifThen(Value condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  body();
}

void Emitter::ifElse(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  then();
  b.setInsertionPointToStart(op.elseBlock());
  otherwise();
}

void Emitter::claim(Value step, Value count, function_ref<void(Value)> body) {
  auto op = scf::WhileOp::create(b, loc, TypeRange(i64()), ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&op.getBefore());
  Value item = LLVM::AtomicRMWOp::create(b, loc, LLVM::AtomicBinOp::add, at(step, GM_STEP_CLAIM), number(1),
                                         LLVM::AtomicOrdering::monotonic);
  scf::ConditionOp::create(b, loc, less(item, count), item);
  Block *after = b.createBlock(&op.getAfter(), {}, TypeRange(i64()), {loc});
  body(after->getArgument(0));
  scf::YieldOp::create(b, loc);
}

void Emitter::claimRuns(Value step, Value count, function_ref<void(Value)> body) {
  Value shares = mul(stepField(step, GM_STEP_THREADS, i64()), 2);
  auto op = scf::WhileOp::create(b, loc, TypeRange{i64(), i64()}, ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&op.getBefore());
  Value counter = at(step, GM_STEP_CLAIM);
  // What others claim meanwhile makes the run a little longer than meant, no more.
  Value rest = max(sub(count, loadShared(i64(), counter)), number(0));
  Value length = max(arith::DivUIOp::create(b, loc, rest, shares), number(1));
  Value first =
      LLVM::AtomicRMWOp::create(b, loc, LLVM::AtomicBinOp::add, counter, length, LLVM::AtomicOrdering::monotonic);
  scf::ConditionOp::create(b, loc, less(first, count), ValueRange{first, min(add(first, length), count)});
  Block *after = b.createBlock(&op.getAfter(), {}, TypeRange{i64(), i64()}, {loc, loc});
  loop(after->getArgument(0), after->getArgument(1), 1, body);
  scf::YieldOp::create(b, loc);
}

void Emitter::columns(int64_t count, function_ref<void(Value, Type)> body) {
  int64_t width = lanes(), whole = count / width * width;
  if (whole)
    loop(number(0), number(whole * 4), width * 4, [&](Value offset) { body(offset, vec(width, f32())); });
  if (whole < count)
    loop(number(whole * 4), number(count * 4), 4, [&](Value offset) { body(offset, f32()); });
}

Value Emitter::reduceSum(int64_t count, function_ref<Value(Value, Type, Value)> body) {
  int64_t width = lanes(), whole = count / width * width;
  Value total = real(0, f32());
  if (whole) {
    Type type = vec(width, f32());
    Value parts = loop(number(0), number(whole * 4), width * 4, ValueRange(real(0, type)),
                       [&](Value offset, ValueRange acc) { return SmallVector<Value>{body(offset, type, acc[0])}; })[0];
    total = sum(parts);
  }
  if (whole < count)
    total = loop(number(whole * 4), number(count * 4), 4, ValueRange(total),
                 [&](Value offset, ValueRange acc) { return SmallVector<Value>{body(offset, f32(), acc[0])}; })[0];
  return total;
}
