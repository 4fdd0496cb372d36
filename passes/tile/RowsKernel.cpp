// Phases whose items are rows: norms, sums, gates, rotations, embeddings, the choice of experts. Each operation is a
// loop over the row, which stays in the first-level cache between them.
#include "passes/tile/Kernels.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

Value tile::activate(Emitter &e, gemma::Activation activation, Value z) {
  Type type = z.getType();
  using gemma::Activation;
  if (activation == Activation::Relu || activation == Activation::Relu2) {
    Value positive = e.fmax(z, e.real(0, type));
    return activation == Activation::Relu ? positive : e.fmul(positive, positive);
  }
  if (activation == Activation::Gelu) {
    Value inner = e.erf(e.fmul(z, e.real(0.70710678118654752, type)));
    return e.fmul(e.fmul(e.real(0.5, type), z), e.fadd(e.real(1, type), inner));
  }
  if (activation == Activation::Silu) {
    Value down = e.exp(e.fsub(e.real(0, type), z));
    return e.fdiv(z, e.fadd(e.real(1, type), down));
  }
  Value cubic = e.fmul(e.fmul(z, z), z);
  Value inner = e.fmul(e.real(0.7978845608028654, type), e.fadd(z, e.fmul(e.real(0.044715, type), cubic)));
  return e.fmul(e.fmul(e.real(0.5, type), z), e.fadd(e.real(1, type), e.tanh(inner)));
}

Value tile::elementwiseWeight(Emitter &e, Operation *op, Value place, Value offset, Type type) {
  if (isa<gemma::BiasOp>(op))
    return e.load(type, e.at(place, offset));
  return e.splat(e.load(e.f32(), place), type);
}

Value tile::elementwise(Emitter &e, Operation *op, ValueRange operands, Value weight) {
  Type type = operands[0].getType();
  if (isa<gemma::AddOp>(op))
    return e.fadd(operands[0], operands[1]);
  if (isa<gemma::MulOp>(op))
    return e.fmul(operands[0], operands[1]);
  if (auto act = dyn_cast<gemma::ActOp>(op))
    return activate(e, act.getActivation(), operands[0]);
  if (auto gated = dyn_cast<gemma::GatedOp>(op))
    return e.fmul(activate(e, gated.getActivation(), operands[0]), operands[1]);
  if (auto scale = dyn_cast<gemma::ScaleOp>(op))
    return e.fmul(operands[0], e.real(scale.getBy().convertToDouble(), type));
  if (isa<gemma::ScaleByOp>(op))
    return e.fmul(operands[0], weight);
  if (isa<gemma::BiasOp>(op))
    return e.fadd(operands[0], weight);
  double cap = cast<gemma::SoftcapOp>(op).getCap().convertToDouble();
  return e.fmul(e.real(cap, type), e.tanh(e.fdiv(operands[0], e.real(cap, type))));
}

namespace {

class RowsWriter {
public:
  RowsWriter(PhaseCode code, kernel::RowsOp op) : code(code), e(code.e), op(op) {}
  void write();

private:
  void writeRow(Value row);
  void writeOp(Operation *inner);
  void norm(gemma::RmsNormOp norm, Value out);
  void norm(gemma::LayerNormOp norm, Value out);
  void rope(gemma::RopeOp rope, Value out);
  void topK(gemma::TopKOp topK, Value out);
  void yield(kernel::YieldOp yield);

  int64_t argument(Value value) const { return cast<BlockArgument>(value).getArgNumber(); }
  bool isArgument(Value value) const { return isa<BlockArgument>(value); }
  Type placeType(Value value) { return op.getIns()[argument(value)].getType(); }
  Value place(Value value) const { return code.pointers[argument(value)]; }
  /// Where the floats of a value's current row are.
  Value pointer(Value value);
  /// Where a result's row should be written: straight to a buffer that wants it, else to the stack.
  Value target(Value result, int64_t columns);

