// Values in format tq4, as TurboQuant (arXiv 2504.19874) codes a vector: rotated so that its dimensions look like draws
// of a normal distribution, each coded alone with that distribution's best 16 numbers, and one scale.
//
// The rotation is y = H (s * x) / sqrt(d), H the Sylvester-Hadamard matrix and s fixed signs. Sums of rotated values
// are rotated back once, so no value ever is. A block is ceil(d / 32) panels of 32 slots x 16 bytes, then 32 scales in
// f16; byte j of a slot holds dimension j of the panel in its low four bits and dimension 16 + j in its high ones.
#include "passes/tile/Kernels.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

namespace {

/// The upper half of the best 16 numbers for N(0, 1) in mean square; the lower one has the other sign.
constexpr double kBook[] = {0.128395, 0.388048, 0.656759, 0.942340, 1.256231, 1.618046, 2.069017, 2.732590};
constexpr int64_t kCodes = 16;

double centroid(int64_t code) {
  return code < 8 ? -kBook[7 - code] : kBook[code - 8];
}

/// The book in bytes: 127 stands for the largest number.
constexpr double kByteUnit = kBook[7] / 127;

SmallVector<int8_t> byteTable() {
  SmallVector<int8_t> table;
  for (int64_t code = 0; code < kCodes; ++code)
    table.push_back(static_cast<int8_t>(std::lround(centroid(code) / kByteUnit)));
  return table;
}

/// The top bit of splitmix64 for this dimension: the same in every file.
bool isNegative(uint64_t dimension) {
  uint64_t z = (dimension + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return (z ^ z >> 31) >> 63;
}

/// Where s / sqrt(size) lies, float [size].
Value rotationFactors(PhaseCode code, int64_t size) {
  Emitter &e = code.e;
  std::string name = "rotation_" + std::to_string(size);
  if (!code.module.lookupSymbol(name)) {
    OpBuilder b = OpBuilder::atBlockBegin(code.module.getBody());
    SmallVector<float> factors;
    for (int64_t i = 0; i < size; ++i)
      factors.push_back(static_cast<float>((isNegative(i) ? -1 : 1) / std::sqrt(static_cast<double>(size))));
    auto numbers = RankedTensorType::get({size}, b.getF32Type());
    auto type = LLVM::LLVMArrayType::get(b.getF32Type(), size);
    LLVM::GlobalOp::create(b, e.loc, type, /*isConstant=*/true, LLVM::Linkage::Private, name,
                           DenseElementsAttr::get(numbers, ArrayRef(factors)), /*alignment=*/64);
  }
  return LLVM::AddressOfOp::create(e.b, e.loc, e.ptr(), name);
}

/// Writes one row of values.
class CodebookWriter {
public:
  CodebookWriter(PhaseCode code, kernel::CacheType type, Value block, Value slot)
      : code(code), e(code.e), block(block), slot(slot), size(type.getHeadDim()) {}
  void write(Value source);

private:
  void rotate(Value source);
  std::pair<Value, Value> choose(Value unit);

  PhaseCode code;
  Emitter &e;
  Value block, slot, rotated;
  int64_t size;
};

void CodebookWriter::rotate(Value source) {
  rotated = e.stack(size * 4);
  Value factors = rotationFactors(code, size);
  e.columns(size, [&](Value offset, Type type) {
    e.store(e.fmul(e.load(type, e.at(source, offset)), e.load(type, e.at(factors, offset))), e.at(rotated, offset));
  });
  func::CallOp::create(e.b, e.loc, code.dots.hadamard(size, e.loc), ValueRange{rotated});
}

/// Of each number the code, which counts the boundaries below it, and the number that the code stands for.
std::pair<Value, Value> CodebookWriter::choose(Value unit) {
  auto floats = cast<VectorType>(unit.getType()), words = e.vec(floats.getNumElements(), e.i32());
  Value chosen = e.integer(0, words), number = e.real(centroid(0), floats);
  for (int64_t next = 1; next < kCodes; ++next) {
    Value boundary = e.real((centroid(next - 1) + centroid(next)) / 2, floats);
    Value above = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT, unit, boundary);
    chosen = e.select(above, e.integer(next, words), chosen);
    number = e.select(above, e.real(centroid(next), floats), number);
  }
  return {chosen, number};
}

void CodebookWriter::write(Value source) {
  rotate(source);
  Value squares = e.reduceSum(size, [&](Value offset, Type type, Value sum) {
    Value y = e.load(type, e.at(rotated, offset));
    return e.fma(y, y, sum);
  });
  Value positive = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT, squares, e.real(0, e.f32()));
  Value norm = e.sqrt(e.select(positive, squares, e.real(1, e.f32())));
  Value inverse = e.fdiv(e.real(std::sqrt(static_cast<double>(size)), e.f32()), norm);
  auto floats = e.vec(32, e.f32());
  Value none = e.real(0, floats);
  int64_t panelBytes = kernel::cachePanelBytes(kernel::CacheFormat::TQ4), panels = size / 32;
  auto sums = e.loop(e.number(0), e.number(panels), 1, {none, none}, [&](Value panel, ValueRange carried) {
    Value y = e.load(floats, e.at(rotated, e.mul(panel, 128)));
    auto [chosen, number] = choose(e.fmul(y, e.splat(inverse, floats)));
    Value bytes = arith::TruncIOp::create(e.b, e.loc, e.vec(32, e.i8()), chosen);
    auto half = [&](int64_t from) {
      return vector::ExtractStridedSliceOp::create(e.b, e.loc, bytes, ArrayRef<int64_t>{from}, ArrayRef<int64_t>{16},
                                                   ArrayRef<int64_t>{1});
    };
    Value high = arith::ShLIOp::create(e.b, e.loc, half(16), e.integer(4, e.vec(16, e.i8())));
    Value both = arith::OrIOp::create(e.b, e.loc, half(0), high);
    e.store(both, e.at(e.at(block, e.mul(panel, panelBytes)), e.mul(slot, 16)));
    return SmallVector<Value>{e.fma(y, number, carried[0]), e.fma(number, number, carried[1])};
  });
  // The scale with the least squared error: <y, c> / <c, c>.
  Value half = e.toHalf(e.fdiv(e.sum(sums[0]), e.sum(sums[1])));
  e.store(half, e.at(e.at(block, panels * panelBytes), e.mul(slot, 2)));
}

} // namespace

