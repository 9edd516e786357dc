// clang-format off
// How an operation with a gradient is written. One header and one source an operation in autograd/ops/:
//
//   // scale_by.h
//   struct ScaleByOptions { double factor = 1; };
//   /// <docstring: sentence, formula, shapes, dtypes, errors, source>
//   [[nodiscard]] Tensor scale_by(const Tensor& x, ScaleByOptions options = {});
//   [[nodiscard]] Variable scale_by(const Variable& x, ScaleByOptions options = {});
//
//   // scale_by.cpp
//   namespace {
//   struct ScaleBy {
//     using Args = ScaleByOptions;
//     static constexpr std::string_view name = "scale_by";
//     static constexpr Keep keep{};        // .inputs (.most: the first ones), .output: what the
//                                          // gradient rule reads
//     // Checks everything; gives the result's shape and dtype.
//     static Spec infer(const Spec& x, const Args&) { return x; }
//     // Calls kernels::run(..._ladder<T>, x.data<T>() ...); or, with on_gpu = true, if kernels are all that
//     // touches the elements: kernels::run(y.stream(), ..._ladder<T>, x.on_device<T>() ...).
//     static constexpr bool on_gpu = true;
//     static void cpu(const Tensor& x, Tensor& y, const Args& a);
//     // On Tensors or on Variables; one gradient an input, saved.none() where there is none.
//     static auto gradient(const auto& saved, const Args& a, const auto& dy) {
//       return grads(scale_by(dy, a));
//     }
//   };
//   }  // namespace
//   Tensor scale_by(const Tensor& x, ScaleByOptions options) { return apply<ScaleBy>(options, x); }
//   Variable scale_by(const Variable& x, ScaleByOptions options) { return apply<ScaleBy>(options, x); }
//
// Variations, each taken where the struct has the member:
//   static Tensor view(const Tensor& x, const Args&)   instead of infer and cpu: the result shares
//                         storage (reshape)
//   using Extra = ...;    what cpu(x..., y, extra, args) leaves for the gradient (saved.extra), such
//                         as pooling's index or a norm's mean. If it has a `bool wanted`, that says
//                         beforehand whether there will be a gradient
//   static constexpr bool kernel_gradient = true;      the rule calls kernels, so it is for Tensors
//                         only: gradient(const auto& saved, args, const Tensor& dy); a second
//                         gradient is then an error
//   static constexpr bool takes_bfloat16 = true;       infer, cpu and gradient know bfloat16, and round
//                         as often as they would without it (takes_bfloat16_on_cpu, ..._on_gpu: only
//                         there). Without it, an operation on bfloat16 that is no view computes in
//                         float32, and its result is rounded to bfloat16, to nearest, ties to even;
//                         so is each gradient
//   static constexpr bool reads_weights_as_they_are = true;    no AutocastScope changes its inputs
//   static PooledGradient not_spread(saved, args, dy, site);      a max pooling's gradient before it is
//                         spread (autograd/pooled_gradient.h)
//   static bool takes_pooled_gradient(y's spec, args), static auto pooled_gradient(saved, args, that):
//                         the gradients by the inputs, given such a one by the result
//   any number of inputs: infer(std::span<const Spec>, args), cpu(std::span<const Tensor>, y, args),
//                         apply_list<Op>(args, list); the gradient returns a std::vector
// In a gradient rule: saved.input(i), saved.output() as kept; saved.spec(i) and saved.output_spec()
// always; saved.needs(i): whether anybody wants that input's gradient, so that the costly ones can
// be left out. Undo broadcasting with reduce_to_shape (autograd/reduce_to_shape.h), nowhere else.
// clang-format on
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/tape.h"
#include "autograd/variable.h"
#include "kernels/device_run.h"
#include "tensor/cast.h"

namespace keratin {

/// What the tape keeps for an operation's gradient: data, not nodes.
struct Keep {
  bool inputs = false;
  bool output = false;
  std::size_t most = static_cast<std::size_t>(-1);  // so many inputs, the first ones
};

/// The empty options of operations that have none.
struct NoArgs {};

/// Gradients by the inputs, in order, from a gradient rule.
template <class T, class... More>
std::array<T, 1 + sizeof...(More)> grads(T first, More... more) {
  return {std::move(first), std::move(more)...};
}

/// What a gradient rule reads. T is Tensor, or Variable in a gradient of a gradient.
template <class T, class Extra>
class Saved {
 public:
  Saved(const detail::Node& node, std::span<const T> inputs, const T& output, const Extra& extra_)
      : extra(extra_), node_(node), inputs_(inputs), output_(output) {}