  PhaseCode code;
  Emitter &e;
  kernel::RowsOp op;
  Value row;       ///< within the phase's rows
  Value globalRow; ///< within all rows of the step
  DenseMap<Value, Value> pointers;
  DenseMap<Value, Value> scratch; ///< one piece of stack per result, made once
};

Value RowsWriter::pointer(Value value) {
  if (Value known = pointers.lookup(value))
    return known;
  auto type = cast<kernel::BufferType>(placeType(value));
  return pointers[value] = e.at(place(value), e.mul(row, type.getWidth() * 4));
}

Value RowsWriter::target(Value result, int64_t columns) {
  auto yield = cast<kernel::YieldOp>(op.getBody().front().back());
  for (auto [index, value] : llvm::enumerate(yield.getOperands()))
    if (value == result)
      if (auto type = dyn_cast<kernel::BufferType>(op.getOuts()[index].getType());
          type && type.getKind() == kernel::BufferKind::F32)
        return e.at(code.pointers[op.getIns().size() + index], e.mul(row, type.getWidth() * 4));
  Value &memory = scratch[result];
  if (!memory)
    memory = e.stack(columns * 4);
  return memory;
}

void RowsWriter::norm(gemma::RmsNormOp norm, Value out) {
  int64_t columns = gemma::columnsOf(norm.getType()), group = norm.getGroup().value_or(columns);
  Value in = pointer(norm.getInput()), weight = norm.getWeight() ? place(norm.getWeight()) : Value();
  auto one = [&](Value offset) {
    Value from = e.at(in, offset), to = e.at(out, offset);
    Value squares = e.reduceSum(group, [&](Value column, Type type, Value acc) {
      Value x = e.load(type, e.at(from, column));
      return e.fma(x, x, acc);
    });
    Value mean = e.fmul(squares, e.real(1.0 / group, e.f32()));
    Value factor = e.fdiv(e.real(1, e.f32()), e.sqrt(e.fadd(mean, e.real(norm.getEps().convertToDouble(), e.f32()))));
    e.columns(group, [&](Value column, Type type) {
      Value y = e.fmul(e.load(type, e.at(from, column)), e.splat(factor, type));
      e.store(weight ? e.fmul(y, e.load(type, e.at(weight, column))) : y, e.at(to, column));
    });
  };
  if (group == columns)
    return one(e.number(0));
  e.loop(e.number(0), e.number(columns * 4), group * 4, one);
}

void RowsWriter::norm(gemma::LayerNormOp norm, Value out) {
  int64_t columns = gemma::columnsOf(norm.getType()), group = norm.getGroup().value_or(columns);
  Value in = pointer(norm.getInput()), weight = norm.getWeight() ? place(norm.getWeight()) : Value(),
        bias = norm.getBias() ? place(norm.getBias()) : Value();
  auto one = [&](Value offset) {
    Value from = e.at(in, offset), to = e.at(out, offset), share = e.real(1.0 / group, e.f32());
    auto load = [&](Value base, Value column, Type type) { return e.load(type, e.at(base, column)); };
    Value mean = e.fmul(
        e.reduceSum(group, [&](Value column, Type type, Value acc) { return e.fadd(acc, load(from, column, type)); }),
        share);
    // The deviations first and then their squares: a large mean would drown them in a difference of sums.
    Value squares = e.reduceSum(group, [&](Value column, Type type, Value acc) {
      Value x = e.fsub(load(from, column, type), e.splat(mean, type));
      return e.fma(x, x, acc);
    });
    Value variance = e.fadd(e.fmul(squares, share), e.real(norm.getEps().convertToDouble(), e.f32()));
    Value factor = e.fdiv(e.real(1, e.f32()), e.sqrt(variance));
    e.columns(group, [&](Value column, Type type) {
      Value y = e.fmul(e.fsub(load(from, column, type), e.splat(mean, type)), e.splat(factor, type));
      if (weight)
        y = e.fmul(y, load(weight, column, type));
      e.store(bias ? e.fadd(y, load(bias, column, type)) : y, e.at(to, column));
    });
  };
  e.loop(e.number(0), e.number(columns * 4), group * 4, one);
}

void RowsWriter::rope(gemma::RopeOp rope, Value out) {
  int64_t columns = gemma::columnsOf(rope.getType()), head = rope.getHeadDim(), pairs = rope.getPairs(),
          width = rope.getWidth().value_or(head), half = width / 2;
  Value in = pointer(rope.getInput());
  Value table = e.at(code.pointers[*rope.getTable()], e.mul(globalRow, 2 * pairs * 4));
  e.loop(e.number(0), e.number(columns * 4), head * 4, [&](Value offset) {
    Value from = e.at(in, offset), to = e.at(out, offset);
    e.columns(pairs, [&](Value column, Type type) {
      Value a = e.load(type, e.at(from, column)), c = e.load(type, e.at(e.at(from, half * 4), column));
      Value cos = e.load(type, e.at(table, column)), sin = e.load(type, e.at(e.at(table, pairs * 4), column));
      e.store(e.fsub(e.fmul(a, cos), e.fmul(c, sin)), e.at(to, column));
      e.store(e.fadd(e.fmul(c, cos), e.fmul(a, sin)), e.at(e.at(to, half * 4), column));
    });
    auto pass = [&](int64_t first, int64_t count) {
      if (count > 0)
        e.columns(count, [&](Value column, Type type) {
          Value offset = e.add(column, first * 4);
          e.store(e.load(type, e.at(from, offset)), e.at(to, offset));
        });
    };
    pass(pairs, half - pairs);
    pass(half + pairs, half - pairs);
    pass(width, head - width);
  });
}

void RowsWriter::topK(gemma::TopKOp topK, Value out) {
  Value &memory = scratch[topK.getResult()];
  if (!memory)
    memory = e.stack(topK.getType().getExperts() * 4 + topK.getType().getTopK() * 4);
  Value noise = topK.getNoiseScores() ? pointer(topK.getNoiseScores()) : Value();
  writeChoice(e, topK,
              {pointer(topK.getScores()), noise, topK.getPerExpert() ? place(topK.getPerExpert()) : Value(), memory,
               out, code.sequences().positionOf(globalRow)});
}

void RowsWriter::writeOp(Operation *inner) {
  Value result = inner->getResult(0);
  if (isa<gemma::PackOp>(inner))
    return; // written by yield, which knows where to
  if (auto topK = dyn_cast<gemma::TopKOp>(inner)) {
    auto yield = cast<kernel::YieldOp>(op.getBody().front().back());
    unsigned index = llvm::find(yield.getOperands(), result) - yield.getOperands().begin();
    return this->topK(topK, e.at(code.pointers[op.getIns().size() + index], e.mul(row, topK.getType().getTopK() * 8)));
  }
  if (auto slice = dyn_cast<gemma::SliceOp>(inner)) {
    pointers[result] = e.at(pointer(slice.getInput()), static_cast<int64_t>(slice.getOffset()) * 4);
    return;
  }
  if (auto last = dyn_cast<gemma::LastRowsOp>(inner)) {
    pointers[result] = e.at(place(last.getInput()), e.mul(globalRow, gemma::columnsOf(last.getType()) * 4));
    return;
  }
  int64_t columns = gemma::columnsOf(result.getType());
  Value out = target(result, columns);
  pointers[result] = out;
  if (auto embed = dyn_cast<gemma::EmbedOp>(inner)) {
    Value id = e.toI64(e.load(e.i32(), e.at(place(embed.getIds()), e.mul(globalRow, 4))));
    return gatherRow(e, cast<kernel::WeightType>(placeType(embed.getTable())), place(embed.getTable()), id,
                     embed.getScale().convertToDouble(), out);
  }
  if (auto embed = dyn_cast<gemma::EmbedPositionsOp>(inner)) {
    return gatherRow(e, cast<kernel::WeightType>(placeType(embed.getTable())), place(embed.getTable()),
                     code.sequences().positionOf(globalRow), embed.getScale().convertToDouble(), out);
  }
  if (auto rms = dyn_cast<gemma::RmsNormOp>(inner))
    return norm(rms, out);
  if (auto layer = dyn_cast<gemma::LayerNormOp>(inner))
    return norm(layer, out);
  if (auto rotation = dyn_cast<gemma::RopeOp>(inner))
    return rope(rotation, out);
  Value weight;
  SmallVector<Value> rows;
  for (Value operand : inner->getOperands())
    if (isArgument(operand) && isa<kernel::WeightType>(placeType(operand)))
      weight = place(operand);
    else
      rows.push_back(pointer(operand));
  e.columns(columns, [&](Value offset, Type type) {
    SmallVector<Value> values;
    for (Value from : rows)
      values.push_back(e.load(type, e.at(from, offset)));
    Value factor = weight ? elementwiseWeight(e, inner, weight, offset, type) : Value();
    e.store(elementwise(e, inner, values, factor), e.at(out, offset));
  });
}

/// Values into the places that are not plain rows (those were written by target), and second copies of rows.
void RowsWriter::yield(kernel::YieldOp yield) {
  for (auto [index, value] : llvm::enumerate(yield.getOperands())) {
    Value place = code.pointers[op.getIns().size() + index];
    Type type = op.getOuts()[index].getType();
    if (auto cache = dyn_cast<kernel::CacheType>(type)) {
      Value table = code.sequences().tableOf(globalRow);
      writeCache(code, cache, place, table, pointer(value), code.sequences().positionOf(globalRow));
      continue;
    }
    auto buffer = cast<kernel::BufferType>(type);
    if (auto pack = value.getDefiningOp<gemma::PackOp>()) {
      packRow(e, pointer(pack.getInput()), place, row, buffer.getWidth(), packingOf(buffer), code.shape.tile);
    } else if (buffer.getKind() == kernel::BufferKind::F32) {
      Value to = e.at(place, e.mul(row, buffer.getWidth() * 4)), from = pointer(value);
      bool direct = !isa<gemma::SliceOp, gemma::LastRowsOp>(value.getDefiningOp()) &&
                    llvm::find(yield.getOperands(), value) - yield.getOperands().begin() == static_cast<int64_t>(index);
      if (!direct)
        e.columns(buffer.getWidth(),
                  [&](Value offset, Type type) { e.store(e.load(type, e.at(from, offset)), e.at(to, offset)); });
    }
  }
}

void RowsWriter::writeRow(Value item) {
  row = item;
  globalRow = e.add(code.firstRow(op.getRows()), row);
  for (Operation &inner : llvm::drop_end(op.getBody().front()))
    writeOp(&inner);
  yield(cast<kernel::YieldOp>(op.getBody().front().back()));
}

void RowsWriter::write() {
  e.claim(code.step, code.rowCount(op.getRows()), [&](Value item) { writeRow(item); });
}

} // namespace

