// Attention. An item is a tile of query rows of one sequence that share a key/value head: row f of the head's flattened
// list is the sequence's token f / G, query head f % G of the group of G. Keys are read in blocks of 32 positions, in
// ascending order from a multiple of 32, with the running maximum and sum of the softmax; so a row's result does not
// depend on what it shares a tile or a step with. Scores and the sum over values are the same matrix products as
// projections: a block of the cache is a panel of weights.
#include "passes/tile/Kernels.h"

#include <limits>

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

namespace {

class AttentionWriter {
public:
  AttentionWriter(PhaseCode code, kernel::AttentionOp op);
  void write();

private:
  void writeItem(Value kvHead, Value firstFlat, Value flats);
  void loadQueries(Value kvHead, Value firstFlat, Value flats);
  void extendToBlocks(Value firstFlat, Value flats);
  void packQuery(int64_t r, Value from);
  void block(Value kvHead, Value index);
  void scoreBlock(Value keyBlock);
  void softmax(Value r, Value firstPosition);
  func::FuncOp valueDot();
  void finish(Value kvHead, Value firstFlat, Value flats);
  Value token(Value flat) { return e.div(flat, group); }
  bool coded() const { return keyCache.getFormat() == kernel::CacheFormat::Q8; }
  kernel::Packing inputs() const { return coded() ? kernel::Packing::I8 : kernel::Packing::F32; }

