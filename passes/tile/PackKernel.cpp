// Activations into the layout that products read, and rows of tables: everything that moves single rows.
#include "passes/tile/Kernels.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

/// 1.5 * 2^23: adding it rounds a small number to the nearest integer (ties to even), which then stands in the low
/// bits.
static constexpr double kRound = 12582912.0;
static constexpr int64_t kRoundBits = 0x4B400000;

/// Word after word, the tokens of a tile beside each other.
static void spread(Emitter &e, Value words, Value block, Value lane, int64_t tile) {
  if (tile == 1)
    return e.store(words, block);
  Value laneBytes = e.mul(lane, 4);
  for (int64_t i = 0, n = cast<VectorType>(words.getType()).getNumElements(); i < n; ++i)
    e.store(vector::ExtractOp::create(e.b, e.loc, words, i), e.at(e.at(block, i * tile * 4), laneBytes));
}

Value tile::packCodes(Emitter &e, Value x, Value block, Value lane, int64_t tile) {
  auto floats = e.vec(32, e.f32()), words = e.vec(32, e.i32());
  Value laneBytes = e.mul(lane, 4);
  Value amax = e.largest(math::AbsFOp::create(e.b, e.loc, x));
  Value positive = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT, amax, e.real(0, e.f32()));
  Value inverse = e.select(positive, e.fdiv(e.real(127, e.f32()), amax), e.real(0, e.f32()));
  Value rounded = e.fadd(e.fmul(x, e.splat(inverse, floats)), e.real(kRound, floats));
  Value codes = e.sub(e.bitcast(rounded, words), e.integer(kRoundBits, words));
  Value bytes = arith::TruncIOp::create(e.b, e.loc, e.vec(32, e.i8()), codes);
  spread(e, e.bitcast(bytes, e.vec(8, e.i32())), block, lane, tile);
  Value first = vector::ExtractStridedSliceOp::create(e.b, e.loc, codes, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{16},
                                                      ArrayRef<int64_t>{1});
  Value scale = e.fmul(amax, e.real(1.0 / 127, e.f32()));
  e.store(e.mul(e.sumInt(first), -kZeroTerm), e.at(e.at(block, 32 * tile), laneBytes));
  e.store(e.mul(e.sumInt(codes), -kZeroTerm), e.at(e.at(block, 36 * tile), laneBytes));
  e.store(scale, e.at(e.at(block, 40 * tile), laneBytes));
  return e.fmul(arith::SIToFPOp::create(e.b, e.loc, floats, codes), e.splat(scale, floats));
}

void tile::packGroup(Emitter &e, Value source, Value block, Value lane, kernel::Packing kind, int64_t tile) {
  Value x = e.load(e.vec(32, e.f32()), source);
  if (kind == kernel::Packing::I8)
    packCodes(e, x, block, lane, tile);
  else
    spread(e, kind == kernel::Packing::F32 ? x : e.bitcast(e.toBf16(x), e.vec(16, e.i32())), block, lane, tile);
}

void tile::packRow(Emitter &e, Value source, Value buffer, Value row, int64_t width, kernel::Packing kind,
                   int64_t tile) {
  int64_t groups = kernel::ceilDiv(width, 32), bytes = packedBlockBytes(kind, tile);
  Value lane = e.rem(row, tile);
  Value base = e.at(buffer, e.mul(e.div(row, tile), groups * bytes));
  if (width / 32)
    e.loop(e.number(0), e.number(width / 32), 1, [&](Value group) {
      packGroup(e, e.at(source, e.mul(group, 128)), e.at(base, e.mul(group, bytes)), lane, kind, tile);
    });
  if (width % 32 == 0)
    return;
  Value padded = e.stack(128);
  e.store(e.real(0, e.vec(32, e.f32())), padded);
  e.loop(e.number(0), e.number(width % 32 * 4), 4, [&](Value offset) {
    e.store(e.load(e.f32(), e.at(e.at(source, width / 32 * 128), offset)), e.at(padded, offset));
  });
  packGroup(e, padded, e.at(base, (groups - 1) * bytes), lane, kind, tile);
}

namespace {

/// Decodes one row of a table, 32 columns at a time, to floats at `out`.
class RowReader {
public:
  RowReader(Emitter &e, kernel::WeightType type) : e(e), type(type), info(kernel::info(type.getFormat())) {}