void tile::writeRows(PhaseCode code, kernel::RowsOp op) {
  RowsWriter(code, op).write();
}

void tile::writeTap(PhaseCode code, kernel::TapOp op) {
  Emitter &e = code.e;
  kernel::BufferType type = op.getInput().getType();
  int64_t width = type.getWidth();
  Value first = type.getRows() == kernel::BufferRows::Last ? e.number(0) : code.firstRow(gemma::Rows::Last);
  e.claim(code.step, code.rowCount(gemma::Rows::Last), [&](Value row) {
    Value from = e.at(code.pointers[0], e.mul(e.add(first, row), width * 4));
    Value to = e.at(code.pointers[1], e.mul(row, static_cast<int64_t>(op.getColumns()) * 4));
    e.columns(width, [&](Value column, Type type) { e.store(e.load(type, e.at(from, column)), e.at(to, column)); });
  });
}

/// Range reduction and polynomials in float64: the argument is exact there, and the results are good to float32.
std::pair<Value, Value> tile::cosSin(Emitter &e, Value angle) {
  Type type = angle.getType(), bits = e.like(type, e.i64());
  auto constant = [&](double value) { return e.real(value, type); };
  constexpr double shift = 6755399441055744.0; // 1.5 * 2^52: rounds to an integer that stands in the low bits
  Value shifted = e.fadd(e.fmul(angle, constant(0.63661977236758134308)), constant(shift));
  Value quadrant = e.bitcast(shifted, bits), turns = e.fsub(shifted, constant(shift));
  Value r = e.fsub(e.fsub(angle, e.fmul(turns, constant(1.57079632673412561417e+00))),
                   e.fmul(turns, constant(6.07710050650619224932e-11)));
  Value z = e.fmul(r, r);
  auto polynomial = [&](ArrayRef<double> coefficients) {
    Value value = constant(coefficients.front());
    for (double c : coefficients.drop_front())
      value = e.fma(value, z, constant(c));
    return value;
  };
  Value sin = e.fma(e.fmul(r, z),
                    polynomial({1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6}), r);
  Value cos = e.fma(
      z, polynomial({-1.0 / 87178291200.0, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5}),
      constant(1));
  auto bit = [&](int64_t mask) {
    return arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ne,
                                 arith::AndIOp::create(e.b, e.loc, quadrant, e.integer(mask, bits)), e.integer(0, bits))
        .getResult();
  };
  Value swap = bit(1), second = bit(2);
  Value negateCos = arith::XOrIOp::create(e.b, e.loc, swap, second);
  Value c = e.select(swap, sin, cos), s = e.select(swap, cos, sin);
  auto negate = [&](Value v) { return e.fsub(constant(0), v); };
  return {e.select(negateCos, negate(c), c), e.select(second, negate(s), s)};
}

