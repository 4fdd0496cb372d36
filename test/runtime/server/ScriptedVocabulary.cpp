// The scripted model's tokens, see ScriptedModel.h.
#include "test/runtime/server/ScriptedModel.h"

namespace gemmart::scripted {

std::vector<std::string> vocabulary() {
  std::vector<std::string> list = {"<pad>",
                                   "<eos>",
                                   "<bos>",
                                   "<unk>",
                                   "<|tool>",
                                   "<tool|>",
                                   "<|tool_call>",
                                   "<tool_call|>",
                                   "<|tool_response>",
                                   "<tool_response|>",
                                   "<|\"|>",
                                   "<|think|>",
                                   "<|channel>",
                                   "<channel|>",
                                   "<|turn>",
                                   "<turn|>"};
  constexpr char digits[] = "0123456789ABCDEF";
  for (int byte = 0; byte < 256; ++byte)
    list.push_back(std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">");
  list.push_back("\n");
  list.push_back("\xE2\x96\x81");
  for (char letter = '!'; letter <= '~'; ++letter)
    list.push_back(std::string(1, letter));
  return list;
}

} // namespace gemmart::scripted
