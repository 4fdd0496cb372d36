// The matrix products: a panel of 32 outputs times a tile of tokens. Nearly all time is spent here.
//
// One block of 32 columns a trip and never more: longer trips lose the hardware's stream detection. Unpacking happens
// in registers for every tile, which is nearly free.
//
// A single token is bound by memory: its panel is walked once, all 32 rows at a time, so that its lines come in one
// stream, and how far ahead to ask for them is a number of the level. Several tokens are bound by products: as many
// rows at a time as the registers hold, the panel walked anew for the others (it is in the cache by then), and the next
// panel is prefetched.
#include "passes/tile/Kernels.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

namespace {

class DotWriter {
public:
  DotWriter(Emitter &e, kernel::Format format, kernel::Packing inputs, int64_t tokens, int64_t tile)
      : e(e), info(kernel::info(format)), inputs(inputs), tokens(tokens), tile(tile),
        lanes(std::min<int64_t>(e.lanes(), 32)), words(e.vec(lanes, e.i32())), bytes(e.vec(4 * lanes, e.i8())),
        floats(e.vec(lanes, e.f32())) {}

  void write(func::FuncOp function);

private:
  /// Offset of vector `index` (rows index * lanes ...) within a run of 32 rows of 4 bytes each.
  int64_t rowOffset(int64_t index) const { return index * lanes * 4; }
  void block(Value weights, Value inputs, int64_t first, int64_t count, SmallVectorImpl<Value> &acc);
  void pairBlock(Value weights, Value inputs, int64_t first, int64_t count, SmallVectorImpl<Value> &acc);
  void integerBlock(Value weights, Value inputs, int64_t first, int64_t count, SmallVectorImpl<Value> &acc);
  void products(Value weights, Value inputs, int64_t from, int64_t to, int64_t first, int64_t count,
                SmallVectorImpl<Value> &sums);
  /// Weight bytes of columns 4 quad .. 4 quad + 3 for vector `index`.
  Value codes(Value weights, int64_t quad, int64_t index);
  Value half(Value weights, int64_t offset, int64_t index) {
    return e.halfToFloat(e.load(e.vec(lanes, e.i16()), e.at(weights, offset + index * lanes * 2)));
  }
  /// Whether products take the weights' codes as signed numbers, zero point taken off.
  bool isSigned() const {
    return info.codeBits == 8 && !info.hasMin && (e.level.signedWeights || e.level.signedProducts);
  }
  int64_t zero() const { return info.hasMin || isSigned() ? 0 : 1 << (info.codeBits - 1); }
  void prefetch(Value block, int32_t locality);

