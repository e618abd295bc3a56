#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace atelier::apps {

/// What a prompt may be: 1 to 4,096 bytes of UTF-8 with something to read in it and no control characters.
/// @param what  names it in messages: "the prompt", "prompts.txt, line 3"
/// @throws InvalidArgument
void check_prompt(std::string_view prompt, std::string_view what);
/// The same for a text that may also be empty (negative prompts).
void check_optional_prompt(std::string_view prompt, std::string_view what);

/// The prompts of a file, one a line, blank lines left out; "-" reads stdin. At most 10,000.
/// @throws InvalidFile if it cannot be read or holds none, InvalidArgument naming the line of a bad prompt
std::vector<std::string> read_prompts(const std::string& path);

}  // namespace atelier::apps
