#include "base/fused_tower.h"

#include "base/compute.h"
#include "base/error.h"
#include "base/kernels/tower.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>
#include <utility>

namespace atelier::base {

using kernels::bf16;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

namespace {

struct Parameter {
  const char* name;
  Tensor TowerLayer::*tensor;
  bool is_matrix;
};
constexpr std::array<Parameter, 9> kParameters = {{
    {"q_proj", &TowerLayer::q_proj, true},
    {"k_proj", &TowerLayer::k_proj, true},
    {"v_proj", &TowerLayer::v_proj, true},
    {"o_proj", &TowerLayer::o_proj, true},
    {"gate_proj", &TowerLayer::gate_proj, true},
    {"up_proj", &TowerLayer::up_proj, true},
    {"down_proj", &TowerLayer::down_proj, true},
    {"input_layernorm", &TowerLayer::input_layernorm, false},
    {"post_attention_layernorm", &TowerLayer::post_attention_layernorm, false},
}};

std::vector<int64_t> shape_of(const TowerShape& s, const Parameter& parameter) {
  const int64_t d = s.hidden_size, h = s.intermediate_size;
  const int64_t query = s.num_attention_heads * s.head_dim, key = s.num_key_value_heads * s.head_dim;
  if (!parameter.is_matrix) return {d};
  if (parameter.tensor == &TowerLayer::q_proj) return {query, d};
  if (parameter.tensor == &TowerLayer::k_proj || parameter.tensor == &TowerLayer::v_proj) return {key, d};
  if (parameter.tensor == &TowerLayer::o_proj) return {d, query};
  if (parameter.tensor == &TowerLayer::down_proj) return {d, h};
  return {h, d};
}

void check_layers(const TowerShape& shape, const std::vector<TowerLayer>& layers, at::ScalarType matrix_type,
                  const char* what) {
  REQUIRE(static_cast<int64_t>(layers.size()) == shape.num_hidden_layers, "{}: {} layers, not {}", what, layers.size(),
          shape.num_hidden_layers);
  for (const TowerLayer& layer : layers)
    for (const Parameter& parameter : kParameters) {
      const Tensor& t = layer.*parameter.tensor;
      const at::ScalarType type = parameter.is_matrix ? matrix_type : at::kFloat;
      REQUIRE(t.defined() && t.device().is_cpu() && t.scalar_type() == type && t.is_contiguous() &&
                  t.sizes() == shape_of(shape, parameter),
              "{}: {} must be a contiguous {} tensor of shape {} on the CPU", what, parameter.name, c10::toString(type),
              fmt::join(shape_of(shape, parameter), " x "));
    }
}

template <class T>
T* pointer(const Tensor& t) {
  return static_cast<T*>(t.data_ptr());
}

kernels::LayerWeights weights_of(const TowerLayer& w) {
  return {pointer<bf16>(w.q_proj),    pointer<bf16>(w.k_proj),           pointer<bf16>(w.v_proj),
          pointer<bf16>(w.o_proj),    pointer<bf16>(w.gate_proj),        pointer<bf16>(w.up_proj),
          pointer<bf16>(w.down_proj), pointer<float>(w.input_layernorm), pointer<float>(w.post_attention_layernorm)};
}

kernels::LayerGradients gradients_of(const TowerLayer& g) {
  return {pointer<void>(g.q_proj),    pointer<void>(g.k_proj),           pointer<void>(g.v_proj),
          pointer<void>(g.o_proj),    pointer<void>(g.gate_proj),        pointer<void>(g.up_proj),
          pointer<void>(g.down_proj), pointer<float>(g.input_layernorm), pointer<float>(g.post_attention_layernorm)};
}

/// Uninitialised bytes; every CPU allocator of LibTorch's, and ours, aligns to a cache line.
Tensor buffer(size_t bytes) {
  Tensor result = at::empty({static_cast<int64_t>(bytes)}, at::kByte);
  ASSERT(reinterpret_cast<uintptr_t>(result.data_ptr()) % 64 == 0);
  return result;
}

}  // namespace

struct FusedTowerState {
  TowerShape shape;
  std::vector<TowerLayer> layers;
  std::vector<TowerLayer> gradient_buffers;  // empty: gradients go to autograd
  Tensor packed_forward, packed_backward;    // backward's only once it was needed
  std::vector<std::pair<const void*, int64_t>> packed_from;  // each parameter's address and version
  int64_t packings = 0;

