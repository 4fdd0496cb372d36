// Experts. The (row, expert) pairs are sorted by expert, so that in a prompt each expert's weights are read once per
// step, and in decode only the chosen experts' weights are read. Buffers in layout "slots" hold one row per pair, tile
// by tile.
#include "passes/tile/Kernels.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

namespace {

/// The parts of a slots buffer as the code of an entry point sees them.
struct Slots {
  Slots(PhaseCode code, Value base, gemma::Rows rows, int64_t k, int64_t experts)
      : e(code.e), base(base),
        layout(rows == gemma::Rows::Last ? code.shape.lastRows : code.shape.allRows, k, experts, code.shape.tile) {}

  Value word(int64_t part, Value index) { return e.at(e.at(base, part), e.mul(index, 4)); }
  Value get(int64_t part, Value index) { return e.toI64(e.load(e.i32(), word(part, index))); }
  void set(int64_t part, Value index, Value value) { e.store(e.toI32(value), word(part, index)); }

  Emitter &e;
  Value base;
  SlotsLayout layout;
};

gemma::Rows rowsOf(Value buffer) {
  return kernel::stepRows(cast<kernel::BufferType>(buffer.getType()).getRows());
}

} // namespace

void tile::writeExpertSlots(PhaseCode code, kernel::ExpertSlotsOp op) {
  Emitter &e = code.e;
  int64_t k = op.getTopK(), experts = op.getExperts(), tile = code.shape.tile;
  Slots slots(code, code.pointers[1], rowsOf(op.getSlots()), k, experts);
  Value counts = e.stack(experts * 8), next = e.stack(experts * 8);
  Value zero = e.number(0), one = e.number(1);
  // A few hundred numbers: one thread sorts them while the others wait.
  e.ifThen(e.equal(code.thread, zero), [&] {
    Value rows = code.rowCount(rowsOf(op.getSlots()));
    auto expertOf = [&](Value row, Value j) {
      return e.toI64(e.load(e.i32(), e.at(code.pointers[0], e.add(e.mul(row, k * 8), e.mul(j, 4)))));
    };
    auto pairs = [&](function_ref<void(Value, Value)> body) {
      e.loop(zero, rows, 1, [&](Value row) { e.loop(zero, e.number(k), 1, [&](Value j) { body(row, j); }); });
    };
    e.loop(zero, e.number(experts), 1, [&](Value x) { e.store(zero, e.at(counts, e.mul(x, 8))); });
    pairs([&](Value row, Value j) {
      Value count = e.at(counts, e.mul(expertOf(row, j), 8));
      e.store(e.add(e.load(e.i64(), count), one), count);
    });
    auto ends = e.loop(zero, e.number(experts), 1, ValueRange{zero, zero}, [&](Value x, ValueRange so) {
      Value count = e.load(e.i64(), e.at(counts, e.mul(x, 8)));
      e.store(e.mul(so[1], tile), e.at(next, e.mul(x, 8)));
      Value used = e.less(zero, count);
      // Written even for an unused expert, then overwritten by the next one: the run only counts if it is used.
      e.ifThen(used, [&] {
        slots.set(slots.layout.runExpert, so[0], x);
        slots.set(slots.layout.runBegin, so[0], so[1]);
      });
      return SmallVector<Value>{e.add(so[0], e.select(used, one, zero)), e.add(so[1], e.ceilDiv(count, tile))};
    });
    slots.set(slots.layout.runBegin, ends[0], ends[1]);
    slots.set(slots.layout.runCount, zero, ends[0]);
    slots.set(slots.layout.tileCount, zero, ends[1]);
    e.loop(zero, e.mul(ends[1], tile), 1, [&](Value slot) { slots.set(slots.layout.slotRow, slot, e.number(-1)); });
    pairs([&](Value row, Value j) {
      Value place = e.at(next, e.mul(expertOf(row, j), 8));
      Value slot = e.load(e.i64(), place);
      e.store(e.add(slot, one), place);
      slots.set(slots.layout.slotRow, slot, row);
      slots.set(slots.layout.slotOf, e.add(e.mul(row, k), j), slot);
    });
  });
}

void tile::writeExpertGather(PhaseCode code, kernel::ExpertGatherOp op) {
  Emitter &e = code.e;
  int64_t tile = code.shape.tile, width = op.getInput().getType().getWidth();
  Slots slots(code, code.pointers[1], rowsOf(op.getSlots()), op.getTopK(), op.getExperts());
  Value count = e.mul(slots.get(slots.layout.tileCount, e.number(0)), tile);
  e.claim(code.step, count, [&](Value slot) {
    Value row = slots.get(slots.layout.slotRow, slot);
    e.ifThen(e.less(e.number(-1), row), [&] {
      packRow(e, e.at(code.pointers[0], e.mul(row, width * 4)), code.pointers[2], slot, width,
              packingOf(op.getPacked().getType()), tile);
    });
  });
}