  PhaseCode code;
  Emitter &e;
  kernel::AttentionOp op;
  gemma::AttentionOp attention;
  int64_t heads, kvHeads, head, group, tile, panels; ///< tile: query rows of an item; panels: runs of 32 dimensions
  kernel::CacheType keyCache, valueCache;
  Value query, keys, values;
  Value table, position, firstRow;  ///< of the item's sequence: position of its first row here, and that row's number
  Value packed, packedRest, staged; ///< on the stack: queries; what their 8-bit codes left over; one row of them
  Value scores, weights, low, high, maxima, sums, factors, product, output; ///< on the stack
  Value valueScales; ///< of the slots of a block, on the stack; null: values need none
};

AttentionWriter::AttentionWriter(PhaseCode code, kernel::AttentionOp op) : code(code), e(code.e), op(op) {
  attention = *op.getBody().front().getOps<gemma::AttentionOp>().begin();
  heads = attention.getHeads();
  kvHeads = attention.getKvHeads();
  head = attention.getHeadDim();
  group = heads / kvHeads;
  tile = e.level.tokenTile;
  if (code.shape.allRows == 1) // one token's heads: no more tiles than needed, equally full
    tile = kernel::ceilDiv(group, kernel::ceilDiv(group, tile));
  panels = kernel::ceilDiv(head, 32);
  auto argument = [&](Value value) { return cast<BlockArgument>(value).getArgNumber(); };
  keyCache = cast<kernel::CacheType>(op.getIns()[argument(attention.getKeys())].getType());
  valueCache = cast<kernel::CacheType>(op.getIns()[argument(attention.getValues())].getType());
  query = code.pointers[argument(attention.getQuery())];
  keys = code.pointers[argument(attention.getKeys())];
  values = code.pointers[argument(attention.getValues())];
  packed = e.stack(panels * packedBlockBytes(inputs(), tile));
  if (coded()) {
    packedRest = e.stack(panels * packedBlockBytes(inputs(), tile));
    staged = e.stack(panels * 128);
  }
  if (valueCache.getFormat() == kernel::CacheFormat::TQ4)
    valueScales = e.stack(128);
  scores = e.stack(tile * 128);
  weights = e.stack(tile * 128);
  low = e.stack(tile * 8);
  high = e.stack(tile * 8);
  maxima = e.stack(tile * 4);
  sums = e.stack(tile * 4);
  factors = e.stack(tile * 4);
  product = e.stack(tile * 128);
  output = e.stack(tile * panels * 128);
}

/// A scaled query as row r of the tile. 8-bit codes are two numbers each: what the first leaves over is coded again, so
/// that scores are as good as those of the float32 query.
void AttentionWriter::packQuery(int64_t r, Value from) {
  e.loop(e.number(0), e.number(head), 1, [&](Value d) {
    Value q = e.fmul(e.load(e.f32(), e.at(from, e.mul(d, 4))), e.real(attention.getScale().convertToDouble(), e.f32()));
    e.store(q, coded() ? e.at(staged, e.mul(d, 4)) : e.at(e.at(packed, r * 4), e.mul(d, tile * 4)));
  });
  if (!coded())
    return;
  int64_t bytes = packedBlockBytes(inputs(), tile);
  e.loop(e.number(0), e.number(panels), 1, [&](Value panel) {
    Value x = e.load(e.vec(32, e.f32()), e.at(staged, e.mul(panel, 128))), block = e.mul(panel, bytes);
    Value meant = packCodes(e, x, e.at(packed, block), e.number(r), tile);
    packCodes(e, e.fsub(x, meant), e.at(packedRest, block), e.number(r), tile);
  });
}

/// Scaled queries in the layout that products with keys read, and the positions each row may see. Rows past the end
/// repeat the last one.
void AttentionWriter::loadQueries(Value kvHead, Value firstFlat, Value flats) {
  for (int64_t r = 0; r < tile; ++r) {
    Value flat = e.min(e.add(firstFlat, r), e.sub(flats, e.number(1)));
    Value t = token(flat), h = e.add(e.mul(kvHead, group), e.rem(flat, group));
    Value from = e.at(query, e.add(e.mul(e.add(firstRow, t), heads * head * 4), e.mul(h, head * 4)));
    packQuery(r, from);
    Value last = e.add(position, t), first = e.number(0);
    if (attention.getWindowTokens())
      first = e.max(first, e.sub(last, e.number(static_cast<int64_t>(*attention.getWindowTokens()) - 1)));
    e.store(first, e.at(low, r * 8));
    e.store(last, e.at(high, r * 8));
    e.store(e.real(-std::numeric_limits<float>::infinity(), e.f32()), e.at(maxima, r * 4));
    e.store(e.real(0, e.f32()), e.at(sums, r * 4));
  }
  if (attention.getBlockTokens() && code.shape.allRows > 1)
    extendToBlocks(firstFlat, flats);
  e.columns(tile * panels * 32, [&](Value offset, Type type) { e.store(e.real(0, type), e.at(output, offset)); });
}

/// Where the step has blocks, each row sees up to the end of its own. Such a step has one sequence.
void AttentionWriter::extendToBlocks(Value firstFlat, Value flats) {
  Value first = code.firstRow(op.getRows()), begin = e.sub(position, first);
  Value ends = e.stepField(code.step, GM_STEP_BLOCK_ENDS, e.i64());
  e.ifThen(arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ne, ends, e.number(0)), [&] {
    Value rows = e.stepField(code.step, GM_STEP_BLOCK_ENDS, e.ptr());
    for (int64_t r = 0; r < tile; ++r) {
      Value row = e.add(first, token(e.min(e.add(firstFlat, r), e.sub(flats, e.number(1)))));
      e.store(e.add(begin, e.toI64(e.load(e.i32(), e.at(rows, e.mul(row, 4))))), e.at(high, r * 8));
    }
  });
}

