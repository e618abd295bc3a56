#pragma once
/// The pictures and documents that `imagine` was pointed at, read before anything is drawn.
#include "apps/imagine.h"
#include "apps/metadata.h"

namespace atelier::apps {

struct ImagineInputs {
  NegToMeRequest negtome;
  std::vector<ContextDocument> with;
  vision::Image init, mask;
  double strength = 1;
};

/// @throws InvalidFile naming a picture that is missing or broken
ImagineInputs read_inputs(const ImagineOptions& options);

/// What the record says of them.
void describe(const ImagineOptions& options, const ImagineInputs& inputs, PictureRecord& record);

}  // namespace atelier::apps