  void read(Value table, Value id, double scale, Value out);

private:
  Value groupFromRows(Value group);
  Value groupFromPanel(Value block, Value row);
  /// `scale` and `min` are single numbers, or vectors as long as `codes`.
  Value scaled(Value codes, Value scale, Value min, int64_t zero, bool isSigned);
  /// Two scales, each for half of 32 columns.
  Value twoScales(Value low, Value high);
  Value halfAt(Value pointer) {
    Value bits = e.load(e.vec(1, e.i16()), pointer);
    return vector::ExtractOp::create(e.b, e.loc, e.halfToFloat(bits), 0);
  }
  Value nibblePair(Value raw, VectorType half); ///< low nibbles, then high nibbles

  Emitter &e;
  kernel::WeightType type;
  const kernel::FormatInfo &info;
};

Value RowReader::scaled(Value codes, Value scale, Value min, int64_t zero, bool isSigned) {
  auto words = e.like(codes.getType(), e.i32()), floats = e.like(codes.getType(), e.f32());
  Value wide = isSigned ? Value(arith::ExtSIOp::create(e.b, e.loc, words, codes))
                        : Value(arith::ExtUIOp::create(e.b, e.loc, words, codes));
  Value number = arith::SIToFPOp::create(e.b, e.loc, floats, zero ? e.sub(wide, e.integer(zero, words)) : wide);
  Value value = e.fmul(number, scale.getType() == floats ? scale : e.splat(scale, floats));
  return min ? e.fadd(value, e.splat(min, floats)) : value;
}

Value RowReader::nibblePair(Value raw, VectorType half) {
  Value low = arith::AndIOp::create(e.b, e.loc, raw, e.integer(15, half));
  Value high = arith::ShRUIOp::create(e.b, e.loc, raw, e.integer(4, half));
  auto both = e.vec(2 * half.getNumElements(), e.i8());
  Value joined = e.integer(0, both);
  joined = vector::InsertStridedSliceOp::create(e.b, e.loc, low, joined, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{1});
  return vector::InsertStridedSliceOp::create(e.b, e.loc, high, joined, ArrayRef<int64_t>{half.getNumElements()},
                                              ArrayRef<int64_t>{1});
}

Value RowReader::twoScales(Value low, Value high) {
  auto half = e.vec(16, e.f32());
  Value both = e.real(0, e.vec(32, e.f32()));
  both = vector::InsertStridedSliceOp::create(e.b, e.loc, e.splat(low, half), both, ArrayRef<int64_t>{0},
                                              ArrayRef<int64_t>{1});
  return vector::InsertStridedSliceOp::create(e.b, e.loc, e.splat(high, half), both, ArrayRef<int64_t>{16},
                                              ArrayRef<int64_t>{1});
}

/// 32 values of a group in layout rows.
Value RowReader::groupFromRows(Value group) {
  auto floats = e.vec(32, e.f32());
  if (info.codeBits == 32)
    return e.load(floats, group);
  if (info.codeBits == 16) {
    Value wide = arith::ExtUIOp::create(e.b, e.loc, e.vec(32, e.i32()), e.load(e.vec(32, e.i16()), group));
    return e.bitcast(arith::ShLIOp::create(e.b, e.loc, wide, e.integer(16, wide.getType())), floats);
  }
  Value scale = halfAt(group), min = info.hasMin ? halfAt(e.at(group, 2)) : Value();
  Value data = e.at(group, info.hasMin ? 4 : 2);
  if (info.codeBits == 8)
    return scaled(e.load(e.vec(32, e.i8()), data), scale, min, 0, !info.hasMin);
  auto half = e.vec(16, e.i8());
  if (info.codeBits == 6) {
    Value codes = nibblePair(e.load(half, e.at(group, 4)), half);
    auto quarter = e.vec(8, e.i8());
    Value bits = e.load(quarter, e.at(group, 20)), high = e.integer(0, codes.getType());
    for (int64_t part = 0; part < 4; ++part) {
      Value two = arith::AndIOp::create(
          e.b, e.loc, arith::ShRUIOp::create(e.b, e.loc, bits, e.integer(2 * part, quarter)), e.integer(3, quarter));
      two = arith::ShLIOp::create(e.b, e.loc, two, e.integer(4, quarter));
      high = vector::InsertStridedSliceOp::create(e.b, e.loc, two, high, ArrayRef<int64_t>{8 * part},
                                                  ArrayRef<int64_t>{1});
    }
    return scaled(arith::OrIOp::create(e.b, e.loc, codes, high), twoScales(scale, halfAt(e.at(group, 2))), Value(), 32,
                  false);
  }
  return scaled(nibblePair(e.load(half, data), half), scale, min, info.hasMin ? 0 : 8, false);
}

/// 32 values of one row of a block in layout panel.
Value RowReader::groupFromPanel(Value block, Value row) {
  auto floats = e.vec(32, e.f32());
  Value values = e.real(0, floats);
  if (!info.integer) {
    for (int64_t column = 0; column < 32; ++column) {
      Value value;
      if (info.codeBits == 32) {
        value = e.load(e.f32(), e.at(e.at(block, column * 128), e.mul(row, 4)));
      } else {
        Value bits = e.load(e.i16(), e.at(e.at(block, column / 2 * 128 + column % 2 * 2), e.mul(row, 4)));
        Value wide = arith::ExtUIOp::create(e.b, e.loc, e.i32(), bits);
        value = e.bitcast(arith::ShLIOp::create(e.b, e.loc, wide, e.integer(16, e.i32())), e.f32());
      }
      values = vector::InsertOp::create(e.b, e.loc, value, values, column);
    }
    return values;
  }
  Value scale = halfAt(e.at(e.at(block, info.codeBits * 128), e.mul(row, 2)));
  Value min = info.hasMin ? halfAt(e.at(e.at(block, info.codeBits * 128 + 64), e.mul(row, 2))) : Value();
  bool isSigned = info.codeBits == 8 && !info.hasMin && e.level.signedWeights;
  int64_t zero = info.hasMin || isSigned ? 0 : info.codeBits == 8 ? 128 : info.codeBits == 6 ? 32 : 8;
  Value upperScale = info.scales == 2 ? halfAt(e.at(e.at(block, info.codeBits * 128 + 64), e.mul(row, 2))) : scale;
  auto quad = e.vec(4, e.i8());
  auto place = [&](Value codes, int64_t column) {
    if (info.codeBits == 6) {
      Value high = e.load(quad, e.at(e.at(block, 512 + column / 16 * 128), e.mul(row, 4)));
      Value two = arith::AndIOp::create(
          e.b, e.loc, arith::ShRUIOp::create(e.b, e.loc, high, e.integer(column % 16 / 2, quad)), e.integer(3, quad));
      codes = arith::OrIOp::create(e.b, e.loc, codes, arith::ShLIOp::create(e.b, e.loc, two, e.integer(4, quad)));
    }
    Value part = scaled(codes, column < 16 ? scale : upperScale, min, zero, isSigned);
    values =
        vector::InsertStridedSliceOp::create(e.b, e.loc, part, values, ArrayRef<int64_t>{column}, ArrayRef<int64_t>{1});
  };
  for (int64_t k = 0; k < (info.codeBits == 8 ? 8 : 4); ++k) {
    Value raw = e.load(quad, e.at(e.at(block, k * 128), e.mul(row, 4)));
    if (info.codeBits == 8) {
      place(raw, 4 * k);
    } else {
      place(arith::AndIOp::create(e.b, e.loc, raw, e.integer(15, quad)), 8 * k);
      place(arith::ShRUIOp::create(e.b, e.loc, raw, e.integer(4, quad)), 8 * k + 4);
    }
  }
  return values;
}

void RowReader::read(Value table, Value id, double scale, Value out) {
  int64_t columns = type.getColumns(), groups = kernel::ceilDiv(columns, 32);
  bool rows = type.getLayout() == kernel::Layout::Rows;
  int64_t bytes = rows ? info.rowGroupBytes : info.panelBlockBytes;
  Value base = e.at(table, e.mul(rows ? id : e.div(id, 32), groups * bytes)), row = e.rem(id, 32);
  auto floats = e.vec(32, e.f32());
  auto group = [&](Value index) {
    Value at = e.at(base, e.mul(index, bytes));
    return e.fmul(rows ? groupFromRows(at) : groupFromPanel(at, row), e.real(scale, floats));
  };
  if (columns / 32)
    e.loop(e.number(0), e.number(columns / 32), 1,
           [&](Value index) { e.store(group(index), e.at(out, e.mul(index, 128))); });
  if (columns % 32 == 0)
    return;
  Value padded = e.stack(128);
  e.store(group(e.number(groups - 1)), padded);
  e.loop(e.number(0), e.number(columns % 32 * 4), 4, [&](Value offset) {
    e.store(e.load(e.f32(), e.at(padded, offset)), e.at(e.at(out, columns / 32 * 128), offset));
  });
}

} // namespace

void tile::gatherRow(Emitter &e, kernel::WeightType type, Value table, Value id, double scale, Value out) {
  RowReader(e, type).read(table, id, scale, out);
}
