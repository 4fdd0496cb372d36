// Phases of projections. An item is a panel of 32 outputs of one part; a part is a set of projections of equal width
// whose results meet element by element (a gate and its up projection), so that they are combined before they leave the
// cache.
#include "passes/tile/Kernels.h"

#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

namespace {

struct Part {
  int64_t columns = 0;
  SmallVector<gemma::ProjectOp> projections;
  SmallVector<Operation *> elementwise; ///< slices included, in order
  SmallVector<unsigned> yields;         ///< operands of the yield that belong here
};

class ProjectWriter {
public:
  ProjectWriter(PhaseCode code, kernel::ProjectOp op) : code(code), e(code.e), op(op), tile(code.shape.tile) {}
  void write();

private:
  void findParts();
  void writePanel(const Part &part, Value panel);
  void writeToken(const Part &part, Value panel, Value lane, Value row);
  /// Computes the elementwise operations for some columns of a token; returns what each yield of the part gets.
  SmallVector<Value> values(const Part &part, Value inPanel, Value lane, Value row, Value column, Type type);

  kernel::WeightType weightType(gemma::ProjectOp p) {
    return cast<kernel::WeightType>(op.getIns()[cast<BlockArgument>(p.getWeight()).getArgNumber()].getType());
  }
  Value place(Value argument) const { return code.pointers[cast<BlockArgument>(argument).getArgNumber()]; }
  Value out(unsigned yield) { return code.pointers[op.getIns().size() + yield]; }
  kernel::BufferType outType(unsigned yield) { return cast<kernel::BufferType>(op.getOuts()[yield].getType()); }

