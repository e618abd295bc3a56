// What other threads may do to a connection: each call crosses over to its socket thread.
#include "apps/service/session.h"

#include <boost/asio/post.hpp>

namespace atelier::service {

template <class Call>
void SessionExchange::post(Call call) {
  net::post(hub_.io, [self = shared_from_this(), call = std::move(call)]() mutable {
    if (const auto session = self->session_.lock(); session && session->waits_for(self.get())) call(*session);
  });
}

void SessionExchange::reply(HttpReply reply) {
  if (answered_.exchange(true)) return;
  post([reply = std::move(reply)](Session& session) mutable { session.on_reply(std::move(reply)); });
}

void SessionExchange::begin(std::string content_type) {
  begun_ = true;
  post([content_type = std::move(content_type)](Session& session) { session.on_begin(content_type); });
}

void SessionExchange::write(std::string piece) {
  if (gone_ || piece.empty()) return;
  unsent_ += piece.size();
  const bool too_slow = unsent_ > hub_.limits.unsent_bytes;
  if (too_slow) gone_ = true;
  post([piece = std::move(piece), too_slow](Session& session) mutable {
    if (too_slow) session.close();
    else session.on_piece(std::move(piece));
  });
}

void SessionExchange::end() {
  if (answered_.exchange(true)) return;
  post([](Session& session) { session.on_end(); });
}

}  // namespace atelier::service