void tile::writeCodebookSlot(PhaseCode code, kernel::CacheType type, Value block, Value slot, Value source) {
  CodebookWriter(code, type, block, slot).write(source);
}

void tile::loadCodebookScales(Emitter &e, kernel::CacheType type, Value block, Value to) {
  Value scales = e.at(block, kernel::cacheBlockBytes(type) - 64);
  for (int64_t at = 0, lanes = e.lanes(); at < 32; at += lanes) {
    Value numbers = e.halfToFloat(e.load(e.vec(lanes, e.i16()), e.at(scales, at * 2)));
    e.store(e.fmul(numbers, e.real(kByteUnit, numbers.getType())), e.at(to, at * 4));
  }
}

void tile::unrotate(PhaseCode code, Value row, int64_t size) {
  Emitter &e = code.e;
  func::CallOp::create(e.b, e.loc, code.dots.hadamard(size, e.loc), ValueRange{row});
  Value factors = rotationFactors(code, size);
  e.columns(size, [&](Value offset, Type type) {
    e.store(e.fmul(e.load(type, e.at(row, offset)), e.load(type, e.at(factors, offset))), e.at(row, offset));
  });
}

/// Bytes of the table become numbers in registers; a slot's scale is in its weight already.
void tile::writeCodebookValueDot(Emitter &e, func::FuncOp function, int64_t tile) {
  Value panel = function.getArgument(0), weights = function.getArgument(1), result = function.getArgument(3);
  int64_t lanes = std::min<int64_t>(e.lanes(), 16), vectors = 32 / lanes;
  int64_t count = std::min(e.level.rowVectors, vectors);
  auto floats = e.vec(lanes, e.f32()), bytes = e.vec(16, e.i8());
  auto table = e.b.getDenseI8ArrayAttr(byteTable());
  for (int64_t first = 0; first < vectors; first += count) {
    SmallVector<Value> zeros(tile * count, e.real(0, floats));
    auto sums = e.loop(e.number(0), e.number(32), 1, zeros, [&](Value slot, ValueRange carried) {
      SmallVector<Value> acc(carried), rows;
      Value raw = e.load(bytes, e.at(panel, e.mul(slot, 16)));
      Value halves[] = {arith::AndIOp::create(e.b, e.loc, raw, e.integer(15, bytes)),
                        arith::ShRUIOp::create(e.b, e.loc, raw, e.integer(4, bytes))};
      for (int64_t v = first; v < first + count; ++v) {
        Value numbers = kernel::LookupOp::create(e.b, e.loc, bytes, halves[v * lanes / 16], table);
        Value part = vector::ExtractStridedSliceOp::create(e.b, e.loc, numbers, ArrayRef<int64_t>{v * lanes % 16},
                                                           ArrayRef<int64_t>{lanes}, ArrayRef<int64_t>{1});
        Value wide = arith::ExtSIOp::create(e.b, e.loc, e.vec(lanes, e.i32()), part);
        rows.push_back(arith::SIToFPOp::create(e.b, e.loc, floats, wide));
      }
      for (int64_t t = 0; t < tile; ++t) {
        Value weight = e.splat(e.load(e.f32(), e.at(e.at(weights, t * 4), e.mul(slot, tile * 4))), floats);
        for (int64_t v = 0; v < count; ++v)
          acc[t * count + v] = e.fma(rows[v], weight, acc[t * count + v]);
      }
      return acc;
    });
    for (int64_t t = 0; t < tile; ++t)
      for (int64_t v = 0; v < count; ++v)
        e.store(sums[t * count + v], e.at(result, t * 128 + (first + v) * lanes * 4));
  }
}

