// See Keys.h.
#include "compiler/config/Keys.h"

#include "compiler/config/Diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace gemmac::config {

namespace {

/// Of config.json, wherever they stand: who wrote the file and with what, how it was trained and how text is drawn.
/// None of them changes what the model computes; special tokens and sampling are read where a description asks for
/// them.
constexpr const char *kNeverMatterHf[] = {
    "_attn_implementation*",
    "_commit_hash",
    "_name_or_path",
    "architectures",
    "attention_dropout",
    "attn_pdrop",
    "auto_map.*",
    "bos_token_id",
    "cache_implementation",
    "do_sample",
    "dtype",
    "embd_pdrop",
    "eos_token_id",
    "gradient_checkpointing",
    "hidden_dropout",
    "id2label.*",
    "initializer_range",
    "label2id.*",
    "max_length",
    "model_type",
    "output_attentions",
    "output_hidden_states",
    "pad_token_id",
    "pretraining_tp",
    "problem_type",
    "resid_pdrop",
    "return_dict",
    "temperature",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "transformers_version",
    "use_cache",
};
/// Of GGUF metadata: what the file says about itself, and the tokenizer, which has a reader of its own.
constexpr const char *kNeverMatterGguf[] = {"general.*", "quantize.imatrix.*", "split.*", "tokenizer.*"};

/// '*' stands for anything, also for nothing.
bool matches(std::string_view pattern, std::string_view text) {
  size_t star = std::string_view::npos, tried = 0, p = 0, t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      tried = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++tried;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// "{i}" is a layer's number.
std::string asPattern(std::string key) {
  for (size_t at; (at = key.find("{i}")) != std::string::npos;)
    key.replace(at, 3, "*");
  return key;
}

bool isGguf(const Facts &facts) {
  return facts.source == Facts::Source::Gguf;
}

std::string architecture(const Facts &facts) {
  auto found = facts.numbers.find("general.architecture");
  const std::string *name = found == facts.numbers.end() ? nullptr : std::get_if<std::string>(&found->second.scalar);
  return name ? *name : "";
}

bool neverMatters(std::string_view key, const Facts &facts) {
  if (!isGguf(facts) && key.starts_with("text_config."))
    key.remove_prefix(std::string_view("text_config.").size());
  auto fits = [&](const char *pattern) { return matches(pattern, key); };
  return isGguf(facts) ? std::any_of(std::begin(kNeverMatterGguf), std::end(kNeverMatterGguf), fits)
                       : std::any_of(std::begin(kNeverMatterHf), std::end(kNeverMatterHf), fits);
}

} // namespace

std::vector<std::string> fullKeys(const std::string &key, const Facts &facts) {
  if (isGguf(facts)) {
    bool whole = key.starts_with("general.") || key.starts_with("tokenizer.");
    return {whole ? key : architecture(facts) + "." + key};
  }
  if (key.starts_with("/"))
    return {key.substr(1)};
  return {"text_config." + key, key};
}

void checkKeys(const Description &description, const Facts &facts,
               const std::function<bool(const std::optional<Expression> &)> &holds, Diagnostics &diagnostics) {
  std::set<std::string> exact;
  std::vector<std::string> patterns, names; // names: for "did you mean"
  auto know = [&](const std::string &key) {
    for (const std::string &full : fullKeys(key, facts)) {
      std::string pattern = asPattern(full);
      if (pattern.find('*') == std::string::npos)
        exact.insert(pattern);
      else
        patterns.push_back(pattern);
    }
  };
  for (const NumberDecl &number : description.numbers)
    for (const Text &key : isGguf(facts) ? number.gguf.keys : number.hf.keys) {
      know(key.text);
      for (const std::string &full : fullKeys(key.text, facts))
        names.push_back(full);
    }
  for (const IgnoredKeyDecl &ignored : description.ignoredKeys)
    if (ignored.gguf == isGguf(facts) && holds(ignored.when))
      know(ignored.pattern.text);
  for (const auto &[key, value] : facts.numbers) {
    bool null = !value.isList && std::holds_alternative<std::monostate>(value.scalar);
    bool known = null || exact.count(key) || neverMatters(key, facts) ||
                 std::any_of(patterns.begin(), patterns.end(), [&](const std::string &p) { return matches(p, key); });
    if (known)
      continue;
    Position where = value.where;
    if (where.file.empty())
      where.file = facts.path;
    diagnostics.error(where, fmt::format("no number of {} reads {} = {}, which may change what is computed; a number "
                                         "must read it, or [[ignored_keys]] say why it does not matter{}",
                                         description.file, inQuotes(key), show(value), didYouMean(key, names)));
  }
}

} // namespace gemmac::config
