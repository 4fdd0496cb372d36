// The names of the chat templates that the runtime writes (runtime/text/Chat.cpp): what a description may ask for.
#ifndef RUNTIME_ABI_CHATTEMPLATES_H
#define RUNTIME_ABI_CHATTEMPLATES_H

#include <string_view>

inline constexpr std::string_view gmChatTemplates[] = {"gemma3", "gemma4"};

#endif
