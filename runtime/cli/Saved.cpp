// See Saved.h.
#include "runtime/cli/Saved.h"

#include "runtime/base/Text.h"
#include "runtime/model/SequenceFile.h"

#include <algorithm>

namespace gemmart {

static ModelId idOf(const Loaded &loaded) {
  const Section *weights = loaded.artifact.find("weights");
  return {loaded.artifact.codeHash(), weights ? weights->hash : 0};
}

Status checkSaved(const Args &args) {
  if (!args.has("save"))
    return {};
  std::vector<Input> inputs = {{ownPath(), "this program"}};
  if (std::string list = args.text("tokens"); list.starts_with("@") && list != "@-")
    inputs.push_back({list.substr(1), "--tokens"});
  if (args.text("save") == "-")
    return usageError("--save needs a file; the answer goes to standard output");
  return checkOutput(args.text("save"), inputs); // that it is the file of --load is no harm: that one is read first
}

Result<Session> openSession(const Loaded &loaded, const Args &args, std::span<const int32_t> prompt) {
  Result<std::shared_ptr<Engine>> engine = openEngine(loaded, 1);
  if (!engine)
    return engine.status();
  if (!args.has("load"))
    return (*engine)->newSession();
  Result<SavedSequence> saved = loadSequence(args.text("load"), **engine, idOf(loaded));
  if (!saved)
    return saved.status();
  std::span<const int32_t> tokens = saved->tokens;
  size_t most = prompt.empty() ? 0 : std::min(tokens.size(), prompt.size() - 1); // the last one must give logits
  auto shared = std::mismatch(tokens.begin(), tokens.begin() + ptrdiff_t(most), prompt.begin()).first - tokens.begin();
  if (!saved->session.rewind(shared)) { // further back than what sliding layers hold
    fprintf(stderr,
            "%s: its first %lld tokens are the prompt's, but sliding layers hold too little of them; "
            "the whole prompt is computed\n",
            args.text("load").c_str(), (long long)shared);
    saved->session.reset();
  }
  return std::move(saved->session);
}

Status saveSession(const Loaded &loaded, const Args &args, const Session &session, std::span<const int32_t> prompt,
                   std::span<const int32_t> answer) {
  if (!args.has("save"))
    return {};
  std::vector<int32_t> tokens(prompt.begin(), prompt.end());
  tokens.insert(tokens.end(), answer.begin(), answer.end());
  if (session.position() > int64_t(tokens.size()))
    return bugError(format("a session of %lld tokens after %zu", (long long)session.position(), tokens.size()));
  tokens.resize(size_t(session.position()));
  return saveSequence(args.text("save"), session, tokens, idOf(loaded));
}

} // namespace gemmart
