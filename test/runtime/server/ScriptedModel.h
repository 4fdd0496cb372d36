// A "compiled" model that says what the prompt tells it to, token by token, so that tests of the server know every
// answer.
//
// The last `say:SCRIPT` before the answer is the script; it ends with its turn, or at `|go|` in a raw prompt. Parts
// between
// `|then|` belong to the answer, to what follows the first tool result, and so on. {call} {/call} {q} {think} {/think}
// {response} {eos} stand for control tokens; `|loop|` at the end repeats the part for ever; `slow:` anywhere in the
// prompt makes each step take 20 ms. Without a script the model babbles: letters whose odds depend on all before.
#ifndef TEST_RUNTIME_SERVER_SCRIPTEDMODEL_H
#define TEST_RUNTIME_SERVER_SCRIPTEDMODEL_H

#include <cstdint>
#include <string>
#include <vector>

namespace gemmart::scripted {

constexpr int64_t kVocab = 368, kContext = 2048, kChunk = 64, kRows = 64, kWeightBytes = 4096;

/// Token strings by id: control tokens, the bytes <0x00> to <0xFF>, line end, space, printable ASCII.
std::vector<std::string> vocabulary();
constexpr int32_t kControls = 16;

/// What the model puts on top after these ids.
int32_t next(const std::vector<int32_t> &ids);

} // namespace gemmart::scripted
#endif
