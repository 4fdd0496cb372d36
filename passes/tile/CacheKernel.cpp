// Blocks of keys and values: where they lie, how a position is written into them, and the products that are no
// projection's.
//
// Blocks of format tq4 are in CodebookKernel.cpp. Blocks of format q8 have a scale for each slot and 32 dimensions.
// Keys are weight panels of that format: a row is a slot. Values cannot be, for their rows are dimensions, and a scale
// of many slots would have to be known before they are written. They lie slot after slot, 32 signed codes each, then
// the scales of the 32 slots.
#include "passes/tile/Kernels.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

static constexpr int64_t kScales = 1024; // offset in a block of format q8

namespace {

/// Writes one head's row into a block.
class SlotWriter {
public:
  SlotWriter(Emitter &e, kernel::CacheType type, Value block, Value slot)
      : e(e), block(block), slot(slot), head(type.getHeadDim()), keys(type.getKind() == kernel::CacheKind::Keys),
        format(type.getFormat()) {}
  void write(Value source);

private:
  void writeFloat(Value source, Value dimension);
  void writeCodes(Value x, Value panel);

  Emitter &e;
  Value block, slot; ///< slot: within the block
  int64_t head;
  bool keys;
  kernel::CacheFormat format;
};

void SlotWriter::writeFloat(Value source, Value d) {
  Value value = e.load(e.f32(), e.at(source, e.mul(d, 4)));
  Value panel = e.at(block, e.mul(e.div(d, 32), kernel::cachePanelBytes(format))), inPanel = e.rem(d, 32);
  Value outer = keys ? inPanel : slot, inner = keys ? slot : inPanel; // column, row of the 32 x 32 block
  if (format == kernel::CacheFormat::F32)
    return e.store(value, e.at(e.at(panel, e.mul(outer, 128)), e.mul(inner, 4)));
  Value pair = e.at(e.at(panel, e.mul(e.div(outer, 2), 128)), e.mul(inner, 4));
  e.store(e.toBf16(value), e.at(pair, e.mul(e.rem(outer, 2), 2)));
}

/// 32 dimensions: codes, and their scale.
void SlotWriter::writeCodes(Value x, Value panel) {
  auto floats = cast<VectorType>(x.getType()), words = e.vec(32, e.i32());
  Value amax = e.largest(math::AbsFOp::create(e.b, e.loc, x));
  Value half = e.toHalf(e.fmul(amax, e.real(1.0 / 127, e.f32())));
  e.store(half, e.at(e.at(panel, kScales), e.mul(slot, 2)));
  Value scale = vector::ExtractOp::create(e.b, e.loc, e.halfToFloat(e.splat(half, e.vec(1, e.i16()))), 0);
  Value positive = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT, scale, e.real(0, e.f32()));
  Value inverse = e.select(positive, e.fdiv(e.real(1, e.f32()), scale), e.real(0, e.f32()));
  // A scale that f16 holds only roughly may leave more than 127.
  Value bounded = e.fmax(e.fmul(x, e.splat(inverse, floats)), e.real(-127, floats));
  bounded = e.fsub(e.real(0, floats), e.fmax(e.fsub(e.real(0, floats), bounded), e.real(-127, floats)));
  Value codes = e.roundToInt(bounded, words);
  if (keys && !e.level.signedWeights)
    codes = e.add(codes, e.integer(128, words));
  Value bytes = arith::TruncIOp::create(e.b, e.loc, e.vec(32, e.i8()), codes);
  if (!keys)
    return e.store(bytes, e.at(panel, e.mul(slot, 32)));
  Value quads = e.bitcast(bytes, e.vec(8, e.i32()));
  for (int64_t quad = 0; quad < 8; ++quad)
    e.store(vector::ExtractOp::create(e.b, e.loc, quads, quad), e.at(e.at(panel, quad * 128), e.mul(slot, 4)));
}

void SlotWriter::write(Value source) {
  if (format != kernel::CacheFormat::Q8)
    return e.loop(e.number(0), e.number(head), 1, [&](Value d) { writeFloat(source, d); });
  int64_t panelBytes = kernel::cachePanelBytes(format), rest = head % 32;
  auto floats = e.vec(32, e.f32());
  if (head / 32)
    e.loop(e.number(0), e.number(head / 32), 1, [&](Value panel) {
      writeCodes(e.load(floats, e.at(source, e.mul(panel, 128))), e.at(block, e.mul(panel, panelBytes)));
    });
  if (!rest)
    return;
  Value padded = e.stack(128);
  e.store(e.real(0, floats), padded);
  e.loop(e.number(0), e.number(rest * 4), 4, [&](Value offset) {
    e.store(e.load(e.f32(), e.at(e.at(source, head / 32 * 128), offset)), e.at(padded, offset));
  });
  writeCodes(e.load(floats, padded), e.at(block, head / 32 * panelBytes));
}

} // namespace

void tile::writeCache(PhaseCode code, kernel::CacheType type, Value cache, Value table, Value row, Value position) {
  Emitter &e = code.e;
  int64_t blocks = type.getPage() / 32, blockBytes = kernel::cacheBlockBytes(type);
  Value page = pageAddress(e, type, cache, table, e.div(position, type.getPage()));
  Value slot = e.rem(position, type.getPage()), block = e.mul(e.div(slot, 32), blockBytes), inBlock = e.rem(slot, 32);
  e.loop(e.number(0), e.number(type.getHeads()), 1, [&](Value h) {
    Value base = e.at(e.at(page, e.mul(h, blocks * blockBytes)), block);
    Value source = e.at(row, e.mul(h, static_cast<int64_t>(type.getHeadDim()) * 4));
    if (type.getFormat() == kernel::CacheFormat::TQ4)
      return writeCodebookSlot(code, type, base, inBlock, source);
    SlotWriter(e, type, base, inBlock).write(source);
  });
}

/// Codes become numbers in registers, with their slot's scale; weights stay float32.
void tile::writeValueDot(Emitter &e, func::FuncOp function, int64_t tile) {
  Value panel = function.getArgument(0), weights = function.getArgument(1), result = function.getArgument(3);
  int64_t lanes = std::min<int64_t>(e.lanes(), 32), vectors = 32 / lanes;
  int64_t count = std::min(e.level.rowVectors, vectors);
  auto floats = e.vec(lanes, e.f32()), halves = e.vec(lanes, e.i16());
  Value scales = e.stack(128);
  for (int64_t at = 0; at < 32; at += lanes)
    e.store(e.halfToFloat(e.load(halves, e.at(panel, kScales + at * 2))), e.at(scales, at * 4));
  for (int64_t first = 0; first < vectors; first += count) {
    SmallVector<Value> zeros(tile * count, e.real(0, floats));
    auto sums = e.loop(e.number(0), e.number(32), 1, zeros, [&](Value slot, ValueRange carried) {
      SmallVector<Value> acc(carried), rows;
      Value scale = e.splat(e.load(e.f32(), e.at(scales, e.mul(slot, 4))), floats);
      for (int64_t v = 0; v < count; ++v) {
        Value codes = e.load(e.vec(lanes, e.i8()), e.at(e.at(panel, (first + v) * lanes), e.mul(slot, 32)));
        Value wide = arith::ExtSIOp::create(e.b, e.loc, e.vec(lanes, e.i32()), codes);
        rows.push_back(e.fmul(arith::SIToFPOp::create(e.b, e.loc, floats, wide), scale));
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
