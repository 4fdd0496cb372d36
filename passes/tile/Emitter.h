// Short words for writing loops, vectors and addresses. Addresses are `!llvm.ptr` with byte offsets: layouts here are
// ours and denser than a memref can say.
#ifndef PASSES_TILE_EMITTER_H
#define PASSES_TILE_EMITTER_H

#include "passes/tile/Passes.h"

#include "dialects/kernel/Step.h"

namespace gemmac::tile {

class Emitter {
public:
  Emitter(mlir::OpBuilder &builder, mlir::Location loc, const kernel::LevelInfo &level)
      : b(builder), loc(loc), level(level) {}

  using Value = mlir::Value;
  using Type = mlir::Type;

  // Types.
  Type i8() { return b.getI8Type(); }
  Type i16() { return b.getI16Type(); }
  Type i32() { return b.getI32Type(); }
  Type i64() { return b.getI64Type(); }
  Type f32() { return b.getF32Type(); }
  Type f64() { return b.getF64Type(); }
  Type ptr() { return mlir::LLVM::LLVMPointerType::get(b.getContext()); }
  mlir::VectorType vec(int64_t lanes, Type element) { return mlir::VectorType::get({lanes}, element); }
  /// Lanes of float32 in one vector of the level.
  int64_t lanes() const { return level.vectorBits / 32; }
  /// `type` with another element, keeping its lanes (if it has any).
  Type like(Type type, Type element);

  // Constants; `type` may be a scalar or a vector.
  Value number(int64_t value) { return integer(value, i64()); }
  Value integer(int64_t value, Type type);
  Value real(double value, Type type);

  // Memory. Offsets in bytes.
  Value at(Value pointer, Value offset);
  Value at(Value pointer, int64_t offset) { return offset ? at(pointer, number(offset)) : pointer; }
  Value load(Type type, Value pointer);
  void store(Value value, Value pointer);
  /// A read that may meet other threads' writes: it gets one of the values that stood there.
  Value loadShared(Type type, Value pointer);
  Value stepField(Value step, int64_t offset, Type type) { return load(type, at(step, offset)); }
  /// Memory on the stack, 64-byte aligned, allocated once at the start of the function.
  Value stack(int64_t bytes);

  // 64-bit index arithmetic.
  Value add(Value a, Value c);
  Value add(Value a, int64_t c) { return add(a, number(c)); }
  Value sub(Value a, Value c);
  Value mul(Value a, int64_t c);
  Value mul(Value a, Value c);
  Value div(Value a, int64_t c); ///< of non-negative numbers
  Value rem(Value a, int64_t c);
  Value ceilDiv(Value a, int64_t c) { return div(add(a, c - 1), c); }
  Value min(Value a, Value c);
  Value max(Value a, Value c);
  Value less(Value a, Value c);
  Value equal(Value a, Value c);
  Value select(Value condition, Value a, Value c);
  Value toI64(Value i32Value);
  Value toI32(Value i64Value);

  // Arithmetic on float32 scalars or vectors.
  Value fadd(Value a, Value c);
  Value fsub(Value a, Value c);
  Value fmul(Value a, Value c);
  Value fdiv(Value a, Value c);
  Value fmax(Value a, Value c); ///< for numbers that are not NaN
  /// a * c + d, fused where the level can.
  Value fma(Value a, Value c, Value d);
  Value exp(Value x);
  Value tanh(Value x);
  Value erf(Value x);
  Value log(Value x);
  Value log1p(Value x);
  Value sqrt(Value x);
  Value splat(Value scalar, Type type);
  Value sum(Value vector); ///< of a float vector, in a fixed order
  Value sumInt(Value vector);
  Value largest(Value vector);
  Value bitcast(Value value, Type type);
  /// float32 of f16 bits (a vector of i16), exact for finite numbers.
  Value halfToFloat(Value bits);
  /// f16 bits (i16) of a float32 scalar that is not negative, rounded to nearest even; at most the largest finite one.
  Value toHalf(Value f32Value);
  /// The nearest integers, ties to even, of numbers below 2^22.
  Value roundToInt(Value f32Value, Type type);
  /// bf16 bits (i16), rounded to nearest even.
  Value toBf16(Value f32Value);

  // Control.
  void loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body);
  mlir::SmallVector<Value> loop(Value from, Value to, int64_t step, mlir::ValueRange inits,
                                llvm::function_ref<mlir::SmallVector<Value>(Value, mlir::ValueRange)> body);
  void ifThen(Value condition, llvm::function_ref<void()> body);
  void ifElse(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);
  /// Claims items 0..count-1 one after another together with the other threads.
  void claim(Value step, Value count, llvm::function_ref<void(Value)> body);
  /// The same in runs of neighbours, long at first and shorter towards the end: memory is then read in long streams,
  /// and a thread whose core is taken away holds nobody up for long.
  void claimRuns(Value step, Value count, llvm::function_ref<void(Value)> body);
  /// Runs `body` for byte offsets of `columns` floats: whole vectors, then single floats. The body gets the offset and
  /// the type.
  void columns(int64_t count, llvm::function_ref<void(Value, Type)> body);
  /// Reduces over columns in a fixed order; `body` returns the new accumulator.
  Value reduceSum(int64_t count, llvm::function_ref<Value(Value, Type, Value)> body);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const kernel::LevelInfo &level;
};

} // namespace gemmac::tile
#endif