void tile::writeExpertProject(PhaseCode code, kernel::ExpertProjectOp op) {
  Emitter &e = code.e;
  int64_t tile = code.shape.tile;
  kernel::WeightType type = op.getWeight().getType();
  kernel::BufferType result = op.getResult().getType();
  kernel::Format format = type.getFormat();
  const kernel::FormatInfo &info = kernel::info(format);
  int64_t panels = kernel::ceilDiv(type.getRows(), 32), groups = kernel::ceilDiv(type.getColumns(), 32);
  int64_t perExpert = type.getMembers() / op.getExperts(), tail = type.getRows() % 32;
  Slots slots(code, code.pointers[2], rowsOf(op.getSlots()), op.getTopK(), op.getExperts());
  Value gate = e.stack(tile * 128), up = e.stack(tile * 128);
  func::FuncOp dot = code.dots.get(format, kernel::packingOf(format), tile, e.loc);
  int64_t half = tile / 2;

  auto writeLane = [&](Value panel, Value lane, Value slot) {
    Value from = e.at(gate, e.mul(lane, 128));
    if (op.getActivation())
      e.columns(32, [&](Value offset, Type vector) {
        Value a = activate(e, *op.getActivation(), e.load(vector, e.at(from, offset)));
        e.store(e.fmul(a, e.load(vector, e.at(e.at(up, e.mul(lane, 128)), offset))), e.at(from, offset));
      });
    if (result.getKind() != kernel::BufferKind::F32) { // rows of padding are 0 and stay so
      kernel::Packing kind = packingOf(result);
      Value block =
          e.at(code.pointers[3], e.mul(e.add(e.mul(e.div(slot, tile), panels), panel), packedBlockBytes(kind, tile)));
      return packGroup(e, from, block, lane, kind, tile);
    }
    Value to = e.at(code.pointers[3], e.add(e.mul(slot, type.getRows() * 4), e.mul(panel, 128)));
    auto whole = [&] {
      e.columns(32, [&](Value offset, Type vector) { e.store(e.load(vector, e.at(from, offset)), e.at(to, offset)); });
    };
    if (!tail)
      return whole();
    e.ifElse(
        e.equal(panel, e.number(panels - 1)),
        [&] {
          e.columns(tail,
                    [&](Value offset, Type vector) { e.store(e.load(vector, e.at(from, offset)), e.at(to, offset)); });
        },
        whole);
  };

  Value runs = slots.get(slots.layout.runCount, e.number(0));
  e.claimRuns(code.step, e.mul(runs, panels), [&](Value item) {
    Value run = e.div(item, panels), panel = e.rem(item, panels);
    Value member = e.mul(slots.get(slots.layout.runExpert, run), perExpert);
    Value weights = e.at(code.pointers[1],
                         e.add(e.mul(member, kernel::memberBytes(type)), e.mul(panel, groups * info.panelBlockBytes)));
    Value from = slots.get(slots.layout.runBegin, run), to = slots.get(slots.layout.runBegin, e.add(run, 1));
    e.loop(from, to, 1, [&](Value index) {
      Value inputs = e.at(code.pointers[0], e.mul(index, groups * packedBlockBytes(kernel::packingOf(format), tile)));
      auto multiply = [&](func::FuncOp dot) {
        func::CallOp::create(e.b, e.loc, dot, ValueRange{weights, inputs, e.number(groups), gate});
        if (op.getActivation())
          func::CallOp::create(e.b, e.loc, dot,
                               ValueRange{e.at(weights, kernel::memberBytes(type)), inputs, e.number(groups), up});
      };
      // An expert's last tile is often nearly empty: then its second half is not multiplied.
      if (half > 0)
        e.ifElse(
            e.less(slots.get(slots.layout.slotRow, e.add(e.mul(index, tile), half)), e.number(0)),
            [&] { multiply(code.dots.get(format, kernel::packingOf(format), tile, e.loc, half)); },
            [&] { multiply(dot); });
      else
        multiply(dot);
      e.loop(e.number(0), e.number(tile), 1, [&](Value lane) {
        Value slot = e.add(e.mul(index, tile), lane);
        e.ifThen(e.less(e.number(-1), slots.get(slots.layout.slotRow, slot)), [&] { writeLane(panel, lane, slot); });
      });
    });
  });
}

void tile::writeExpertCombine(PhaseCode code, kernel::ExpertCombineOp op) {
  Emitter &e = code.e;
  int64_t k = op.getTopK(), width = op.getResult().getType().getWidth();
  Slots slots(code, code.pointers[2], rowsOf(op.getSlots()), k, op.getExperts());
  e.claim(code.step, code.rowCount(rowsOf(op.getResult())), [&](Value row) {
    Value to = e.at(code.pointers[3], e.mul(row, width * 4));
    e.columns(width, [&](Value offset, Type type) {
      Value sum = e.loop(e.number(0), e.number(k), 1, ValueRange(e.real(0, type)), [&](Value j, ValueRange acc) {
        Value slot = slots.get(slots.layout.slotOf, e.add(e.mul(row, k), j));
        Value weight = e.load(e.f32(), e.at(code.pointers[1], e.add(e.mul(row, k * 8), e.add(e.mul(j, 4), k * 4))));
        Value part = e.load(type, e.at(e.at(code.pointers[0], e.mul(slot, width * 4)), offset));
        return SmallVector<Value>{e.fma(part, e.splat(weight, type), acc[0])};
      })[0];
      e.store(sum, e.at(to, offset));
    });
  });
}
