#pragma once
/// CIDEr of captions of corpus pictures, measured in one way wherever it is measured.
#include "eval/workbench.h"
#include "promptcap/captioner.h"

namespace atelier::eval {

/// What people wrote about a picture: its title and up to four of its tags. The style's name is no reference: of a
/// held-out style no caption can know it.
std::vector<std::string> references(const corpus::Picture& picture);

/// CIDEr-D of one caption a picture against its references, a score a picture.
/// @param documents  what stands before picture i; empty: nothing
/// @param said       if given, gets the captions
std::vector<double> caption_scores(Workbench& bench, const std::vector<int64_t>& rows, const promptcap::CaptionOptions& options,
                                   const std::function<promptcap::Captioner::Documents(size_t i)>& documents = {},
                                   std::vector<std::string>* said = nullptr);

}  // namespace atelier::eval