  const T& input(std::size_t i) const {
    KERATIN_ASSERT(i < inputs_.size());
    return inputs_[i];
  }
  const T& output() const {
    KERATIN_ASSERT(output_.defined());
    return output_;
  }
  const Spec& spec(std::size_t i) const { return node_.edges()[i].spec; }
  const Spec& output_spec() const { return node_.output(); }
  bool needs(std::size_t i) const { return node_.edges()[i].wanted(); }
  std::size_t count() const { return node_.edges().size(); }
  T none() const { return {}; }

  const Extra& extra;

 private:
  const detail::Node& node_;
  std::span<const T> inputs_;
  const T& output_;
};

namespace detail {

struct NoExtra {};

template <class Op>
struct ExtraOf {
  using type = NoExtra;
};
template <class Op>
requires requires { typename Op::Extra; }
struct ExtraOf<Op> {
  using type = typename Op::Extra;
};

// Is the result a view, which shares storage?
template <class Op>
concept GivesView = requires {
  &Op::view;
};

template <class Op>
concept TakesBFloat16 = requires {
  Op::takes_bfloat16;
};
template <class Op>
concept TakesBFloat16OnCpu = TakesBFloat16<Op> || requires {
  Op::takes_bfloat16_on_cpu;
};
template <class Op>
concept TakesBFloat16OnGpu = TakesBFloat16<Op> || requires {
  Op::takes_bfloat16_on_gpu;
};

template <class Op>
concept ReadsWeightsAsTheyAre = requires {
  Op::reads_weights_as_they_are;
};

// Do bfloat16 inputs have to be widened: are all floating ones, and at least one, bfloat16, and does
// the operation not take it where they are? Beside another floating type they are left to the
// operation, which refuses or takes them as it does others.
bool widens_bfloat16(std::span<const Tensor> inputs, bool taken_on_cpu, bool taken_on_gpu);
bool widens_bfloat16(std::span<const Variable> inputs, bool taken_on_cpu, bool taken_on_gpu);
// Weights with `autocast`, and numbers beside them, in this dtype.
std::vector<Variable> autocasted(std::vector<Variable> inputs, DType dtype);
// cast(), recorded.
Variable recorded_cast(const Variable& x, DType dtype);

template <class Op>
constexpr bool has_kernel_gradient() {
  if constexpr (requires { Op::kernel_gradient; }) {
    return Op::kernel_gradient;
  } else {
    return false;
  }
}

[[noreturn]] void throw_no_second_gradient(std::string_view op);
[[noreturn]] void throw_changed_in_place(std::string_view op);

// A tensor as it was when it was saved.
struct SavedTensor {
  SavedTensor() = default;
  explicit SavedTensor(const Tensor& x) : value(x), version(x.version()) {}
  explicit SavedTensor(const Variable& x) : SavedTensor(x.defined() ? x.value() : Tensor()) {}
  bool intact() const { return value.version() == version; }

  Tensor value;
  std::uint64_t version = 0;
};

// Does an operation give all its work to kernels, on whatever device?
template <class Op>
constexpr bool runs_on_gpu() {
  if constexpr (GivesView<Op>) {
    return true;
  } else if constexpr (requires { Op::on_gpu; }) {
    return Op::on_gpu;
  } else {
    return false;
  }
}

/// The device of all that are defined. Throws DeviceError where they are on several, or on a GPU
/// and the operation is not made for one.
Device common_device(std::string_view op, std::span<const Tensor> x, bool runs_on_gpu);

// Computes Op on tensors, given one by one (`as_list` false) or as a list.
template <class Op, bool as_list, std::size_t N>
Tensor compute(const typename Op::Args& args, std::span<const Tensor> x,
               typename ExtraOf<Op>::type& extra) {
  if constexpr (!GivesView<Op>) {
    if (widens_bfloat16(x, TakesBFloat16OnCpu<Op>, TakesBFloat16OnGpu<Op>)) {
      std::vector<Tensor> wide(x.begin(), x.end());
      for (Tensor& one : wide) {
        if (one.defined() && one.dtype() == bfloat16) one = cast(one, float32);
      }
      const Tensor y = compute<Op, as_list, N>(args, wide, extra);
      return y.dtype() == float32 ? cast(y, bfloat16) : y;
    }
  }
  const Device device = common_device(Op::name, x, runs_on_gpu<Op>());
  const auto empty = [&](Spec spec) {
    spec.device = device;
    return Tensor::empty(spec);
  };
  [[maybe_unused]] const auto spread = [&]<std::size_t... I>(std::index_sequence<I...>) {
    if constexpr (GivesView<Op>) {
      return Op::view(x[I]..., args);
    } else {
      Tensor y = empty(Op::infer(x[I].spec()..., args));
      if constexpr (std::is_same_v<typename ExtraOf<Op>::type, NoExtra>) {
        Op::cpu(x[I]..., y, args);
      } else {
        Op::cpu(x[I]..., y, extra, args);
      }
      return y;
    }
  };
  if constexpr (as_list) {
    std::vector<Spec> specs;
    specs.reserve(x.size());
    for (const Tensor& tensor : x) specs.push_back(tensor.spec());
    Tensor y = empty(Op::infer(std::span<const Spec>(specs), args));
    Op::cpu(x, y, args);
    return y;
  } else {
    return spread(std::make_index_sequence<N>());
  }
}

// The node of one operation.
template <class Op>
class OpNode final : public Node {
 public:
  using Extra = typename ExtraOf<Op>::type;