  PhaseCode code;
  Emitter &e;
  kernel::ProjectOp op;
  int64_t tile;
  SmallVector<Part> parts;
  DenseMap<Operation *, Value> results; ///< of each projection: float [tile][32] on the stack
};

void ProjectWriter::findParts() {
  llvm::EquivalenceClasses<Operation *> classes;
  Block &body = op.getBody().front();
  for (Operation &inner : llvm::drop_end(body)) {
    classes.insert(&inner);
    if (!isa<gemma::ProjectOp>(inner))
      for (Value operand : inner.getOperands())
        if (Operation *def = operand.getDefiningOp())
          classes.unionSets(&inner, def);
  }
  DenseMap<Operation *, unsigned> index;
  for (Operation &inner : llvm::drop_end(body)) {
    Operation *leader = classes.getLeaderValue(&inner);
    auto [found, fresh] = index.insert({leader, parts.size()});
    if (fresh)
      parts.emplace_back();
    Part &part = parts[found->second];
    if (auto projection = dyn_cast<gemma::ProjectOp>(inner)) {
      part.projections.push_back(projection);
      part.columns = gemma::columnsOf(projection.getType());
    } else if (!isa<gemma::PackOp>(inner)) {
      part.elementwise.push_back(&inner);
    }
  }
  for (auto [position, value] : llvm::enumerate(body.back().getOperands()))
    parts[index[classes.getLeaderValue(value.getDefiningOp())]].yields.push_back(position);
}

SmallVector<Value> ProjectWriter::values(const Part &part, Value inPanel, Value lane, Value row, Value column,
                                         Type type) {
  DenseMap<Value, Value> known;
  for (gemma::ProjectOp p : part.projections)
    known[p.getResult()] = e.load(type, e.at(e.at(results[p], e.mul(lane, 128)), inPanel));
  auto fetch = [&](Value value, int64_t offset) {
    auto buffer = cast<kernel::BufferType>(op.getIns()[cast<BlockArgument>(value).getArgNumber()].getType());
    Value base = e.at(place(value), e.mul(row, buffer.getWidth() * 4));
    return e.load(type, e.at(e.at(base, offset * 4), column));
  };
  for (Operation *inner : part.elementwise) {
    if (auto slice = dyn_cast<gemma::SliceOp>(inner)) {
      known[slice.getResult()] = fetch(slice.getInput(), slice.getOffset());
      continue;
    }
    Value weight;
    SmallVector<Value> operands;
    for (Value operand : inner->getOperands()) {
      if (isa<BlockArgument>(operand) &&
          isa<kernel::WeightType>(op.getIns()[cast<BlockArgument>(operand).getArgNumber()].getType()))
        weight = elementwiseWeight(e, inner, place(operand), column, type);
      else
        operands.push_back(known.contains(operand) ? known[operand] : fetch(operand, 0));
    }
    known[inner->getResult(0)] = elementwise(e, inner, operands, weight);
  }
  SmallVector<Value> wanted;
  for (unsigned yield : part.yields) {
    Value value = op.getBody().front().back().getOperand(yield);
    if (auto pack = value.getDefiningOp<gemma::PackOp>())
      value = pack.getInput();
    wanted.push_back(known[value]);
  }
  return wanted;
}

void ProjectWriter::writeToken(const Part &part, Value panel, Value lane, Value row) {
  SmallVector<Value> staging(part.yields.size()); // 32 values of a yield that is packed
  for (auto [i, yield] : llvm::enumerate(part.yields))
    if (outType(yield).getKind() != kernel::BufferKind::F32)
      staging[i] = e.stack(128);
  Value columnBytes = e.mul(panel, 128);
  auto put = [&](Value inPanel, Type type) {
    Value column = e.add(columnBytes, inPanel);
    for (auto [i, value] : llvm::enumerate(values(part, inPanel, lane, row, column, type))) {
      unsigned yield = part.yields[i];
      Value to = staging[i] ? e.at(staging[i], inPanel)
                            : e.at(e.at(out(yield), e.mul(row, outType(yield).getWidth() * 4)), column);
      e.store(value, to);
    }
  };
  auto whole = [&] { e.columns(32, put); };
  int64_t rest = part.columns % 32;
  if (rest == 0) {
    whole();
  } else {
    e.ifElse(
        e.equal(panel, e.number(part.columns / 32)),
        [&] {
          for (Value stage : staging)
            if (stage)
              e.store(e.real(0, e.vec(32, e.f32())), stage);
          e.loop(e.number(0), e.number(rest * 4), 4, [&](Value inPanel) { put(inPanel, e.f32()); });
        },
        whole);
  }
  for (auto [i, yield] : llvm::enumerate(part.yields)) {
    if (!staging[i])
      continue;
    kernel::Packing kind = packingOf(outType(yield));
    int64_t bytes = packedBlockBytes(kind, tile), groups = kernel::ceilDiv(part.columns, 32);
    Value block = e.at(out(yield), e.mul(e.add(e.mul(e.div(row, tile), groups), panel), bytes));
    packGroup(e, staging[i], block, lane, kind, tile);
  }
}

void ProjectWriter::writePanel(const Part &part, Value panel) {
  Value rows = code.rowCount(op.getRows());
  e.loop(e.number(0), e.ceilDiv(rows, tile), 1, [&](Value index) {
    Value left = e.sub(rows, e.mul(index, tile));
    for (gemma::ProjectOp p : part.projections) {
      kernel::WeightType type = weightType(p);
      kernel::Format format = type.getFormat();
      int64_t groups = kernel::ceilDiv(type.getColumns(), 32);
      Value weights = e.at(place(p.getWeight()), e.mul(panel, groups * kernel::info(format).panelBlockBytes));
      Value inputs =
          e.at(place(p.getInput()), e.mul(index, groups * packedBlockBytes(kernel::packingOf(format), tile)));
      auto multiply = [&](int64_t tokens) {
        func::FuncOp dot = code.dots.get(format, kernel::packingOf(format), tile, e.loc, tokens);
        func::CallOp::create(e.b, e.loc, dot, ValueRange{weights, inputs, e.number(groups), results[p]});
      };
      // The last tile of a few sequences' rows, or of a short prompt, is often not full.
      if (int64_t few = kernel::ceilDiv(2 * tile, 3); few < tile)
        e.ifElse(e.less(e.number(few), left), [&] { multiply(tile); }, [&] { multiply(few); });
      else
        multiply(tile);
    }
    Value first = e.mul(index, tile);
    e.loop(e.number(0), e.min(e.number(tile), e.sub(rows, first)), 1,
           [&](Value lane) { writeToken(part, panel, lane, e.add(first, lane)); });
  });
}

void ProjectWriter::write() {
  findParts();
  int64_t items = 0;
  for (Part &part : parts) {
    items += kernel::ceilDiv(part.columns, 32);
    for (gemma::ProjectOp p : part.projections)
      results[p] = e.stack(tile * 128);
  }
  e.claimRuns(code.step, e.number(items), [&](Value item) {
    // The parts' panels stand one after another.
    std::function<void(unsigned, int64_t)> pick = [&](unsigned index, int64_t begin) {
      Value panel = e.sub(item, e.number(begin));
      if (index + 1 == parts.size())
        return writePanel(parts[index], panel);
      int64_t end = begin + kernel::ceilDiv(parts[index].columns, 32);
      e.ifElse(e.less(item, e.number(end)), [&] { writePanel(parts[index], panel); }, [&] { pick(index + 1, end); });
    };
    pick(0, 0);
  });
}

} // namespace

void tile::writeProject(PhaseCode code, kernel::ProjectOp op) {
  ProjectWriter(code, op).write();
}