  kernels::TowerSize size() const {
    const auto i = [](int64_t n) { return static_cast<int>(n); };
    return {i(shape.hidden_size),         i(shape.intermediate_size),   i(shape.num_hidden_layers),
            i(shape.num_attention_heads), i(shape.num_key_value_heads), static_cast<float>(shape.rms_norm_eps)};
  }

  std::vector<kernels::LayerWeights> weights() const {
    std::vector<kernels::LayerWeights> result;
    for (const TowerLayer& layer : layers) result.push_back(weights_of(layer));
    return result;
  }

  /// Packs the weights if they changed since the last time.
  void pack(bool training) {
    std::vector<std::pair<const void*, int64_t>> now;
    for (const TowerLayer& layer : layers)
      for (const Parameter& parameter : kParameters) {
        const Tensor& t = layer.*parameter.tensor;
        now.emplace_back(t.data_ptr(), t.is_inference() ? 0 : static_cast<int64_t>(t._version()));
      }
    if (now == packed_from && (!training || packed_backward.defined())) return;
    check_layers(shape, layers, at::kBFloat16, "fused tower");
    const kernels::TowerSize s = size();
    const size_t bytes = kernels::packed_layer_size(s) * s.layers * sizeof(bf16);
    if (!packed_forward.defined()) packed_forward = buffer(bytes);
    if (training && !packed_backward.defined()) packed_backward = buffer(bytes);
    bf16* const backward = packed_backward.defined() ? pointer<bf16>(packed_backward) : nullptr;
    kernels::pack_weights(s, weights().data(), {pointer<bf16>(packed_forward), backward}, at::get_num_threads());
    packed_from = std::move(now);
    ++packings;
  }
};

namespace {

/// One call of the tower: what its rows are, and the tensors behind the pointers.
struct Call : torch::CustomClassHolder {
  std::shared_ptr<FusedTowerState> state;
  kernels::TowerSize size;
  kernels::Rows rows;
  int64_t packings = 0;
  Tensor cosine, sine, first_key, prefix_keys, prefix_values;
  std::vector<kernels::Strided> keys, values;  // of the prefix, one a layer
  bool return_key_values = false;
  AttendedEdit edit;

  Call(std::shared_ptr<FusedTowerState> tower, const TowerInput& input) : state(std::move(tower)), size(state->size()) {
    const int64_t batch = input.hidden.size(0), length = input.hidden.size(1);
    return_key_values = input.return_key_values;
    edit = input.edit;
    cosine = input.cosine.detach().contiguous();
    sine = input.sine.detach().contiguous();
    rows.sequences = static_cast<int>(batch);
    rows.rows = static_cast<int>(length);
    rows.padded = (rows.rows + 31) / 32 * 32;
    rows.cosine = cosine.data_ptr<float>();
    rows.sine = sine.data_ptr<float>();
    rows.angles_stride = cosine.dim() == 3 && cosine.size(0) > 1 ? length * kernels::kHeadDim / 2 : 0;
    rows.causal = input.causal;
    rows.prefix = input.prefix ? static_cast<int>(input.prefix.keys.size(3)) : 0;
    if (rows.prefix > 0) {
      prefix_keys = input.prefix.keys.detach();
      prefix_values = input.prefix.values.detach();
      keys = strided(prefix_keys);
      values = strided(prefix_values);
    }
    rows.prefix_keys = keys.data();
    rows.prefix_values = values.data();
    rows.first_key = nullptr;
    if (input.first_key.defined()) {
      first_key = input.first_key.clamp(0, rows.prefix + rows.rows).contiguous();
      rows.first_key = first_key.data_ptr<int64_t>();
    }
  }

