// The page's files, carried by the program.
#include "apps/service/sketch_endpoints.h"
#include "base/embed.h"

EMBED(web_index, "apps/web/index.html")
EMBED(web_style, "apps/web/style.css")
EMBED(web_icon, "apps/web/icon.svg")
EMBED(web_main, "apps/web/main.js")
EMBED(web_api, "apps/web/api.js")
EMBED(web_dom, "apps/web/dom.js")
EMBED(web_board, "apps/web/board.js")
EMBED(web_sketch, "apps/web/sketch.js")
EMBED(web_chain, "apps/web/chain.js")
EMBED(web_step, "apps/web/step.js")
EMBED(web_imagine, "apps/web/imagine.js")
EMBED(web_ask, "apps/web/ask.js")

namespace atelier::service {
namespace {

struct File {
  const char* path;
  const char* type;
  std::string_view text;
};

constexpr const char* kScript = "text/javascript; charset=utf-8";

const std::vector<File>& files() {
  static const std::vector<File> kFiles = {
      {"/sketch", "text/html; charset=utf-8", EMBEDDED(web_index)},
      {"/sketch/style.css", "text/css; charset=utf-8", EMBEDDED(web_style)},
      {"/sketch/icon.svg", "image/svg+xml", EMBEDDED(web_icon)},
      {"/sketch/main.js", kScript, EMBEDDED(web_main)},
      {"/sketch/api.js", kScript, EMBEDDED(web_api)},
      {"/sketch/dom.js", kScript, EMBEDDED(web_dom)},
      {"/sketch/board.js", kScript, EMBEDDED(web_board)},
      {"/sketch/sketch.js", kScript, EMBEDDED(web_sketch)},
      {"/sketch/chain.js", kScript, EMBEDDED(web_chain)},
      {"/sketch/step.js", kScript, EMBEDDED(web_step)},
      {"/sketch/imagine.js", kScript, EMBEDDED(web_imagine)},
      {"/sketch/ask.js", kScript, EMBEDDED(web_ask)}};
  return kFiles;
}

// Its own scripts and styles, nothing inline, nothing from elsewhere; pictures also from the answers that it gets.
constexpr const char* kPolicy =
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

void add_sketch_page(Router& router) {
  for (const File& file : files())
    router.add({.method = "GET", .path = file.path, .handler = [file](const std::shared_ptr<Exchange>& exchange) {
      HttpReply reply;
      reply.body = std::string(file.text);
      reply.content_type = file.type;
      reply.headers = {{"Content-Security-Policy", kPolicy}, {"Cache-Control", "no-cache"}, {"Referrer-Policy", "no-referrer"}};
      exchange->reply(std::move(reply));
    }, .open = true});
}

}  // namespace atelier::service