  OpNode(typename Op::Args args, std::span<const Variable> inputs, const Tensor& output,
         Extra extra)
      : Node(inputs, output.spec()), args_(std::move(args)), extra_(std::move(extra)) {
    if constexpr (Op::keep.inputs) {
      for (const Variable& input : inputs.first(std::min(inputs.size(), Op::keep.most)))
        inputs_.emplace_back(input);
    }
    if constexpr (Op::keep.output) output_ = SavedTensor(output);
  }

  std::string_view name() const override { return Op::name; }

  void gradient(const Tensor& dy, std::span<Tensor> dx) override {
    const std::vector<Tensor> inputs = saved_inputs();
    const Saved<Tensor, Extra> saved(*this, inputs, output_.value, extra_);
    spread(Op::gradient(saved, args_, dy), dx);
  }

  void gradient(const Variable& dy, std::span<Variable> dx) override {
    if constexpr (has_kernel_gradient<Op>()) {
      throw_no_second_gradient(Op::name);
    } else {
      std::vector<Variable> inputs;
      for (std::size_t i = 0; i < inputs_.size(); ++i) {
        inputs.push_back(edges()[i].variable(inputs_[i].value));
      }
      Variable output;
      if constexpr (Op::keep.output) output = result_of(output_.value, this->shared_from_this());
      const Saved<Variable, Extra> saved(*this, inputs, output, extra_);
      spread(Op::gradient(saved, args_, dy), dx);
    }
  }

  std::optional<PooledGradient> not_spread(const Tensor& dy) override {
    if constexpr (requires(const Saved<Tensor, Extra>& saved, const kernels::CallSite& site) {
                    Op::not_spread(saved, args_, dy, site);
                  }) {
      const std::vector<Tensor> inputs = saved_inputs();
      const Saved<Tensor, Extra> saved(*this, inputs, output_.value, extra_);
      return Op::not_spread(saved, args_, dy, this->site());
    } else {
      return {};
    }
  }

  bool takes_pooled() const override {
    if constexpr (requires { Op::takes_pooled_gradient(this->output(), args_); }) {
      return Op::takes_pooled_gradient(this->output(), args_);
    } else {
      return false;
    }
  }

  void gradient(const PooledGradient& dy, std::span<Tensor> dx) override {
    if constexpr (requires { Op::takes_pooled_gradient(this->output(), args_); }) {
      const std::vector<Tensor> inputs = saved_inputs();
      const Saved<Tensor, Extra> saved(*this, inputs, output_.value, extra_);
      spread(Op::pooled_gradient(saved, args_, dy), dx);
    } else {
      Node::gradient(dy, dx);
    }
  }

  bool intact() const override {
    const auto same = [](const SavedTensor& saved) { return saved.intact(); };
    return output_.intact() && std::all_of(inputs_.begin(), inputs_.end(), same);
  }

  void release() override {
    inputs_.clear();
    output_ = {};
    extra_ = {};
  }

 private:
  std::vector<Tensor> saved_inputs() const {
    std::vector<Tensor> inputs;
    for (const SavedTensor& input : inputs_) inputs.push_back(input.value);
    return inputs;
  }
  // A rule's gradients, one an input.
  template <class Gradients, class T>
  static void spread(Gradients gradients, std::span<T> dx) {
    KERATIN_ASSERT(gradients.size() == dx.size());
    std::move(gradients.begin(), gradients.end(), dx.begin());
  }

