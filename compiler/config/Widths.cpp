// Width rules of the operations, one function per group of operations.
#include "compiler/config/Widths.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gemmac::config {

namespace {

class Rules {
public:
  Rules(const Step &step, const std::vector<Shape> &inputs, const std::vector<const Weight *> &weights,
        std::string &fault)
      : step(step), inputs(inputs), weights(weights), fault(fault) {}

  std::optional<Shape> run() {
    const std::string &op = step.op;
    if (op == "embed")
      return embed();
    for (size_t i = 0; i < inputs.size(); ++i) {
      Shape::Kind wanted = op == "experts" && i == 1 ? Shape::Kind::Routing : Shape::Kind::Rows;
      if (inputs[i].kind != wanted)
        return fail(fmt::format("'{}' is {}, which '{}' cannot take there", step.inputs[i], kind(inputs[i]), op));
      if (i > 0 && op != "attention" && inputs[i].lastRows != inputs[0].lastRows)
        return fail(fmt::format("'{}' and '{}' have different rows: only one of them went through last_rows",
                                step.inputs[0], step.inputs[i]));
    }
    if (op == "attention")
      return attention();
    if (op == "route" || op == "experts")
      return mixture();
    if (op == "project" || op == "rms_norm" || op == "layer_norm" || op == "scale_by")
      return weighted();
    return plain();
  }

private:
  const Step &step;
  const std::vector<Shape> &inputs;
  const std::vector<const Weight *> &weights;
  std::string &fault;

  std::nullopt_t fail(std::string message) {
    fault = std::move(message);
    return std::nullopt;
  }
  static const char *kind(const Shape &shape) {
    return shape.kind == Shape::Kind::Ids ? "token ids" : shape.kind == Shape::Kind::Routing ? "a routing" : "rows";
  }
  int64_t integer(const char *name) const { return std::get<int64_t>(step.attributes.at(name)); }
  Shape rows(int64_t width) const { return {Shape::Kind::Rows, width, inputs[0].lastRows}; }
  bool shaped(size_t index, const std::vector<int64_t> &wanted) {
    if (weights[index]->shape == wanted)
      return true;
    fault = fmt::format("weight '{}' has shape {}, but this step needs {}", weights[index]->name,
                        showShape(weights[index]->shape), showShape(wanted));
    return false;
  }
  bool rank(size_t index, size_t wanted) {
    if (weights[index]->shape.size() == wanted)
      return true;
    fault = fmt::format("weight '{}' has shape {}, but this step needs {} axes", weights[index]->name,
                        showShape(weights[index]->shape), wanted);
    return false;
  }

  std::optional<Shape> embed() {
    if (inputs[0].kind != Shape::Kind::Ids)
      return fail(fmt::format("'embed' takes the token ids: in = \"ids\", found '{}'", step.inputs[0]));
    if (!rank(0, 2))
      return std::nullopt;
    return Shape{Shape::Kind::Rows, weights[0]->shape[1], false};
  }

  std::optional<Shape> weighted() {
    int64_t width = inputs[0].width;
    if (step.op == "project") {
      if (!rank(0, 2))
        return std::nullopt;
      if (weights[0]->shape[1] != width)
        return fail(fmt::format("weight '{}' has shape {}, but '{}' is {} wide", weights[0]->name,
                                showShape(weights[0]->shape), step.inputs[0], width));
      int64_t outputs = weights[0]->shape[0];
      return weights.size() == 1 || shaped(1, {outputs}) ? std::optional(rows(outputs)) : std::nullopt;
    }
    if (step.op == "scale_by")
      return shaped(0, {1}) ? std::optional(rows(width)) : std::nullopt;
    int64_t group = step.attributes.count("group") ? integer("group") : width;
    if (width % group)
      return fail(fmt::format("group = {} does not divide the {} columns of '{}'", group, width, step.inputs[0]));
    for (size_t i = 0; i < weights.size(); ++i)
      if (!shaped(i, {group}))
        return std::nullopt;
    return rows(width);
  }

