// Finds the tensors behind each weight of a model, and reports everything that does not fit in one go.
#include "compiler/import/Checkpoint.h"

#include "compiler/import/Dequantize.h"
#include "compiler/import/Mapped.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace gemmac::import {
namespace {

using config::Weight;

constexpr size_t kMaxLines =
    20; ///< of each kind: a wrong description yields hundreds, and the first ones tell the story

/// Shell-like match where '*' stands for any text.
bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

/// Edit distance, or `limit` + 1 if it is larger.
size_t distance(std::string_view a, std::string_view b, size_t limit) {
  if (a.size() > b.size())
    std::swap(a, b);
  if (b.size() - a.size() > limit)
    return limit + 1;
  std::vector<size_t> row(a.size() + 1);
  std::iota(row.begin(), row.end(), size_t(0));
  for (size_t j = 1; j <= b.size(); ++j) {
    size_t diagonal = row[0], best = row[0] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
      size_t next = std::min({row[i] + 1, row[i - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = row[i];
      row[i] = next;
      best = std::min(best, next);
    }
    if (best > limit)
      return limit + 1;
  }
  return row[a.size()];
}

std::string position(const config::Position &where) {
  if (where.file.empty())
    return "";
  return where.file + ":" + std::to_string(where.line) + ":" + std::to_string(where.column) + ": ";
}

std::string joined(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "'" : " + '") + name + "'";
  return text;
}

/// What a tensor gives that is stored transposed, or of which only some rows are the weight.
std::optional<std::vector<int64_t>> shapeOfPart(const Tensor &tensor, const Binding &binding) {
  std::vector<int64_t> shape = tensor.shape;
  if (binding.transposed && shape.size() == 2)
    std::swap(shape[0], shape[1]);
  if (const config::RowPart &rows = binding.rows; rows.every > 0) {
    if (shape.empty() || shape[0] % rows.every)
      return std::nullopt;
    shape[0] = shape[0] / rows.every * rows.size;
  }
  return shape;
}

std::string partText(const config::RowPart &rows) {
  return std::to_string(rows.offset) + " .. " + std::to_string(rows.offset + rows.size - 1) + " of every " +
         std::to_string(rows.every);
}

/// What a weight's parts make together; an empty text if it is the weight's shape, else what is wrong.
std::string shapeProblem(const Weight &weight, const Binding &binding) {
  const std::vector<const Tensor *> &parts = binding.parts;
  auto single = [](std::span<const int64_t> shape) { return shape.empty() || (shape.size() == 1 && shape[0] == 1); };
  if (parts.size() == 1) {
    const Tensor &part = *parts[0];
    std::optional<std::vector<int64_t>> shape = shapeOfPart(part, binding);
    if (shape && (*shape == weight.shape || (single(*shape) && single(weight.shape))))
      return "";
    std::string how = binding.transposed ? ", transposed" : "";
    if (binding.rows.every)
      how += ", rows " + partText(binding.rows);
    return "tensor '" + part.name + "' of " + part.file + " has shape " + shapeText(part.shape) + ", but weight '" +
           weight.name + "' has " + shapeText(weight.shape) + how;
  }
  std::string shapes;
  for (const Tensor *part : parts)
    shapes += (shapes.empty() ? "" : " + ") + shapeText(part->shape);
  // Joined along `out`: the first dimension of a matrix or vector, the second one of a stack. A stack may also be given
  // as one matrix per member.
  size_t rank = weight.shape.size();
  size_t partRank = parts[0]->shape.size();
  bool members = rank == 3 && partRank == 2;
  size_t axis = rank == 3 && !members ? 1 : 0;
  bool fits = rank > 0 && (partRank == rank || members);
  int64_t sum = 0;
  for (const Tensor *part : parts) {
    fits = fits && part->shape.size() == partRank;
    for (size_t i = 0; fits && i < partRank; ++i)
      fits = i == axis || part->shape[i] == weight.shape[members ? i + 1 : i];
    if (fits)
      sum += part->shape[axis];
  }
  int64_t wanted = !fits ? 0 : members ? weight.shape[0] * weight.shape[1] : weight.shape[axis];
  if (fits && sum == wanted)
    return "";
  return "tensors of " + parts[0]->file + " with shapes " + shapes + " do not make " + shapeText(weight.shape) +
         " of weight '" + weight.name + "'";
}

class Binder {
public:
  Binder(const config::Model &model, const Checkpoint &checkpoint)
      : model(model), checkpoint(checkpoint), owners(checkpoint.tensors().size()) {}

  Result<Bindings> run() {
    for (const Weight &weight : model.weights)
      result.weights.push_back(bind(weight));
    for (size_t i = 0; i < owners.size(); ++i)
      checkOwners(checkpoint.tensors()[i], owners[i]);
    sortUnused();
    std::string message = text(wrong);
    if (!missing.empty()) {
      std::vector<std::string> lines;
      for (const Weight *weight : missing) // the search for a near name is only worth it for lines that are shown
        lines.push_back(lines.size() < kMaxLines ? missingLine(*weight) : "");
      message += (message.empty() ? "" : "\n") + text(lines);
    }
    if (!unused.empty()) {
      std::vector<std::string> lines;
      for (const Tensor *tensor : unused)
        lines.push_back(tensor->file + ": tensor '" + printable(tensor->name) + "' of shape " +
                        shapeText(tensor->shape) + " is used by no weight of the description");
      message += (message.empty() ? "" : "\n") + text(lines);
    }
    if (!message.empty())
      return Error{message};
    return std::move(result);
  }

private:
  static std::string text(const std::vector<std::string> &lines) {
    std::string joined;
    for (size_t i = 0; i < std::min(lines.size(), kMaxLines); ++i)
      joined += (i ? "\n" : "") + lines[i];
    if (lines.size() > kMaxLines)
      joined += "\n... and " + std::to_string(lines.size() - kMaxLines) + " more like these";
    return joined;
  }

  size_t indexOf(const Tensor *tensor) const { return static_cast<size_t>(tensor - checkpoint.tensors().data()); }

  Binding bind(const Weight &weight) {
    Binding binding;
    if (checkpoint.source() == Source::Random) { // made to measure, whole
      if (const Tensor *tensor = checkpoint.find(randomName(weight)))
        binding.parts = {tensor};
    } else {
      binding.rows = weight.part;
      binding.transposed = weight.transposed;
      for (const std::vector<std::string> &candidate : weight.names) {
        std::vector<const Tensor *> parts;
        for (const std::string &name : candidate)
          if (const Tensor *tensor = checkpoint.find(name))
            parts.push_back(tensor);
        if (!parts.empty() && parts.size() == candidate.size()) {
          binding.parts = std::move(parts);
          break;
        }
      }
    }
    if (binding.parts.empty()) {
      missing.push_back(&weight);
      return binding;
    }
    for (const Tensor *part : binding.parts) {
      std::vector<Owner> &known = owners[indexOf(part)];
      auto other = std::find_if(known.begin(), known.end(), [&](const Owner &o) { return o.meets(binding.rows); });
      if (other != known.end())
        wrong.push_back(position(weight.where) + "tensor '" + part->name + "' of " + part->file +
                        " is bound twice: by weight '" + other->weight->name + "' and by weight '" + weight.name + "'");
      known.push_back({&weight, binding.rows});
      if (part->type == DType::Other)
        wrong.push_back(part->file + ": tensor '" + part->name + "' of weight '" + weight.name + "' has type " +
                        part->typeName + "; readable types are " + readableTypes());
    }
    if (std::string problem = shapeProblem(weight, binding); !problem.empty())
      wrong.push_back(position(weight.where) + problem);
    else if (!headsFit(weight))
      wrong.push_back(position(weight.where) + "weight '" + weight.name + "' has shape " + shapeText(weight.shape) +
                      ", which " + std::to_string(weight.interleavedHeads) +
                      " heads of an even number of interleaved rows do not divide");
    return binding;
  }

  /// A weight that a tensor belongs to, whole or with some of its rows.
  struct Owner {
    const Weight *weight;
    config::RowPart rows;

    /// Whether rows are asked for that this one has. Parts of another period cannot be compared: they meet.
    bool meets(const config::RowPart &other) const {
      return rows.every == 0 || rows.every != other.every ||
             (rows.offset < other.offset + other.size && other.offset < rows.offset + rows.size);
    }
  };

  /// The weights that share a tensor must have all of its rows between them.
  void checkOwners(const Tensor &tensor, std::vector<Owner> &known) {
    bool comparable = !known.empty() && known[0].rows.every > 0;
    for (const Owner &owner : known)
      comparable &= owner.rows.every == known[0].rows.every; // else it is bound twice, which has been said
    if (!comparable)
      return;
    std::sort(known.begin(), known.end(), [](const Owner &a, const Owner &b) { return a.rows.offset < b.rows.offset; });
    int64_t every = known[0].rows.every, next = 0;
    auto gap = [&](int64_t end) {
      if (next < end)
        wrong.push_back(position(known[0].weight->where) + "rows " + partText({next, end - next, every}) +
                        " of tensor '" + tensor.name + "' of " + tensor.file + " are used by no weight; '" +
                        known[0].weight->name + "' takes " + partText(known[0].rows));
    };
    for (const Owner &owner : known) {
      gap(owner.rows.offset);
      next = std::max(next, owner.rows.offset + owner.rows.size);
    }
    gap(every);
  }

  static bool headsFit(const Weight &weight) {
    if (weight.interleavedHeads <= 0)
      return true;
    if (weight.shape.empty())
      return false;
    int64_t rows = weight.shape[weight.shape.size() == 3 ? 1 : 0];
    return rows % weight.interleavedHeads == 0 && rows / weight.interleavedHeads % 2 == 0;
  }

  /// Tensors that nobody bound: left out for a stated reason, or an error.
  void sortUnused() {
    std::map<std::string, int64_t> reasons;
    for (size_t i = 0; i < owners.size(); ++i) {
      if (!owners[i].empty())
        continue;
      const Tensor &tensor = checkpoint.tensors()[i];
      auto ignored = std::find_if(model.ignored.begin(), model.ignored.end(),
                                  [&](const config::Ignored &rule) { return matches(rule.pattern, tensor.name); });
      if (ignored == model.ignored.end()) {
        unused.push_back(&tensor);
        continue;
      }
      ++reasons[ignored->why];
      if (!ignored->copyOf.empty())
        mustBeCopy(tensor, *ignored);
    }
    for (const auto &[why, count] : reasons)
      result.leftOut.push_back(why + ": " + std::to_string(count) + (count == 1 ? " tensor" : " tensors"));
  }

  /// A copy that differs would be a weight of the model, so leaving it out would give another model's text.
  void mustBeCopy(const Tensor &tensor, const config::Ignored &rule) {
    for (size_t i = 0; i < model.weights.size(); ++i) {
      if (model.weights[i].name != rule.copyOf || result.weights[i].parts.size() != 1)
        continue;
      const Tensor &original = *result.weights[i].parts[0];
      if (std::string difference = differenceOf(tensor, original); !difference.empty())
        wrong.push_back(tensor.file + ": tensor '" + tensor.name + "' would be left out as " + rule.why +
                        ", but differs from '" + original.name + "': " + difference);
    }
  }

  /// How two tensors differ; empty if they do not. Their pages are given back.
  std::string differenceOf(const Tensor &a, const Tensor &b) const {
    if (a.type != b.type)
      return a.typeName + " and " + b.typeName;
    if (a.shape != b.shape || a.data.size() != b.data.size())
      return shapeText(a.shape) + " and " + shapeText(b.shape);
    constexpr size_t kPiece = size_t(4) << 20;
    for (size_t at = 0; at < a.data.size(); at += kPiece) {
      size_t bytes = std::min(kPiece, a.data.size() - at);
      std::span<const uint8_t> ours = a.data.subspan(at, bytes), theirs = b.data.subspan(at, bytes);
      auto place = std::mismatch(ours.begin(), ours.end(), theirs.begin());
      checkpoint.release(ours);
      checkpoint.release(theirs);
      if (place.first != ours.end())
        return "first at byte " + std::to_string(at + size_t(place.first - ours.begin()));
    }
    return "";
  }

  std::string missingLine(const Weight &weight) const {
    std::string line =
        position(weight.where) + "weight '" + weight.name + "' " + shapeText(weight.shape) + ": no tensor ";
    for (size_t i = 0; i < weight.names.size(); ++i)
      line += (i ? " or " : "") + joined(weight.names[i]);
    if (weight.names.empty())
      line += "is named for it";
    line += " in " + checkpoint.path();
    std::string partial = partlyThere(weight);
    std::string near = partial.empty() ? nearest(weight) : "";
    if (!partial.empty())
      line += "; " + partial;
    else if (!near.empty())
      line += "; did you mean '" + near + "'?";
    return line;
  }

  /// A candidate of several names of which some exist.
  std::string partlyThere(const Weight &weight) const {
    for (const std::vector<std::string> &candidate : weight.names) {
      std::vector<std::string> there, absent;
      for (const std::string &name : candidate)
        (checkpoint.find(name) ? there : absent).push_back(name);
      if (!there.empty() && !absent.empty())
        return joined(absent) + " is absent beside " + joined(there);
    }
    return "";
  }

  /// Only unused tensors can be meant, and only names that differ by a few letters.
  std::string nearest(const Weight &weight) const {
    size_t best = 4;
    std::string name;
    for (size_t i = 0; i < std::min<size_t>(unused.size(), 2000); ++i)
      for (const std::vector<std::string> &candidate : weight.names)
        for (const std::string &wanted : candidate)
          if (size_t d = distance(wanted, unused[i]->name, best - 1); d < best) {
            best = d;
            name = unused[i]->name;
          }
    return name;
  }

  const config::Model &model;
  const Checkpoint &checkpoint;
  std::vector<std::vector<Owner>> owners; ///< parallel to the checkpoint's tensors
  std::vector<const Weight *> missing;
  std::vector<const Tensor *> unused;
  std::vector<std::string> wrong; ///< what is bound, but does not fit
  Bindings result;
};

} // namespace

Result<Bindings> bindWeights(const config::Model &model, const Checkpoint &checkpoint) {
  return Binder(model, checkpoint).run();
}

} // namespace gemmac::import