  kernels::AttendedEdit kernel_edit() {
    if (!edit) return {};
    return {[](void* self, int layer, int sequence, bf16* attended) {
              const auto* call = static_cast<const Call*>(self);
              Tensor rows = at::from_blob(attended, {call->rows.rows, call->size.query()}, at::kBFloat16);
              call->edit(layer, sequence, rows);
            },
            this};
  }

  Tensor padded_copy(const Tensor& x) const {  // (B, L, d) -> (B, padded, d) fp32
    if (rows.padded == rows.rows) return x.to(at::kFloat, false, /*copy=*/true, at::MemoryFormat::Contiguous);
    Tensor result = at::zeros({rows.sequences, rows.padded, size.hidden}, at::kFloat);
    result.narrow(1, 0, rows.rows).copy_(x);
    return result;
  }
  Tensor unpadded(const Tensor& x) const {
    return rows.padded == rows.rows ? x : x.narrow(1, 0, rows.rows).contiguous();
  }

  /// The keys or values inside (layers, T, projections), (layers, B, Hkv, L, 64).
  Tensor own(const Tensor& projections, int64_t column) const {
    const int64_t row = size.projections(), sequence = row * rows.padded, layer = sequence * rows.sequences;
    return projections.as_strided({size.layers, rows.sequences, size.kv_heads, rows.rows, kernels::kHeadDim},
                                  {layer, sequence, kernels::kHeadDim, row, 1}, column);
  }

