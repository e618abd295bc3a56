#pragma once
/// Drawn pictures as the API hands them out: with the record of how each was drawn inside, as the command line writes it.
#include "apps/metadata.h"
#include "apps/service/engine_host.h"
#include "apps/service/requests.h"

namespace atelier::service {

/// What all pictures of a request share.
apps::PictureRecord make_record(const apps::PictureRequest& request, const EngineInfo& info);

/// Draws one picture and counts what it took. @param on_step  after each step, besides the check whether the client left
/// @throws Cancelled if it did
vision::Image draw(EngineHost& host, Engine& engine, const Exchange& exchange, const apps::PictureRequest& request,
                   const apps::Painter::StepCallback& on_step = {});

/// PNG with the record, or JPEG, in base64.
std::string encode(EngineHost& host, const vision::Image& image, const apps::PictureRecord& record, const std::string& format, int64_t quality);

}  // namespace atelier::service
