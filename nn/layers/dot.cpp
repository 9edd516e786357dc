#include "nn/layers/dot.h"

#include "autograd/ops/matmul.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rsqrt.h"
#include "autograd/ops/square.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/transpose.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

// x with one axis last, the others in order.
Variable with_last(const Variable& x, std::int64_t axis) {
  if (axis == x.rank() - 1) return x;
  std::vector<int> order;
  for (int i = 0; i < x.rank(); ++i) {
    if (i != axis) order.push_back(i);
  }
  order.push_back(static_cast<int>(axis));
  return transpose(x, {.axes = order});
}

class DotLayer final : public ConfiguredLayer<DotOptions> {
 public:
  explicit DotLayer(const DotOptions& options) : ConfiguredLayer("Dot", options) {
    if (options.axes.first == 0 || options.axes.second == 0) {
      throw ValueError(fmt::format("Dot: axes are ({}, {}); 0 is the batch's, or axes is missing",
                                   options.axes.first, options.axes.second));
    }
  }

  void check_inputs(const std::vector<Spec>& inputs) const override { resolved(inputs); }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const auto [a, b] = resolved(inputs);
    Shape out = without(inputs[0].shape, a)
                    .joined(without(inputs[1].shape, b).slice(1, inputs[1].shape.rank() - 1));
    if (out.rank() == 1) out.push_back(1);
    return {floating_spec({out, inputs[0].dtype, {}})};
  }

  Variables call_several(const Variables& inputs, CallContext) override {
    Variable x = as_floating(inputs.get(0)), y = as_floating(inputs.get(1));
    const auto [a, b] = resolved({x.value().spec(), y.value().spec()});
    const Shape left = without(x.shape(), a), right = without(y.shape(), b);
    const std::int64_t batch = x.shape()[0], size = x.shape()[a];
    x = reshape(with_last(scaled(x, a), a), {batch, left.slice(1, left.rank()).size(), size});
    y = reshape(with_last(scaled(y, b), b), {batch, right.slice(1, right.rank()).size(), size});
    Shape out = left.joined(right.slice(1, right.rank()));
    if (out.rank() == 1) out.push_back(1);
    return reshape(matmul(x, y, {.transpose_b = true}), out);
  }

  // Reads no mask and passes none on, as in Keras.
  std::vector<Tensor> compute_mask(const Variables&, const std::vector<Tensor>&) override {
    return {};
  }

 private:
  static Shape without(const Shape& shape, std::int64_t axis) {
    return shape.slice(0, axis).joined(shape.slice(axis + 1, shape.rank()));
  }

  Variable scaled(const Variable& x, std::int64_t axis) const {
    if (!options_.normalize) return x;
    const ReduceOptions along{.axis = static_cast<int>(axis), .keepdims = true};
    return x * rsqrt(maximum(sum(square(x), along), 1e-14));
  }

  std::pair<std::int64_t, std::int64_t> resolved(const std::vector<Spec>& inputs) const {
    if (inputs.size() != 2) {
      throw ValueError(
          fmt::format("{}: called with {} inputs; expected 2", label(), inputs.size()));
    }
    const Shape &x = inputs[0].shape, &y = inputs[1].shape;
    if (x.rank() < 2 || y.rank() < 2) refuse(inputs, "expected at least [batch, features]");
    const std::int64_t a = normalized_axis(label().c_str(), options_.axes.first, x.rank());
    const std::int64_t b = normalized_axis(label().c_str(), options_.axes.second, y.rank());
    if (a == 0 || b == 0) refuse(inputs, "the axis must not be the batch's");
    if (x[a] != None && y[b] != None && x[a] != y[b]) {
      refuse(inputs, "their sizes along the axes must be the same");
    }
    if (x[0] != None && y[0] != None && x[0] != y[0]) {
      refuse(inputs, "they must have as many samples");
    }
    return {a, b};
  }
  [[noreturn]] void refuse(const std::vector<Spec>& inputs, const char* why) const {
    throw ShapeError(fmt::format("{}: inputs are {} and {}, axes ({}, {}); {}", label(),
                                 inputs[0].text(), inputs[1].text(), options_.axes.first,
                                 options_.axes.second, why));
  }
};

}  // namespace

Dot::Dot(const DotOptions& options) : LayerRef(std::make_shared<DotLayer>(options)) {}

}  // namespace keratin::layers
