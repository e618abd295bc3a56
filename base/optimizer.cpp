#include "base/optimizer.h"

#include "base/flat.h"
#include "base/update.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace atelier::base {
namespace {

constexpr int64_t kAlignment = 32;  // numbers: 64 bytes of bf16

int64_t aligned(int64_t n) { return (n + kAlignment - 1) / kAlignment * kAlignment; }

/// One parameter's place in the flat buffers.
struct Part {
  std::string name;
  Tensor leaf;  // the very tensor that modules hold
  bool is_muon = false;
  int64_t begin = 0;

  bool is_matrix() const { return leaf.dim() >= 2; }
  Tensor in(const Tensor& flat, int64_t flat_begin = 0) const {
    return flat.narrow(0, begin - flat_begin, leaf.numel()).view(leaf.sizes());
  }
};

/// Newton-Schulz steps want few digits, so that the 16-bit unit is used wherever there is one.
at::ScalarType muon_precision() {
  const Compute& c = compute();
  const bool has_unit = c.device.is_cuda() || processor().avx512_bf16;
  return c.dtype != at::kFloat && has_unit ? at::kBFloat16 : at::kFloat;
}

}  // namespace

double rate_at(const OptimizerConfig& config, int64_t step) {
  const auto now = static_cast<double>(step), total = static_cast<double>(config.total_steps);
  const auto warmup = static_cast<double>(config.warmup_steps);
  const double warm = now + 1 >= warmup ? 1 : (now + 1) / warmup;
  const double decay_begin = total * (1 - config.decay_fraction);
  if (now <= decay_begin) return warm;
  const double decayed = std::min(1.0, (now - decay_begin) / (total - decay_begin));
  return warm * (1 + (config.final_rate - 1) * decayed);
}

/// The flat buffers are laid out as [vectors | AdamW's matrices | Muon's matrices, equal shapes together]: whatever is
/// treated alike lies together.
struct Optimizer::State {
  OptimizerConfig config;
  int64_t step = 0;
  std::vector<Part> parts;                // in the order of the parameters
  std::map<std::string, size_t> part_of;  // by name
  std::vector<MuonGroup> groups;
  int64_t matrices_begin = 0, muon_begin = 0, count = 0;
  Tensor master, gradient, average;     // (count)
  Tensor exp_avg, exp_avg_sq;           // (muon_begin)
  Tensor momentum;                      // (count - muon_begin)
  Tensor vector_leaves, matrix_leaves;  // (matrices_begin) fp32; (count - matrices_begin) compute dtype

  void lay_out();
  Stretch stretch(int64_t begin, int64_t end) const;
  void set_leaves(const Tensor& from) const;
  void leaves_changed() const;
};

void Optimizer::State::lay_out() {
  std::vector<Part*> order(parts.size());
  std::transform(parts.begin(), parts.end(), order.begin(), [](Part& p) { return &p; });
  const auto kind = [](const Part& p) { return p.is_muon ? 2 : p.is_matrix() ? 1 : 0; };
  std::stable_sort(order.begin(), order.end(), [&](const Part* a, const Part* b) {
    if (kind(*a) != kind(*b)) return kind(*a) < kind(*b);
    return a->is_muon && a->leaf.sizes().vec() < b->leaf.sizes().vec();
  });

  const Part* before = nullptr;
  for (Part* const part : order) {
    const bool joins_group = before != nullptr && before->is_muon && before->leaf.sizes() == part->leaf.sizes();
    if (!joins_group) count = aligned(count);  // the matrices of a group are one batch without gaps
    if (part->is_matrix() && (before == nullptr || !before->is_matrix())) matrices_begin = count;
    if (part->is_muon && (before == nullptr || !before->is_muon)) muon_begin = count;
    if (part->is_muon && !joins_group)
      groups.push_back({count - muon_begin, 0, part->leaf.size(0), part->leaf.size(1)});
    if (part->is_muon) ++groups.back().count;
    part->begin = count;
    count += part->leaf.numel();
    before = part;
  }
  count = aligned(count);
  if (before == nullptr || !before->is_matrix()) matrices_begin = count;
  if (before == nullptr || !before->is_muon) muon_begin = count;
}

Stretch Optimizer::State::stretch(int64_t begin, int64_t end) const {
  const int64_t n = end - begin;
  const Tensor leaf = end <= matrices_begin ? vector_leaves.narrow(0, begin, n)
                                            : matrix_leaves.narrow(0, begin - matrices_begin, n);
  return {master.narrow(0, begin, n), gradient.narrow(0, begin, n), average.narrow(0, begin, n), leaf};
}

