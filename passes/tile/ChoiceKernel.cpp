// The choice of experts for one row: noise where there is some, the largest scores, and a softmax over them.
#include "passes/tile/Kernels.h"

#include <limits>
#include <numbers>

using namespace mlir;
using namespace gemmac;
using namespace gemmac::tile;

/// The output function of SplitMix64 at a state: on numbers here, and the same in generated code.
static uint64_t mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

static Value shiftRight(Emitter &e, Value z, int64_t bits) {
  return arith::ShRUIOp::create(e.b, e.loc, z, e.number(bits));
}

static Value mix(Emitter &e, Value z) {
  auto fold = [&](int64_t bits) { return arith::XOrIOp::create(e.b, e.loc, z, shiftRight(e, z, bits)).getResult(); };
  z = e.add(z, static_cast<int64_t>(0x9e3779b97f4a7c15));
  z = e.mul(fold(30), static_cast<int64_t>(0xbf58476d1ce4e5b9));
  z = e.mul(fold(27), static_cast<int64_t>(0x94d049bb133111eb));
  return fold(31);
}

/// A standard normal number from 48 of the bits, by Box and Muller.
static Value normal(Emitter &e, Value bits) {
  auto toFloat = [&](Value v, Type type) { return arith::SIToFPOp::create(e.b, e.loc, type, v).getResult(); };
  Value u = e.fmul(toFloat(e.add(shiftRight(e, bits, 40), 1), e.f32()), e.real(0x1p-24, e.f32()));
  Value v = arith::AndIOp::create(e.b, e.loc, shiftRight(e, bits, 16), e.number(0xffffff));
  Value angle = e.fmul(toFloat(v, e.f64()), e.real(std::numbers::pi * 0x1p-23, e.f64()));
  // The logarithm of 1 may be off by a rounding: a root needs a number that is not negative.
  Value square = e.fmax(e.fmul(e.real(-2, e.f32()), e.log(u)), e.real(0, e.f32()));
  Value cosine = arith::TruncFOp::create(e.b, e.loc, e.f32(), cosSin(e, angle).first);
  return e.fmul(e.sqrt(square), cosine);
}

/// log(1 + exp(z)), for any z.
static Value softplus(Emitter &e, Value z) {
  Value zero = e.real(0, e.f32()), size = e.fmax(z, e.fsub(zero, z));
  return e.fadd(e.fmax(z, zero), e.log1p(e.exp(e.fsub(zero, size))));
}

/// The scores, with noise where the operation has some, as floats at `to`.
static void writeScores(Emitter &e, gemma::TopKOp op, const ChoiceCode &code, Value to) {
  int64_t experts = op.getType().getExperts();
  if (!op.getNoiseSeed())
    return e.columns(
        experts, [&](Value offset, Type type) { e.store(e.load(type, e.at(code.scores, offset)), e.at(to, offset)); });
  Value row = mix(e, e.add(code.position, static_cast<int64_t>(mix(*op.getNoiseSeed()))));
  e.loop(e.number(0), e.number(experts), 1, [&](Value expert) {
    Value offset = e.mul(expert, 4), noise = normal(e, mix(e, e.add(row, expert)));
    if (code.noiseScores)
      noise = e.fmul(noise, softplus(e, e.load(e.f32(), e.at(code.noiseScores, offset))));
    e.store(e.fadd(e.load(e.f32(), e.at(code.scores, offset)), noise), e.at(to, offset));
  });
}

/// The largest again and again; a chosen one is struck out with -infinity. Their softmax needs no other scores.
void tile::writeChoice(Emitter &e, gemma::TopKOp op, ChoiceCode code) {
  int64_t experts = op.getType().getExperts(), k = op.getType().getTopK();
  Value scores = code.memory, chosen = e.at(code.memory, experts * 4), weights = e.at(code.out, k * 4);
  Value lowest = e.real(-std::numeric_limits<float>::infinity(), e.f32());
  writeScores(e, op, code, scores);
  e.loop(e.number(0), e.number(k * 4), 4, [&](Value offset) {
    SmallVector<Value> best{e.number(0), lowest};
    best = e.loop(e.number(0), e.number(experts), 1, best, [&](Value expert, ValueRange so) {
      Value score = e.load(e.f32(), e.at(scores, e.mul(expert, 4)));
      Value better =
          arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT, score, so[1]); // ties: the lower index stays
      return SmallVector<Value>{e.select(better, expert, so[0]), e.select(better, score, so[1])};
    });
    e.store(e.toI32(best[0]), e.at(code.out, offset));
    e.store(best[1], e.at(chosen, offset));
    e.store(lowest, e.at(scores, e.mul(best[0], 4)));
  });
  Value top = e.load(e.f32(), chosen);
  auto exponentials = [&](Value from, int64_t count, Value start) { // in place; returns their sum, added to `start`
    return e.loop(e.number(0), e.number(count * 4), 4, ValueRange(start), [&](Value offset, ValueRange sum) {
      Value p = e.exp(e.fsub(e.load(e.f32(), e.at(from, offset)), top));
      e.store(p, e.at(from, offset));
      return SmallVector<Value>{e.fadd(sum[0], p)};
    })[0];
  };
  Value total = exponentials(chosen, k, e.real(0, e.f32()));
  if (op.getUnnormalised()) // over all: those that were not chosen, too; the others are struck out and add 0
    total = exponentials(scores, experts, total);
  e.loop(e.number(0), e.number(k * 4), 4, [&](Value offset) {
    Value expert = e.toI64(e.load(e.i32(), e.at(code.out, offset)));
    Value weight = e.fdiv(e.load(e.f32(), e.at(chosen, offset)), total);
    if (code.perExpert)
      weight = e.fmul(weight, e.load(e.f32(), e.at(code.perExpert, e.mul(expert, 4))));
    e.store(weight, e.at(weights, offset));
  });
}
