#pragma once
/// The wire format of chat completions, apart from the wire. Internal to text/client and its tests.
#include "base/json.h"
#include "text/client/chat.h"

namespace atelier::text {

base::json chat_request(const std::string& model, const std::vector<ChatMessage>& messages, const ChatOptions& options);

/// @throws InvalidFile if it is not a chat completion
ChatReply read_chat_reply(std::string_view body);

/// What an error's body says in words ({"error": {"message": …}} or {"error": …}), else its beginning.
std::string error_message(std::string_view body);

}  // namespace atelier::text