void Optimizer::State::set_leaves(const Tensor& from) const {
  Tensor(vector_leaves).copy_(from.narrow(0, 0, matrices_begin));
  Tensor(matrix_leaves).copy_(from.narrow(0, matrices_begin, count - matrices_begin));
  leaves_changed();
}

/// The leaves are written behind autograd's back: it must notice a backward pass through stale values, and caches of
/// packed weights go by this number.
void Optimizer::State::leaves_changed() const {
  for (const Part& part : parts) part.leaf.unsafeGetTensorImpl()->bump_version();
}

Optimizer::Optimizer(Parameters& parameters, const OptimizerConfig& config,
                     const std::function<bool(const std::string& name)>& muon)
    : state_(std::make_unique<State>()) {
  REQUIRE(config.beta1 < 1 && config.beta2 < 1 && config.muon_momentum < 1,
          "beta1, beta2 and muon_momentum must be less than 1, not {}, {} and {}", config.beta1, config.beta2,
          config.muon_momentum);
  const at::NoGradGuard no_grad;
  State& s = *state_;
  s.config = config;
  for (const auto& [name, tensor] : parameters.all()) {
    const bool is_muon = muon && muon(name);
    ASSERT(!is_muon || tensor.dim() == 2);
    s.part_of[name] = s.parts.size();
    s.parts.push_back({name, tensor, is_muon});
  }
  s.lay_out();

  s.master = at::zeros({s.count}, float_options());
  for (const Part& part : s.parts) part.in(s.master).copy_(part.leaf);
  s.average = s.master.clone();
  s.gradient = at::zeros_like(s.master);
  s.exp_avg = at::zeros({s.muon_begin}, float_options());
  s.exp_avg_sq = at::zeros_like(s.exp_avg);
  s.momentum = at::zeros({s.count - s.muon_begin}, float_options());
  s.vector_leaves = at::empty({s.matrices_begin}, float_options());
  s.matrix_leaves = at::empty({s.count - s.matrices_begin}, compute_options());
  for (Part& part : s.parts) {
    part.leaf.set_data(part.is_matrix() ? part.in(s.matrix_leaves, s.matrices_begin) : part.in(s.vector_leaves));
    part.leaf.set_requires_grad(true);
  }
  s.set_leaves(s.master);
}

Optimizer::~Optimizer() = default;

const OptimizerConfig& Optimizer::config() const { return state_->config; }

void Optimizer::collect_gradients() {
  const at::NoGradGuard no_grad;
  std::vector<flat::Addend> addends;
  std::vector<Tensor> alive;
  for (const Part& part : state_->parts) {
    Tensor& leaf_gradient = part.leaf.mutable_grad();
    if (!leaf_gradient.defined()) continue;
    const Tensor to = part.in(state_->gradient);
    if (to.is_cpu()) {
      const bool is_bf16 = leaf_gradient.scalar_type() == at::kBFloat16;
      const Tensor from = leaf_gradient.to(is_bf16 ? at::kBFloat16 : at::kFloat).contiguous();
      addends.push_back({to.data_ptr<float>(), is_bf16 ? static_cast<const uint16_t*>(from.data_ptr()) : nullptr,
                         is_bf16 ? nullptr : from.data_ptr<float>(), from.numel()});
      alive.push_back(from);
    } else {
      to.add_(leaf_gradient);
    }
    leaf_gradient = Tensor();
  }
  flat::add(addends, compute().threads);
}

Tensor Optimizer::gradient() const { return state_->gradient; }

Tensor Optimizer::gradient(const std::string& name) const {
  const auto found = state_->part_of.find(name);
  ASSERT(found != state_->part_of.end());
  return state_->parts[found->second].in(state_->gradient);
}

