// The options that say what an answer must look like, shared by run and chat.
#ifndef RUNTIME_CLI_STRUCTURED_H
#define RUNTIME_CLI_STRUCTURED_H

#include "runtime/cli/TextModel.h"
#include "runtime/grammar/Constraint.h"

namespace gemmart {

/// The options for structured output, behind `own`.
std::vector<OptionSpec> withStructuredOptions(std::span<const OptionSpec> own);

/// Whether one of them is given; at most one may be.
bool wantsStructure(const Args &args);
Status checkStructured(const Args &args);

/// The grammar of the answers; null without such an option. Fails if the option's text is not right.
Result<std::shared_ptr<const Grammar>> openGrammar(const Loaded &loaded, const Args &args, const TextModel &text);

/// A constraint for one answer, which the model may think before if `think`.
Constraint constrain(const std::shared_ptr<const Grammar> &grammar, bool think);

/// Tells on standard error that an answer was cut, if it was.
void tellIfCut(const Constraint *constraint);

} // namespace gemmart
#endif