  std::optional<Shape> plain() {
    const std::string &op = step.op;
    int64_t width = inputs[0].width;
    if (op == "add" || op == "mul" || op == "gated") {
      if (inputs[1].width != width)
        return fail(fmt::format("'{}' is {} wide, but '{}' is {} wide", step.inputs[0], width, step.inputs[1],
                                inputs[1].width));
    } else if (op == "slice") {
      if (integer("offset") + integer("size") > width)
        return fail(fmt::format("columns {} .. {} do not exist: '{}' is {} wide", integer("offset"),
                                integer("offset") + integer("size") - 1, step.inputs[0], width));
      return rows(integer("size"));
    } else if (op == "rope") {
      int64_t headDim = integer("head_dim");
      if (headDim % 2)
        return fail(fmt::format("head_dim = {} must be even to be rotated", headDim));
      if (width % headDim)
        return fail(
            fmt::format("head_dim = {} does not divide the {} columns of '{}'", headDim, width, step.inputs[0]));
      return rope(headDim);
    } else if (op == "last_rows") {
      return Shape{Shape::Kind::Rows, width, true};
    }
    return rows(width);
  }

  std::optional<Shape> rope(int64_t headDim) {
    int64_t pairs = integer("pairs"), width = headDim;
    const char *what = step.attributes.count("width") ? "width" : "head_dim";
    if (step.attributes.count("width"))
      width = integer("width");
    if (width > headDim || width % 2)
      return fail(fmt::format("width = {} must be even and at most head_dim = {}", width, headDim));
    if (pairs > width / 2)
      return fail(fmt::format("pairs = {}, but {} = {} has only {} pairs", pairs, what, width, width / 2));
    if (auto found = step.attributes.find("frequency"); found != step.attributes.end())
      if (size_t count = std::get<std::vector<double>>(found->second).size(); count != size_t(pairs))
        return fail(fmt::format("frequency has {} numbers for {} pairs", count, pairs));
    return rows(inputs[0].width);
  }

  std::optional<Shape> attention() {
    int64_t heads = integer("heads"), kvHeads = integer("kv_heads"), headDim = integer("head_dim");
    if (heads % kvHeads)
      return fail(fmt::format("kv_heads = {} does not divide heads = {}", kvHeads, heads));
    for (size_t i = 0; i < 3; ++i) {
      if (i > 0 && inputs[i].lastRows)
        return fail(fmt::format("'{}' went through last_rows; keys and values need every row", step.inputs[i]));
      int64_t wanted = (i ? kvHeads : heads) * headDim;
      if (inputs[i].width != wanted)
        return fail(fmt::format("'{}' is {} wide, but {} = {} times head_dim = {} is {}", step.inputs[i],
                                inputs[i].width, i ? "kv_heads" : "heads", i ? kvHeads : heads, headDim, wanted));
    }
    return rows(heads * headDim);
  }

  std::optional<Shape> mixture() {
    int64_t width = inputs[0].width;
    if (step.op == "route") {
      if (!rank(0, 2))
        return std::nullopt;
      int64_t experts = weights[0]->shape[0];
      if (!shaped(0, {experts, width}) || (weights.size() > 1 && !shaped(1, {experts})) ||
          (weights.size() > 2 && !shaped(2, {experts, width})))
        return std::nullopt;
      if (integer("top_k") > experts)
        return fail(fmt::format("top_k = {}, but there are {} experts", integer("top_k"), experts));
      return Shape{Shape::Kind::Routing, experts, inputs[0].lastRows};
    }
    if (!rank(0, 3) || !rank(1, 3))
      return std::nullopt;
    int64_t experts = inputs[1].width, inner = weights[1]->shape[2];
    if (!shaped(0, {experts, 2 * inner, width}) || !shaped(1, {experts, width, inner}))
      return std::nullopt;
    return rows(width);
  }
};

} // namespace

std::string showShape(const std::vector<int64_t> &shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::optional<Shape> inferShape(const Step &step, const std::vector<Shape> &inputs,
                                const std::vector<const Weight *> &weights, std::string &fault) {
  return Rules(step, inputs, weights, fault).run();
}

} // namespace gemmac::config