  typename Op::Args args_;
  Extra extra_;
  std::vector<SavedTensor> inputs_;
  SavedTensor output_;
};

// float32 beside float64 becomes float64; asked for by gradcheck only.
std::vector<Variable> widened(std::vector<Variable> inputs);

template <class Op, bool as_list, std::size_t N>
Variable record(const typename Op::Args& args, std::vector<Variable> inputs,
                typename ExtraOf<Op>::type* extra_out) {
  const kernels::OpGuard op(Op::name);
  if (WidenMixedFloats::active()) inputs = widened(std::move(inputs));
  if constexpr (!ReadsWeightsAsTheyAre<Op>) {
    if (const auto dtype = AutocastScope::dtype()) inputs = autocasted(std::move(inputs), *dtype);
  }
  if constexpr (!GivesView<Op>) {
    if (widens_bfloat16(inputs, TakesBFloat16OnCpu<Op>, TakesBFloat16OnGpu<Op>)) {
      for (Variable& x : inputs) {
        if (x.defined() && x.dtype() == bfloat16) x = recorded_cast(x, float32);
      }
      const Variable y = record<Op, as_list, N>(args, std::move(inputs), extra_out);
      return y.dtype() == float32 ? recorded_cast(y, bfloat16) : y;
    }
  }
  bool wanted = false;
  std::vector<Tensor> values;
  values.reserve(inputs.size());
  for (const Variable& input : inputs) {
    values.push_back(input.defined() ? input.value() : Tensor());
    wanted = wanted || input.requires_grad();
  }
  wanted = wanted && grad_enabled();
  typename ExtraOf<Op>::type extra{};
  if constexpr (requires { extra.wanted; }) extra.wanted = wanted;
  Tensor y = compute<Op, as_list, N>(args, values, extra);
  if (extra_out != nullptr) *extra_out = extra;
  if (!wanted) return Variable(y, false);
  return result_of(y, std::make_shared<OpNode<Op>>(args, inputs, y, std::move(extra)));
}

}  // namespace detail

/// Computes an operation; a Tensor for Tensors. An input that is not defined() stands for "none"
/// where the operation allows it (its Spec is then that of an empty Tensor).
template <class Op, std::same_as<Tensor>... X>
Tensor apply(const typename Op::Args& args, const X&... x) {
  const kernels::OpGuard op(Op::name);
  typename detail::ExtraOf<Op>::type extra{};
  const std::array<Tensor, sizeof...(X)> inputs{x...};
  return detail::compute<Op, false, sizeof...(X)>(args, inputs, extra);
}

/// Computes an operation and records it; a Variable for Variables.
template <class Op, std::same_as<Variable>... X>
Variable apply(const typename Op::Args& args, const X&... x) {
  return detail::record<Op, false, sizeof...(X)>(args, {x...}, nullptr);
}

/// The same, and hands out what the operation left for its gradient.
template <class Op, std::same_as<Variable>... X>
Variable apply_with_extra(const typename Op::Args& args, typename Op::Extra& extra, const X&... x) {
  return detail::record<Op, false, sizeof...(X)>(args, {x...}, &extra);
}
template <class Op, std::same_as<Tensor>... X>
Tensor apply_with_extra(const typename Op::Args& args, typename Op::Extra& extra, const X&... x) {
  const kernels::OpGuard op(Op::name);
  const std::array<Tensor, sizeof...(X)> inputs{x...};
  return detail::compute<Op, false, sizeof...(X)>(args, inputs, extra);
}

/// For operations of any number of inputs.
template <class Op>
Tensor apply_list(const typename Op::Args& args, std::span<const Tensor> x) {
  const kernels::OpGuard op(Op::name);
  detail::NoExtra none;
  return detail::compute<Op, true, 0>(args, x, none);
}
template <class Op>
Variable apply_list(const typename Op::Args& args, std::span<const Variable> x) {
  return detail::record<Op, true, 0>(args, std::vector<Variable>(x.begin(), x.end()), nullptr);
}

/// Checks of `infer`, each throwing in the house's form.
void require_floating(std::string_view op, const Spec& x);
void require_same_dtype(std::string_view op, const Spec& a, const Spec& b);
void require_rank(std::string_view op, const Spec& x, std::int64_t rank, std::string_view expected);

}  // namespace keratin
