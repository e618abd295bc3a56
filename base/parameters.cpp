#include "base/parameters.h"

#include "base/error.h"
#include "base/random.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace atelier::base {
namespace {

Tensor draw(const std::vector<int64_t>& shape, Init init, uint64_t seed, const std::string& name) {
  Tensor t = at::empty(shape, at::TensorOptions(at::kFloat).device(at::kCPU));
  switch (init.kind) {
    case Init::zeros: return t.zero_();
    case Init::ones: return t.fill_(1);
    case Init::normal: return t.normal_(0, init.scale, generator(seed, hash(name)));
    case Init::uniform: return t.uniform_(-init.scale, init.scale, generator(seed, hash(name)));
  }
  ASSERT(false);
}

}  // namespace

Parameters Parameters::fresh(uint64_t seed, at::Device device) {
  Parameters p(nullptr);
  p.seed_ = seed;
  p.all_float_ = true;
  p.device_ = device;
  return p;
}

Parameters Parameters::read(const Weights& weights) {
  Parameters p(&weights);
  p.device_ = compute().device;
  return p;
}

Parameters Parameters::read_float(const Weights& weights) {
  Parameters p = read(weights);
  p.all_float_ = true;
  return p;
}

void Parameters::draw_missing(std::string prefix, uint64_t seed) {
  drawn_prefix_ = std::move(prefix);
  seed_ = seed;
}

Scope Parameters::root() { return Scope(this, ""); }

Tensor Parameters::make(const std::string& name, const std::vector<int64_t>& shape, Init init) {
  ASSERT(std::none_of(all_.begin(), all_.end(), [&](const auto& known) { return known.first == name; }));
  Tensor t;
  if (!may_draw(name) || (weights_ && weights_->contains(name))) {
    const std::string& where = weights_->where();
    CHECK_FILE(weights_->contains(name), where, "there is no {}", name);
    const TensorInfo& info = weights_->info(name);
    CHECK_FILE(info.shape == shape, where, "{} has shape [{}], expected [{}]", name, fmt::join(info.shape, ", "),
               fmt::join(shape, ", "));
    CHECK_FILE(at::isFloatingType(info.dtype), where, "{} holds {}, expected floating point numbers", name,
               at::toString(info.dtype));
    t = weights_->read(name);
    CHECK_FILE(at::isfinite(t).all().item<bool>(), where, "{} has a value that is not finite", name);
  } else {
    t = draw(shape, init, seed_, name);
  }
  const bool is_float = all_float_ || shape.size() < 2;
  t = t.to(device_, is_float ? at::kFloat : compute().dtype);
  all_.emplace_back(name, t);
  return t;
}

Parameters Parameters::under(std::string_view prefix) const {
  Parameters some(nullptr);
  std::copy_if(all_.begin(), all_.end(), std::back_inserter(some.all_), [&](const auto& named) { return named.first.starts_with(prefix); });
  return some;
}

bool Parameters::may_draw(const std::string& name) const { return weights_ == nullptr || (drawn_prefix_ && name.starts_with(*drawn_prefix_)); }

bool Parameters::available(const std::string& name) const { return may_draw(name) || weights_->contains(name); }

int64_t Parameters::count() const {
  int64_t n = 0;
  for (const auto& [name, t] : all_) n += t.numel();
  return n;
}

Scope Scope::operator/(std::string_view name) const { return Scope(parameters_, full(name)); }

Scope Scope::operator/(int64_t index) const { return *this / std::to_string(index); }

Tensor Scope::operator()(std::string_view name, const std::vector<int64_t>& shape, Init init) const {
  return parameters_->make(full(name), shape, init);
}

bool Scope::available(std::string_view name) const { return parameters_->available(full(name)); }

std::string Scope::full(std::string_view name) const {
  return prefix_.empty() ? std::string(name) : prefix_ + "." + std::string(name);
}

}  // namespace atelier::base