double Optimizer::step() {
  const at::NoGradGuard no_grad;
  State& s = *state_;
  const OptimizerConfig& c = s.config;
  const double norm = s.gradient.is_cpu() ? std::sqrt(flat::sum_of_squares(s.gradient.data_ptr<float>(), s.count,
                                                                           compute().threads))
                                          : at::linalg_vector_norm(s.gradient).item<double>();
  if (!std::isfinite(norm)) {
    s.gradient.zero_();
    ++s.step;
    return norm;
  }

  const auto now = static_cast<double>(s.step);
  const double rate = rate_at(c, s.step);
  StepRates rates = {.learning_rate = rate * c.learning_rate,
                     .weight_decay = 0,
                     .gradient_scale = c.clip_norm > 0 && norm > c.clip_norm ? c.clip_norm / norm : 1,
                     .average_rest = 1 - std::min(c.ema_decay, (1 + now) / (10 + now))};
  const auto adamw = [&](int64_t begin, int64_t end) {
    if (begin == end) return;
    adamw_step(s.stretch(begin, end), s.exp_avg.narrow(0, begin, end - begin),
               s.exp_avg_sq.narrow(0, begin, end - begin), c.beta1, c.beta2, c.epsilon, s.step + 1, rates);
  };
  adamw(0, s.matrices_begin);
  rates.weight_decay = c.weight_decay;
  adamw(s.matrices_begin, s.muon_begin);
  if (!s.groups.empty()) {
    rates.learning_rate = rate * c.muon_learning_rate;
    muon_step(s.stretch(s.muon_begin, s.count), s.momentum, s.groups, c.muon_momentum, muon_precision(), rates);
  }
  s.leaves_changed();
  ++s.step;
  return norm;
}

int64_t Optimizer::steps() const { return state_->step; }

NamedTensors Optimizer::masters() const {
  NamedTensors result;
  for (const Part& part : state_->parts) result.emplace_back(part.name, part.in(state_->master).clone());
  return result;
}

NamedTensors Optimizer::averages() const {
  NamedTensors result;
  for (const Part& part : state_->parts) result.emplace_back(part.name, part.in(state_->average).clone());
  return result;
}

NamedTensors Optimizer::averages(const Parameters& model) const {
  NamedTensors result = averages();
  const auto learnt = static_cast<std::ptrdiff_t>(result.size());
  for (const auto& parameter : model.all())
    if (std::none_of(result.begin(), result.begin() + learnt, [&](const auto& known) { return known.first == parameter.first; })) result.push_back(parameter);
  return result;
}

Optimizer::Averaged::Averaged(Optimizer& optimizer) : optimizer_(optimizer) {
  const at::NoGradGuard no_grad;
  optimizer_.state_->set_leaves(optimizer_.state_->average);
}

Optimizer::Averaged::~Averaged() {
  const at::NoGradGuard no_grad;
  optimizer_.state_->set_leaves(optimizer_.state_->master);
}

NamedTensors Optimizer::state() const {
  const State& s = *state_;
  NamedTensors result;
  result.emplace_back("step", at::full({}, s.step, at::kLong));
  for (const Part& part : s.parts) {
    result.emplace_back("master." + part.name, part.in(s.master));
    result.emplace_back("average." + part.name, part.in(s.average));
    if (part.is_muon) {
      result.emplace_back("momentum." + part.name, part.in(s.momentum, s.muon_begin));
    } else {
      result.emplace_back("exp_avg." + part.name, part.in(s.exp_avg));
      result.emplace_back("exp_avg_sq." + part.name, part.in(s.exp_avg_sq));
    }
  }
  return result;
}

void Optimizer::load_state(const Safetensors& file) {
  const at::NoGradGuard no_grad;
  const std::string path = file.path().string();
  const NamedTensors mine = state();
  for (const auto& [name, tensor] : mine) {
    const auto found = file.tensors().find(name);
    CHECK_FILE(found != file.tensors().end(), path, "there is no {}: this checkpoint is of another model", name);
    CHECK_FILE(tensor.sizes() == found->second.shape && tensor.scalar_type() == found->second.dtype, path,
               "{} is {} [{}], expected {} [{}]", name, at::toString(found->second.dtype),
               fmt::join(found->second.shape, ", "), at::toString(tensor.scalar_type()),
               fmt::join(tensor.sizes().vec(), ", "));
  }
  CHECK_FILE(file.tensors().size() == mine.size(), path,
             "it has {} tensors, expected {}: this checkpoint is of another model", file.tensors().size(), mine.size());

  const auto step = file.read("step").item<int64_t>();
  CHECK_FILE(step >= 0, path, "step must not be negative, as {} is", step);
  for (const auto& [name, tensor] : mine) tensor.copy_(file.read(name));
  state_->step = step;
  state_->gradient.zero_();
  state_->set_leaves(state_->master);
}

}  // namespace atelier::base
