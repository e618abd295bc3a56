#pragma once
/// The sketch page (apps/web) and what it asks: chains of thought, call and observation that run, branch and are exported.
#include "apps/service/router.h"
#include "apps/service/sketch_desk.h"

namespace atelier::service {

/// GET /v1/sketch, POST /v1/sketch/problems, /sessions, /run, /branches, GET /v1/sketch/sessions/ID and ID/page.html
/// @param desk  not owned
void add_sketch_endpoints(Router& router, SketchDesk& desk);

/// GET /sketch and the files below it, from the program itself; they need no key.
void add_sketch_page(Router& router);

}  // namespace atelier::service
