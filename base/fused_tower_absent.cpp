// The kernels behind fused_tower.cpp on processors that they are not written for: fused_tower_supports() says no there,
// so that only the linker asks for them.
#if !defined(__x86_64__)
#include "base/error.h"
#include "base/kernels/tower.h"

namespace atelier::base::kernels {

size_t packed_layer_size(const TowerSize&) { return 0; }
size_t activations_size(const TowerSize&, const Rows&) { return 0; }
size_t forward_workspace_size(const TowerSize&, const Rows&, int) { return 0; }
size_t backward_workspace_size(const TowerSize&, const Rows&, int) { return 0; }

void pack_weights(const TowerSize&, const LayerWeights*, const PackedWeights&, int) { ASSERT(false); }

void forward(const TowerSize&, const bf16*, const Rows&, const Activations&, float*, void*, int) { ASSERT(false); }

void backward(const TowerSize&, const bf16*, const Rows&, const Activations&, const Gradients&, float*, void*, int) {
  ASSERT(false);
}

}  // namespace atelier::base::kernels
#endif