void tile::writeRopeTable(PhaseCode code, kernel::RopeTableOp op) {
  Emitter &e = code.e;
  ArrayRef<float> frequencies = op.getInverseFrequencies();
  int64_t pairs = frequencies.size();
  // Frequencies of this table, as data of the module.
  ArrayRef<uint8_t> raw(reinterpret_cast<const uint8_t *>(frequencies.data()), frequencies.size() * sizeof(float));
  std::string name = "rope_" + llvm::utohexstr(llvm::xxh3_64bits(raw));
  if (!code.module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPointToStart(code.module.getBody());
    auto type = RankedTensorType::get({pairs}, e.f32());
    LLVM::GlobalOp::create(e.b, e.loc, LLVM::LLVMArrayType::get(e.f32(), pairs), /*isConstant=*/true,
                           LLVM::Linkage::Private, name, DenseElementsAttr::get(type, frequencies), /*alignment=*/64);
  }
  Value data = LLVM::AddressOfOp::create(e.b, e.loc, e.ptr(), name);
  e.claim(code.step, code.rowCount(gemma::Rows::All), [&](Value row) {
    Value out = e.at(code.pointers[0], e.mul(row, pairs * 8));
    Value here = arith::SIToFPOp::create(e.b, e.loc, e.f32(), code.sequences().positionOf(row));
    e.columns(pairs, [&](Value offset, Type type) {
      Value angle = e.fmul(e.splat(here, type), e.load(type, e.at(data, offset)));
      auto [cos, sin] = cosSin(e, arith::ExtFOp::create(e.b, e.loc, e.like(type, e.f64()), angle));
      auto put = [&](Value value, Value to) {
        if (op.getMagnitude())
          value = e.fmul(value, e.real(op.getMagnitude()->convertToDouble(), value.getType()));
        e.store(arith::TruncFOp::create(e.b, e.loc, type, value), e.at(to, offset));
      };
      put(cos, out);
      put(sin, e.at(out, pairs * 4));
    });
  });
}
