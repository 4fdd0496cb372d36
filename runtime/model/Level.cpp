// Choice of the instruction-set level, see Level.h.
#include "runtime/model/Level.h"

#include "runtime/base/Text.h"

#include <vector>

namespace gemmart {

/// "AVX2, FMA": the features that a level needs and the CPU lacks.
static std::string missingFeatures(const GmLevel &level, uint64_t cpuFeatures) {
  std::string text;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (!(level.features & ~cpuFeatures) || !((level.features & ~cpuFeatures) >> bit & 1))
      continue;
    const char *name = gmTargetFeatureName(bit);
    text += (text.empty() ? "" : ", ") + (name ? std::string(name) : format("feature %u", bit));
  }
  return text;
}

static std::string lackMessage(const GmLevel &level, uint64_t cpuFeatures) {
  return "this CPU lacks " + missingFeatures(level, cpuFeatures) + ", needed by level " + level.name;
}

Result<LevelChoice> chooseLevel(const GmModel &model, uint64_t cpuFeatures, std::string_view forcedName) {
  std::vector<std::string_view> names;
  std::string list, skipped;
  for (uint32_t index = 0; index < model.level_count; ++index) {
    const GmLevel &level = model.levels[index];
    names.push_back(level.name);
    list += (list.empty() ? "" : ", ") + std::string(level.name);
    bool fits = (level.features & ~cpuFeatures) == 0;
    if (!forcedName.empty()) {
      if (forcedName != level.name)
        continue;
      if (!fits)
        return inputError(lackMessage(level, cpuFeatures));
      return LevelChoice{&level, "asked for with --level"};
    }
    if (fits)
      return LevelChoice{&level, skipped.empty() ? "the best of " + std::to_string(model.level_count) + " in this file"
                                                 : "the best that this CPU has; " + skipped};
    skipped +=
        (skipped.empty() ? "" : "; ") + std::string(level.name) + " needs " + missingFeatures(level, cpuFeatures);
  }
  if (!forcedName.empty())
    return usageError("unknown level '" + std::string(forcedName) + "'" + didYouMean(forcedName, names) +
                      " (in this file: " + list + ")");
  return inputError(lackMessage(model.levels[model.level_count - 1], cpuFeatures) +
                    (model.level_count > 1 ? ", the smallest in this file" : ""));
}

Status checkTarget(const GmModel &model, std::string_view wanted) {
  if (wanted.empty() || wanted == "cpu" || wanted == model.target)
    return {};
  if (wanted == "cuda" || wanted == "spirv")
    return inputError("this file holds no code for " + std::string(wanted) + "; it has: cpu (" + model.target + ")");
  std::string_view names[] = {"cpu", "cuda", "spirv", model.target};
  return usageError("unknown target '" + std::string(wanted) + "'" + didYouMean(wanted, names) +
                    " (in this file: cpu, which is " + model.target + ")");
}

Status checkModel(const GmModel &model) {
  if (model.abi_version != GM_ABI_VERSION)
    return bugError(format("compiled for runtime format %u, this runtime is %u", model.abi_version, GM_ABI_VERSION));
  bool right = model.level_count > 0 && model.levels && model.target && model.vocab_tokens > 0 &&
               model.vocab_tokens <= INT32_MAX && model.context_tokens > 0 && model.page_bytes >= 0 &&
               model.table_entries >= 0 && model.page_class_count >= 0 && model.weight_bytes >= 0 &&
               model.block_tokens >= 0;
  for (int64_t index = 0; right && index < model.page_class_count; ++index) {
    const GmPageClass &layers = model.page_classes[index];
    right = layers.page_slots > 0 && layers.table_begin >= 0 && model.page_bytes > 0 &&
            (model.context_tokens - 1) / layers.page_slots < model.table_entries - layers.table_begin;
  }
  for (uint32_t index = 0; right && index < model.level_count; ++index) {
    const GmLevel &level = model.levels[index];
    right = level.name && level.decode && level.prefill && level.read && level.arena_bytes >= 0 &&
            level.max_chunk_tokens > 0 && level.max_last_rows > 0;
  }
  return right ? Status() : bugError("the model table in this executable makes no sense");
}

} // namespace gemmart
