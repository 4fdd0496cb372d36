// Weights into their packed formats: streamed tensor by tensor, bounded memory, all cores, same inputs same bytes.
#ifndef COMPILER_PACK_PACK_H
#define COMPILER_PACK_PACK_H

#include "compiler/import/Checkpoint.h"
#include "dialects/kernel/Format.h"

#include <functional>

namespace gemmac::pack {

/// One weight of the "weights" section. The list comes from the compiled module, in order of offset.
struct Item {
  int64_t weight = 0; ///< index into Model::weights
  kernel::Format format = kernel::Format::F32;
  kernel::Layout layout = kernel::Layout::Panel;
  int64_t offset = 0, bytes = 0; ///< in the section; bytes = experts * split * weightBytes(...)
  int64_t split = 1; ///< matrices of equal height that each expert is cut into (a gate and an up projection: 2)
};

struct Options {
  int q8Zero = 128; ///< TargetInfo's: 128 stores q8 codes + 128 unsigned, 0 stores them signed
  int threads = 2;
  std::function<void(int64_t doneBytes, int64_t totalBytes)>
      progress; ///< called now and then from one thread; may be empty
};

/// Writes [offset, offset + data.size()) of the section; called in ascending order of offset, gaps are zero.
using Sink = std::function<Status(int64_t offset, std::span<const uint8_t> data)>;

Status packWeights(const config::Model &model, const import::Checkpoint &checkpoint, const import::Bindings &bindings,
                   std::span<const Item> items, const Options &options, const Sink &sink);

/// The format `--quant keep` gives a tensor of this type: Q8_0 and Q5_0 -> q8, Q6_K -> q6, Q4_0 -> q4, Q4_1
/// and Q4_K -> q4m, Q5_1 and Q5_K -> q8m, F16 and F32 -> f32, BF16 -> bf16. Bit for bit where the codes and scales fit,
/// else rounded at most.
kernel::Format keptFormat(import::DType type);

} // namespace gemmac::pack
#endif