 private:
  static std::vector<kernels::Strided> strided(const Tensor& t) {
    std::vector<kernels::Strided> result;
    for (int64_t layer = 0; layer < t.size(0); ++layer)
      result.push_back({pointer<bf16>(t) + layer * t.stride(0), t.stride(1), t.stride(2), t.stride(3)});
    return result;
  }
};

struct Computed {
  tensor_list outputs;  // hidden; keys, values where asked for
  Tensor kept, projections;
};

Computed compute_forward(Call& call, const Tensor& hidden, bool training) {
  FusedTowerState& state = *call.state;
  state.pack(training);
  call.packings = state.packings;
  const int threads = at::get_num_threads();
  const bool all_layers = training || call.return_key_values;
  Computed result;
  if (training) result.kept = buffer(kernels::activations_size(call.size, call.rows));
  result.projections = at::empty(
      {int64_t{all_layers ? call.size.layers : 1} * call.rows.total() * call.size.projections()}, at::kBFloat16);
  const Tensor workspace = buffer(kernels::forward_workspace_size(call.size, call.rows, threads));
  const Tensor x = call.padded_copy(hidden);
  ASSERT(!training || !call.edit);
  kernels::forward(call.size, pointer<bf16>(state.packed_forward), call.rows,
                   {training ? result.kept.data_ptr() : nullptr, pointer<bf16>(result.projections), all_layers},
                   call.kernel_edit(), x.data_ptr<float>(), workspace.data_ptr(), threads);
  result.outputs.push_back(call.unpadded(x));
  if (call.return_key_values) {
    // To autograd these are tensors of their own, not views of one that it knows.
    const at::AutoDispatchBelowADInplaceOrView guard;
    result.outputs.push_back(call.own(result.projections, call.size.query()));
    result.outputs.push_back(call.own(result.projections, call.size.query() + call.size.key()));
  }
  return result;
}

TowerLayer new_gradients(const TowerLayer& layer) {
  TowerLayer result;
  for (const Parameter& p : kParameters)
    result.*p.tensor = p.is_matrix ? at::empty_like(layer.*p.tensor) : at::zeros_like(layer.*p.tensor);
  return result;
}

/// Inputs: the call, hidden, the prefix's keys and values, all parameters.
struct FusedTowerFunction : torch::autograd::Function<FusedTowerFunction> {
  static tensor_list forward(AutogradContext* context, const c10::intrusive_ptr<Call>& call, const Tensor& hidden,
                             const std::optional<Tensor>&, const std::optional<Tensor>&, at::TensorList parameters) {
    Computed computed = compute_forward(*call, hidden, /*training=*/true);
    context->set_materialize_grads(false);
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->saved_data["trains"] =
        std::any_of(parameters.begin(), parameters.end(), [](const Tensor& t) { return t.requires_grad(); });
    context->save_for_backward({computed.kept, computed.projections});
    return computed.outputs;
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto call = c10::static_intrusive_pointer_cast<Call>(context->saved_data["call"].toCapsule());
    const tensor_list saved = context->get_saved_variables();
    FusedTowerState& state = *call->state;
    ASSERT(call->packings == state.packings);  // parameters changed and were used between forward and backward
    const kernels::TowerSize& size = call->size;
    const kernels::Rows& rows = call->rows;
    const int threads = at::get_num_threads();
    const bool has_prefix = rows.prefix > 0;
    const bool prefix_wanted = has_prefix && (context->needs_input_grad(1) || context->needs_input_grad(2));

    const std::vector<kernels::LayerWeights> weights = state.weights();
    kernels::Gradients wanted = {};
    wanted.weights = weights.data();
    wanted.matrices_are_float = !state.gradient_buffers.empty();
    std::vector<TowerLayer> fresh;
    std::vector<kernels::LayerGradients> layers;
    if (context->saved_data["trains"].toBool()) {
      if (!wanted.matrices_are_float)
        for (const TowerLayer& layer : state.layers) fresh.push_back(new_gradients(layer));
      for (const TowerLayer& g : wanted.matrices_are_float ? state.gradient_buffers : fresh)
        layers.push_back(gradients_of(g));
      wanted.layers = layers.data();
    }

    const auto by_layer = [](const Tensor& t) {  // (layers, …) contiguous
      std::vector<bf16*> result;
      for (int64_t layer = 0; t.defined() && layer < t.size(0); ++layer)
        result.push_back(pointer<bf16>(t) + layer * t.stride(0));
      return result;
    };
    const auto data = [](const std::vector<bf16*>& v) { return v.empty() ? nullptr : v.data(); };
    Tensor d_prefix_keys, d_prefix_values, d_keys, d_values;
    if (prefix_wanted) {
      d_prefix_keys =
          at::empty({size.layers, rows.sequences, size.kv_heads, rows.prefix, kernels::kHeadDim}, at::kBFloat16);
      d_prefix_values = at::empty_like(d_prefix_keys);
    }
    if (call->return_key_values) {
      if (gradients[1].defined()) d_keys = gradients[1].to(at::kBFloat16).contiguous();
      if (gradients[2].defined()) d_values = gradients[2].to(at::kBFloat16).contiguous();
    }
    const auto prefix_keys = by_layer(d_prefix_keys), prefix_values = by_layer(d_prefix_values);
    const auto own_keys = by_layer(d_keys), own_values = by_layer(d_values);
    wanted.prefix_keys = data(prefix_keys);
    wanted.prefix_values = data(prefix_values);
    wanted.own_keys = data(own_keys);
    wanted.own_values = data(own_values);

    const Tensor dx = gradients[0].defined()
                          ? call->padded_copy(gradients[0])
                          : at::zeros({rows.sequences, rows.padded, size.hidden}, at::kFloat);
    const Tensor workspace = buffer(kernels::backward_workspace_size(size, rows, threads));
    kernels::backward(size, pointer<bf16>(state.packed_backward), rows,
                      {saved[0].data_ptr(), pointer<bf16>(saved[1]), true}, wanted, dx.data_ptr<float>(),
                      workspace.data_ptr(), threads);

    tensor_list result = {Tensor(), call->unpadded(dx), d_prefix_keys, d_prefix_values};
    for (size_t layer = 0; layer < state.layers.size(); ++layer)
      for (const Parameter& p : kParameters) result.push_back(fresh.empty() ? Tensor() : fresh[layer].*p.tensor);
    return result;
  }
};

void check_input(const TowerShape& s, const TowerInput& input) {
  const Tensor& x = input.hidden;
  REQUIRE(x.dim() == 3 && x.size(0) >= 1 && x.size(1) >= 1 && x.size(2) == s.hidden_size && x.device().is_cpu(),
          "fused tower: hidden must be (batch, rows, {}) on the CPU", s.hidden_size);
  const int64_t batch = x.size(0), rows = x.size(1);
  REQUIRE(batch * (rows + 31) < (int64_t{1} << 24), "fused tower: at most 2^24 rows, not {} x {}", batch, rows);
  for (const Tensor& t : {input.cosine, input.sine}) {
    const bool shared = t.dim() == 2 || (t.dim() == 3 && t.size(0) == 1), each = t.dim() == 3 && t.size(0) == batch;
    REQUIRE((shared || each) && t.size(-2) == rows && t.size(-1) == 32 && t.scalar_type() == at::kFloat,
            "fused tower: cosine and sine must be ({0}, 32) or ({1}, {0}, 32) in fp32", rows, batch);
  }
  REQUIRE(input.cosine.sizes() == input.sine.sizes(), "fused tower: cosine and sine must have one shape");
  if (input.first_key.defined())
    REQUIRE(input.first_key.dim() == 1 && input.first_key.size(0) == batch &&
                input.first_key.scalar_type() == at::kLong && input.first_key.device().is_cpu(),
            "fused tower: first_key must be ({}) int64 on the CPU", batch);
  if (!input.prefix) return;
  const Tensor &k = input.prefix.keys, &v = input.prefix.values;
  for (const Tensor& t : {k, v})
    REQUIRE(t.defined() && t.dim() == 5 && t.size(0) == s.num_hidden_layers && t.size(1) == batch &&
                t.size(2) == s.num_key_value_heads && t.size(3) == k.size(3) && t.size(4) == 64 && t.stride(4) == 1 &&
                t.scalar_type() == at::kBFloat16 && t.device().is_cpu(),
            "fused tower: the prefix must be ({}, {}, {}, rows, 64) in bf16 on the CPU, dense in its last dimension",
            s.num_hidden_layers, batch, s.num_key_value_heads);
}

}  // namespace

bool fused_tower_supports(const TowerShape& s, const Tensor& matrix) {
  return processor().amx_bf16 && matrix.device().is_cpu() && matrix.scalar_type() == at::kBFloat16 &&
         s.head_dim == kernels::kHeadDim && s.num_hidden_layers >= 1 && s.hidden_size >= 32 && s.hidden_size % 32 == 0 &&
         s.intermediate_size >= 32 && s.intermediate_size % 32 == 0 && s.num_key_value_heads >= 1 &&
         s.num_attention_heads % s.num_key_value_heads == 0;
}

FusedTower::FusedTower(const TowerShape& shape, std::vector<TowerLayer> layers)
    : state_(std::make_shared<FusedTowerState>()) {
  state_->shape = shape;
  state_->layers = std::move(layers);
}

void FusedTower::parameters_changed() { state_->packed_from.clear(); }

void FusedTower::accumulate_gradients_into(std::vector<TowerLayer> buffers) {
  if (!buffers.empty()) check_layers(state_->shape, buffers, at::kFloat, "gradient buffers");
  state_->gradient_buffers = std::move(buffers);
}

TowerOutput FusedTower::forward(const TowerInput& input) {
  check_input(state_->shape, input);
  auto call = c10::make_intrusive<Call>(state_, input);
  const Tensor hidden = input.hidden.to(at::kFloat);
  std::vector<Tensor> parameters;
  for (const TowerLayer& layer : state_->layers)
    for (const Parameter& p : kParameters) parameters.push_back(layer.*p.tensor);
  std::optional<Tensor> keys, values;
  if (call->rows.prefix > 0) {
    keys = input.prefix.keys;
    values = input.prefix.values;
  }
  const auto requires_grad = [](const auto& t) { return t.requires_grad(); };
  const bool training = at::GradMode::is_enabled() &&
                        (hidden.requires_grad() || (keys && (keys->requires_grad() || values->requires_grad())) ||
                         std::any_of(parameters.begin(), parameters.end(), requires_grad));
  const tensor_list outputs =
      training ? FusedTowerFunction::apply(call, hidden, keys, values, at::TensorList(parameters))
               : compute_forward(*call, hidden, /*training=*/false).outputs;
  TowerOutput result;
  result.hidden = outputs[0];
  if (input.return_key_values) result.key_values = {outputs[1], outputs[2]};
  return result;
}

}  // namespace atelier::base