/// Sums and differences of numbers 1, 2, 4, ... apart: within vectors first.
void tile::writeHadamard(Emitter &e, func::FuncOp function, int64_t size) {
  Value data = function.getArgument(0);
  int64_t lanes = std::min(e.lanes(), size);
  auto floats = e.vec(lanes, e.f32());
  e.loop(e.number(0), e.number(size * 4), lanes * 4, [&](Value offset) {
    Value x = e.load(floats, e.at(data, offset));
    for (int64_t apart = 1; apart < lanes; apart *= 2) {
      SmallVector<int64_t> partners;
      SmallVector<float> signs;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        partners.push_back(lane ^ apart);
        signs.push_back(lane & apart ? -1.0f : 1.0f);
      }
      Value partner = vector::ShuffleOp::create(e.b, e.loc, x, x, partners);
      Value sign = arith::ConstantOp::create(e.b, e.loc, floats, DenseElementsAttr::get(floats, ArrayRef(signs)));
      x = e.fadd(partner, e.fmul(x, sign));
    }
    e.store(x, e.at(data, offset));
  });
  for (int64_t apart = lanes; apart < size; apart *= 2)
    e.loop(e.number(0), e.number(size * 4), apart * 8, [&](Value run) {
      e.loop(e.number(0), e.number(apart * 4), lanes * 4, [&](Value offset) {
        Value first = e.at(e.at(data, run), offset), second = e.at(first, apart * 4);
        Value a = e.load(floats, first), c = e.load(floats, second);
        e.store(e.fadd(a, c), first);
        e.store(e.fsub(a, c), second);
      });
    });
}
