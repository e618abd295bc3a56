#include "fusion/latents.h"
#include "base/error.h"
#include "base/random.h"
#include "tests/support.h"

namespace atelier::fusion {
namespace {

TEST(Latents, ComeBackWithinHalfAStepOfTheirByte) {
  FusionConfig config;
  config.latent_channels = 4;
  config.latent_size = 8;
  const Tensor latents = at::randn({1, 4, 8, 8}, base::generator(1), at::kFloat);
  const std::string bytes = pack_latents(latents);
  EXPECT_EQ(bytes.size(), 4u * 8 * 8);
  const Tensor back = unpack_latents(bytes, config, "a document");
  EXPECT_EQ(back.sizes(), latents.sizes());
  EXPECT_LE((back - latents.clamp(-4, 127 / 32.0)).abs().max().item<double>(), 1 / 64.0 + 1e-6);
  EXPECT_LT(unpack_latents(pack_latents(at::full({1, 4, 8, 8}, -9.0)), config, "x").max().item<double>(), -3.9);  // clamped, not wrapped
  EXPECT_ERROR(unpack_latents(bytes.substr(1), config, "a document"), base::InvalidFile, "a document: 255 bytes of latents");
}

}  // namespace
}  // namespace atelier::fusion