/// One row of a block: mask, running maximum and sum, and the weights of its values.
void AttentionWriter::softmax(Value r, Value firstPosition) {
  auto floats = e.vec(32, e.f32());
  auto longs = e.vec(32, e.i64());
  double lowest = -std::numeric_limits<float>::infinity();
  Value s = e.load(floats, e.at(scores, e.mul(r, 128)));
  if (attention.getSoftcap()) {
    double cap = attention.getSoftcap()->convertToDouble();
    s = e.fmul(e.real(cap, floats), e.tanh(e.fdiv(s, e.real(cap, floats))));
  }
  SmallVector<int64_t> steps = llvm::to_vector(llvm::seq<int64_t>(0, 32));
  Value iota = arith::ConstantOp::create(e.b, e.loc, longs, e.b.getI64VectorAttr(steps));
  Value positions = e.add(e.splat(firstPosition, longs), iota);
  Value fromLow = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge, positions,
                                        e.splat(e.load(e.i64(), e.at(low, e.mul(r, 8))), longs));
  Value toHigh = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle, positions,
                                       e.splat(e.load(e.i64(), e.at(high, e.mul(r, 8))), longs));
  Value visible = arith::AndIOp::create(e.b, e.loc, fromLow, toHigh);
  Value before = e.load(e.f32(), e.at(maxima, e.mul(r, 4)));
  Value top = e.fmax(e.largest(e.select(visible, s, e.real(lowest, floats))), before);
  Value none = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OEQ, top, e.real(lowest, e.f32()));
  Value base = e.select(none, e.real(0, e.f32()), top); // nothing seen yet: all weights become 0 below
  Value shifted = e.select(visible, e.fsub(s, e.splat(base, floats)), e.real(0, floats));
  Value p = e.select(visible, e.exp(shifted), e.real(0, floats));
  Value first = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OEQ, before, e.real(lowest, e.f32()));
  Value factor = e.select(first, e.real(0, e.f32()), e.exp(e.select(first, e.real(0, e.f32()), e.fsub(before, base))));
  e.store(e.fadd(e.fmul(e.load(e.f32(), e.at(sums, e.mul(r, 4))), factor), e.sum(p)), e.at(sums, e.mul(r, 4)));
  e.store(top, e.at(maxima, e.mul(r, 4)));
  e.store(factor, e.at(factors, e.mul(r, 4)));
  if (valueScales)
    p = e.fmul(p, e.load(floats, valueScales));
  Value lane = e.at(weights, e.mul(r, 4));
  for (int64_t slot = 0; slot < 32; ++slot)
    e.store(vector::ExtractOp::create(e.b, e.loc, p, slot), e.at(lane, slot * tile * 4));
}

void AttentionWriter::scoreBlock(Value keyBlock) {
  func::FuncOp dot = code.dots.get(*kernel::panelFormat(keyCache.getFormat()), inputs(), tile, e.loc);
  func::CallOp::create(e.b, e.loc, dot, ValueRange{keyBlock, packed, e.number(panels), scores});
  if (!coded())
    return;
  func::CallOp::create(e.b, e.loc, dot, ValueRange{keyBlock, packedRest, e.number(panels), product});
  e.columns(tile * 32, [&](Value offset, Type type) {
    Value sum = e.fadd(e.load(type, e.at(scores, offset)), e.load(type, e.at(product, offset)));
    e.store(sum, e.at(scores, offset));
  });
}

func::FuncOp AttentionWriter::valueDot() {
  kernel::CacheFormat format = valueCache.getFormat();
  if (format == kernel::CacheFormat::Q8 || format == kernel::CacheFormat::TQ4)
    return code.dots.values(format, tile, e.loc);
  return code.dots.get(*kernel::panelFormat(format), kernel::Packing::F32, tile, e.loc);
}

void AttentionWriter::block(Value kvHead, Value index) {
  auto blockOf = [&](kernel::CacheType cache, Value begin) {
    int64_t blocks = cache.getPage() / 32;
    Value number = e.add(e.mul(kvHead, blocks), e.rem(index, blocks));
    return e.at(pageAddress(e, cache, begin, table, e.div(index, blocks)),
                e.mul(number, kernel::cacheBlockBytes(cache)));
  };
  int64_t panelBytes = kernel::cachePanelBytes(valueCache.getFormat());
  Value valueBlock = blockOf(valueCache, values);
  scoreBlock(blockOf(keyCache, keys));
  if (valueScales)
    loadCodebookScales(e, valueCache, valueBlock, valueScales);
  func::FuncOp dot = valueDot();
  auto rows = [&](function_ref<void(Value)> body) { e.loop(e.number(0), e.number(tile), 1, body); };
  rows([&](Value r) { softmax(r, e.mul(index, 32)); });
  e.loop(e.number(0), e.number(panels), 1, [&](Value panel) {
    Value from = e.at(valueBlock, e.mul(panel, panelBytes));
    func::CallOp::create(e.b, e.loc, dot, ValueRange{from, weights, e.number(1), product});
    rows([&](Value r) {
      Value to = e.at(e.at(output, e.mul(r, panels * 128)), e.mul(panel, 128));
      Value factor = e.load(e.f32(), e.at(factors, e.mul(r, 4)));
      e.columns(32, [&](Value column, Type type) {
        Value sum = e.fadd(e.fmul(e.load(type, e.at(to, column)), e.splat(factor, type)),
                           e.load(type, e.at(e.at(product, e.mul(r, 128)), column)));
        e.store(sum, e.at(to, column));
      });
    });
  });
}