  Emitter &e;
  const kernel::FormatInfo &info;
  kernel::Packing inputs;
  int64_t tokens, tile; ///< the first tokens of a tile are multiplied
  int64_t lanes;
  VectorType words, bytes, floats;
  DenseMap<std::pair<int64_t, int64_t>, std::pair<Value, Value>> nibbles; ///< of the block being written
};

Value DotWriter::codes(Value weights, int64_t quad, int64_t index) {
  if (info.codeBits == 8) {
    Value raw = e.load(bytes, e.at(weights, quad * 128 + rowOffset(index)));
    if (!isSigned() || e.level.signedWeights)
      return raw;
    return arith::XOrIOp::create(e.b, e.loc, raw, e.integer(-128, bytes)); // code - 128
  }
  auto shorts = e.vec(2 * lanes, e.i16());
  auto &[low, high] = nibbles[{quad / 2, index}];
  if (!low) {
    Value raw = e.load(bytes, e.at(weights, quad / 2 * 128 + rowOffset(index)));
    Value mask = e.integer(15, bytes);
    low = arith::AndIOp::create(e.b, e.loc, raw, mask);
    Value shifted = arith::ShRUIOp::create(e.b, e.loc, e.bitcast(raw, shorts), e.integer(4, shorts));
    high = arith::AndIOp::create(e.b, e.loc, e.bitcast(shifted, bytes), mask);
  }
  Value four = quad % 2 ? high : low;
  if (info.codeBits == 4)
    return four;
  // The upper two bits of quad q of 4 stand at bit 2q; they belong at bit 4.
  Value raw = e.load(shorts, e.at(weights, 512 + quad / 4 * 128 + rowOffset(index)));
  int64_t up = 4 - 2 * (quad % 4);
  if (up > 0)
    raw = arith::ShLIOp::create(e.b, e.loc, raw, e.integer(up, shorts));
  else if (up < 0)
    raw = arith::ShRUIOp::create(e.b, e.loc, raw, e.integer(-up, shorts));
  Value two = arith::AndIOp::create(e.b, e.loc, e.bitcast(raw, bytes), e.integer(0x30, bytes));
  return arith::OrIOp::create(e.b, e.loc, four, two);
}

void DotWriter::integerBlock(Value weights, Value inputs, int64_t first, int64_t count, SmallVectorImpl<Value> &acc) {
  nibbles.clear();
  SmallVector<Value> scales(tokens), totals(tokens);
  for (int64_t t = 0; t < tokens; ++t) {
    totals[t] = e.load(e.i32(), e.at(inputs, 36 * tile + 4 * t));
    scales[t] = e.load(e.f32(), e.at(inputs, 40 * tile + 4 * t));
  }
  auto firstHalf = [&](int64_t t) { return e.load(e.i32(), e.at(inputs, 32 * tile + 4 * t)); };
  for (int64_t part = 0; part < info.scales; ++part) {
    SmallVector<Value> sums(tokens * count);
    for (int64_t t = 0; t < tokens; ++t) {
      Value total = info.scales == 1 ? totals[t] : part == 0 ? firstHalf(t) : e.sub(totals[t], firstHalf(t));
      // The sums stand there times -kZeroTerm: for 4-bit codes that is the start itself, one load.
      Value start = zero() ? e.splat(e.mul(total, zero() / kZeroTerm), words) : e.integer(0, words);
      for (int64_t v = 0; v < count; ++v)
        sums[t * count + v] = start;
    }
    products(weights, inputs, part * 8 / info.scales, (part + 1) * 8 / info.scales, first, count, sums);
    int64_t scaleOffset = info.codeBits * 128 + part * 64;
    for (int64_t v = 0; v < count; ++v) {
      Value rowScale = half(weights, scaleOffset, first + v);
      for (int64_t t = 0; t < tokens; ++t) {
        Value dot = arith::SIToFPOp::create(e.b, e.loc, floats, sums[t * count + v]);
        Value &to = acc[t * count + v];
        to = e.fma(e.fmul(dot, rowScale), e.splat(scales[t], floats), to);
      }
    }
  }
  if (!info.hasMin)
    return;
  for (int64_t v = 0; v < count; ++v) {
    Value rowMin = half(weights, info.codeBits * 128 + 64, first + v);
    for (int64_t t = 0; t < tokens; ++t) {
      Value sum = arith::SIToFPOp::create(e.b, e.loc, e.f32(), totals[t]);
      Value total = e.fmul(e.fmul(sum, e.real(-1.0 / kZeroTerm, e.f32())), scales[t]); // a power of two: exact
      acc[t * count + v] = e.fma(rowMin, e.splat(total, floats), acc[t * count + v]);
    }
  }
}

/// Adds the byte products of quads [from, to) to the sums.
void DotWriter::products(Value weights, Value inputs, int64_t from, int64_t to, int64_t first, int64_t count,
                         SmallVectorImpl<Value> &sums) {
  bool sevenBits = info.hasMin && info.codeBits == 8;
  auto maxCode = e.b.getI64IntegerAttr(isSigned() ? 128 : sevenBits ? 127 : (1 << info.codeBits) - 1);
  auto signedCodes = isSigned() ? e.b.getUnitAttr() : UnitAttr();
  for (int64_t quad = from; quad < to; ++quad) {
    SmallVector<Value> rows;
    for (int64_t v = 0; v < count; ++v)
      rows.push_back(codes(weights, quad, first + v));
    for (int64_t t = 0; t < tokens; ++t) {
      Value input = e.splat(e.load(e.i32(), e.at(inputs, (quad * tile + t) * 4)), words);
      for (int64_t v = 0; v < count; ++v)
        sums[t * count + v] = kernel::DotOp::create(e.b, e.loc, words, sums[t * count + v], rows[v],
                                                    e.bitcast(input, bytes), maxCode, signedCodes);
    }
  }
}

void DotWriter::pairBlock(Value weights, Value inputs, int64_t first, int64_t count, SmallVectorImpl<Value> &acc) {
  for (int64_t pair = 0; pair < 16; ++pair) {
    SmallVector<Value> rows;
    for (int64_t v = 0; v < count; ++v)
      rows.push_back(e.load(words, e.at(weights, pair * 128 + rowOffset(first + v))));
    for (int64_t t = 0; t < tokens; ++t) {
      Value input = e.splat(e.load(e.i32(), e.at(inputs, (pair * tile + t) * 4)), words);
      for (int64_t v = 0; v < count; ++v)
        acc[t * count + v] = kernel::PairDotOp::create(e.b, e.loc, floats, acc[t * count + v], rows[v], input);
    }
  }
}

void DotWriter::block(Value weights, Value inputs, int64_t first, int64_t count, SmallVectorImpl<Value> &acc) {
  if (info.integer)
    return integerBlock(weights, inputs, first, count, acc);
  if (this->inputs == kernel::Packing::BF16)
    return pairBlock(weights, inputs, first, count, acc);
  SmallVector<Value> rows(count), pairs(count);
  for (int64_t column = 0; column < 32; ++column) {
    for (int64_t v = 0; v < count; ++v) {
      if (info.codeBits == 32) {
        rows[v] = e.load(floats, e.at(weights, column * 128 + rowOffset(first + v)));
        continue;
      }
      if (column % 2 == 0)
        pairs[v] = e.load(words, e.at(weights, column / 2 * 128 + rowOffset(first + v)));
      Value bits = column % 2 ? Value(arith::AndIOp::create(e.b, e.loc, pairs[v], e.integer(0xffff0000, words)))
                              : Value(arith::ShLIOp::create(e.b, e.loc, pairs[v], e.integer(16, words)));
      rows[v] = e.bitcast(bits, floats);
    }
    for (int64_t t = 0; t < tokens; ++t) {
      Value input = e.splat(e.load(e.f32(), e.at(inputs, (column * tile + t) * 4)), floats);
      for (int64_t v = 0; v < count; ++v)
        acc[t * count + v] = e.fma(rows[v], input, acc[t * count + v]);
    }
  }
}

/// Asks for every line of a block.
void DotWriter::prefetch(Value block, int32_t locality) {
  constexpr int64_t lineBytes = 64;
  for (int64_t line = 0; line < info.panelBlockBytes; line += lineBytes)
    LLVM::Prefetch::create(e.b, e.loc, e.at(block, line), /*write=*/e.b.getI32IntegerAttr(0),
                           e.b.getI32IntegerAttr(locality), /*data=*/e.b.getI32IntegerAttr(1));
}

void DotWriter::write(func::FuncOp function) {
  Value weights = function.getArgument(0), inputs = function.getArgument(1), groups = function.getArgument(2),
        result = function.getArgument(3);
  int64_t inputBytes = packedBlockBytes(this->inputs, tile), vectors = 32 / lanes;
  int64_t count = tokens == 1 ? vectors : std::min(e.level.rowVectors, vectors);
  Value panelBytes = e.mul(groups, info.panelBlockBytes);
  for (int64_t first = 0; first < vectors; first += count) {
    SmallVector<Value> zeros(tokens * count, e.real(0, floats));
    auto sums = e.loop(e.number(0), groups, 1, zeros, [&](Value group, ValueRange carried) {
      Value block = e.at(weights, e.mul(group, info.panelBlockBytes));
      if (tokens > 1 && first == 0 && info.integer)
        prefetch(e.at(block, panelBytes), 2);
      if (tokens == 1 && e.level.prefetchBytes > 0)
        prefetch(e.at(block, e.level.prefetchBytes), 3);
      SmallVector<Value> acc(carried);
      this->block(block, e.at(inputs, e.mul(group, inputBytes)), first, count, acc);
      return acc;
    });
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t v = 0; v < count; ++v)
        e.store(sums[t * count + v], e.at(result, t * 128 + rowOffset(first + v)));
  }
}

} // namespace

void tile::writeDot(Emitter &e, func::FuncOp function, kernel::Format format, kernel::Packing inputs, int64_t tokens,
                    int64_t tile) {
  DotWriter(e, format, inputs, tokens, tile).write(function);
}