/// Divides by the sums and hands the rows over: as floats, packed, or both.
void AttentionWriter::finish(Value kvHead, Value firstFlat, Value flats) {
  Operation *yield = &op.getBody().front().back();
  int64_t step = code.shape.tile;
  e.loop(e.number(0), e.min(e.number(tile), e.sub(flats, firstFlat)), 1, [&](Value r) {
    Value flat = e.add(firstFlat, r), t = e.add(firstRow, token(flat));
    Value h = e.add(e.mul(kvHead, group), e.rem(flat, group)), row = e.at(output, e.mul(r, panels * 128));
    Value inverse = e.fdiv(e.real(1, e.f32()), e.load(e.f32(), e.at(sums, e.mul(r, 4))));
    e.columns(head, [&](Value column, Type type) {
      e.store(e.fmul(e.load(type, e.at(row, column)), e.splat(inverse, type)), e.at(row, column));
    });
    if (valueCache.getFormat() == kernel::CacheFormat::TQ4)
      unrotate(code, row, head);
    for (auto [index, value] : llvm::enumerate(yield->getOperands())) {
      Value place = code.pointers[op.getIns().size() + index];
      if (value.getDefiningOp<gemma::PackOp>()) {
        kernel::Packing kind = packingOf(cast<kernel::BufferType>(op.getOuts()[index].getType()));
        int64_t bytes = packedBlockBytes(kind, step), groups = heads * head / 32;
        Value base = e.at(place, e.mul(e.add(e.mul(e.div(t, step), groups), e.mul(h, head / 32)), bytes));
        e.loop(e.number(0), e.number(head / 32), 1, [&](Value g) {
          packGroup(e, e.at(row, e.mul(g, 128)), e.at(base, e.mul(g, bytes)), e.rem(t, step), kind, step);
        });
        continue;
      }
      Value to = e.at(place, e.add(e.mul(t, heads * head * 4), e.mul(h, head * 4)));
      e.columns(head, [&](Value column, Type type) { e.store(e.load(type, e.at(row, column)), e.at(to, column)); });
    }
  });
}

void AttentionWriter::writeItem(Value kvHead, Value firstFlat, Value flats) {
  loadQueries(kvHead, firstFlat, flats);
  // Rows stand in order of position, and so do the ends of their blocks: the first sees the earliest key, the last the
  // latest.
  Value from = e.div(e.load(e.i64(), e.at(low, 0)), 32);
  Value to = e.add(e.div(e.load(e.i64(), e.at(high, (tile - 1) * 8)), 32), 1);
  e.loop(from, to, 1, [&](Value index) { block(kvHead, index); });
  finish(kvHead, firstFlat, flats);
}

void AttentionWriter::write() {
  // Dimensions of padding stay 0.
  e.columns(coded() ? panels * 32 : tile * panels * 32,
            [&](Value offset, Type type) { e.store(e.real(0, type), e.at(coded() ? staged : packed, offset)); });
  Value sequences = code.sequences().count();
  Value rows = op.getRows() == gemma::Rows::Last
                   ? arith::DivUIOp::create(e.b, e.loc, code.rowCount(gemma::Rows::Last), sequences).getResult()
                   : code.sequences().rowsOfEach();
  Value flats = e.mul(rows, group), tiles = e.ceilDiv(flats, tile);
  e.claim(code.step, e.mul(e.mul(sequences, tiles), kvHeads), [&](Value item) {
    Value index = e.div(item, kvHeads), sequence = arith::DivUIOp::create(e.b, e.loc, index, tiles);
    table = code.sequences().table(sequence);
    position = e.add(code.sequences().position(sequence), code.firstRow(op.getRows()));
    firstRow = e.mul(sequence, rows);
    writeItem(e.rem(item, kvHeads), e.mul(e.sub(index, e.mul(sequence, tiles)), tile), flats);
  });
}

} // namespace

void tile::writeAttention(PhaseCode code, kernel::AttentionOp op) {
  AttentionWriter(code, op).write();
}
