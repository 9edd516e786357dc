// Layers that normalize.
#include <algorithm>
#include <cmath>

#include "nn/saving/onnx/mapping.h"

namespace keratin::saving::onnx {
namespace {

// gamma or beta; ones or zeros where the layer goes without.
std::string weight_or(Call& call, const char* name, const Shape& shape, double otherwise) {
  const Variable weight = call.weight(name);
  if (weight.defined()) return call.to.weight(weight);
  return call.to.constant(name, full(shape, otherwise));
}

// The layer's axes, from the front, in order.
std::vector<std::int64_t> axes_of(const Call& call) {
  std::vector<std::int64_t> axes;
  if (call.options.at("axis").is_null()) return axes;
  for (const std::int64_t axis : call.list("axis")) {
    axes.push_back(normalized_axis("export_onnx", axis, call.rank()));
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

// A weight of the sizes along `axes`, to be multiplied with x: 1 along the other axes.
std::string beside(Call& call, const Variable& weight, const std::vector<std::int64_t>& axes) {
  Shape shape;
  for (std::int64_t axis = axes.front(); axis < call.rank(); ++axis) {
    const bool along = std::count(axes.begin(), axes.end(), axis) > 0;
    shape.push_back(along ? call.x()->spec.shape[axis] : 1);
  }
  return call.to.weight(weight, "beside " + shape.text(),
                        [&](const Tensor& values) { return values.reshaped(shape); });
}

std::string scaled_and_shifted(Call& call, std::string y, const std::vector<std::int64_t>& axes) {
  const Variable gamma = call.weight("gamma"), beta = call.weight("beta");
  if (gamma.defined()) y = call.to.add("Mul", {y, beside(call, gamma, axes)});
  if (beta.defined()) y = call.to.add("Add", {y, beside(call, beta, axes)});
  return y;
}

std::string mean_over(Builder& to, const std::string& x, const std::vector<std::int64_t>& axes) {
  return to.add("ReduceMean", {x}, {{"axes", axes}, {"keepdims", std::int64_t{1}}});
}

// x / sqrt(mean x^2 + epsilon)
std::string by_root_mean_square(Call& call, const std::string& x,
                                const std::vector<std::int64_t>& axes) {
  Builder& to = call.to;
  const std::string power = mean_over(to, to.add("Mul", {x, x}), axes);
  const std::string root =
      to.add("Sqrt", {to.add("Add", {power, to.scalar(call.number("epsilon"))})});
  return to.add("Div", {x, root});
}

}  // namespace

// By ONNX' own where channels are axis 1; else as x scale + shift, which saves two Transposes.
Value map_batch_normalization(Call& call) {
  Builder& to = call.to;
  const Value x = call.floating();
  const std::int64_t axis = normalized_axis("export_onnx", call.integer("axis"), call.rank());
  const Variable mean = call.weight("moving_mean"), variance = call.weight("moving_variance");
  const bool channels_last = axis == call.rank() - 1;
  const bool first = channels_last && call.rank() > 2 && !x->first.empty();
  if (first || axis == 1) {
    const std::string y =
        to.add("BatchNormalization",
               {first ? x->first : to.last(x), weight_or(call, "gamma", mean.shape(), 1),
                weight_or(call, "beta", mean.shape(), 0), to.weight(mean), to.weight(variance)},
               {{"epsilon", call.number("epsilon")}});
    return first ? Builder::held_first(y, call.output) : Builder::held_last(y, call.output);
  }
  const auto numbers = [&](const char* name, std::size_t count, double otherwise) {
    const Variable weight = call.weight(name);
    return weight.defined() ? weight.value().to_vector<double>()
                            : std::vector<double>(count, otherwise);
  };
  const std::vector<double> means = mean.value().to_vector<double>();
  const std::vector<double> variances = variance.value().to_vector<double>();
  const std::vector<double> gamma = numbers("gamma", means.size(), 1);
  const std::vector<double> beta = numbers("beta", means.size(), 0);
  std::vector<float> scale(means.size()), shift(means.size());
  for (std::size_t i = 0; i < means.size(); ++i) {
    const double s = gamma[i] / std::sqrt(variances[i] + call.number("epsilon"));
    scale[i] = static_cast<float>(s);
    shift[i] = static_cast<float>(beta[i] - means[i] * s);
  }
  Shape shape{mean.shape()[0]};
  for (std::int64_t after = axis + 1; after < call.rank(); ++after) shape.push_back(1);
  const std::string scaled =
      to.add("Mul", {to.last(x), to.constant("scale", Tensor::from(scale, shape))});
  return Builder::held_last(
      to.add("Add", {scaled, to.constant("shift", Tensor::from(shift, shape))}), call.output);
}

// [batch, channels, ...] as [batch, groups, rest], each group normalized over the rest.
Value map_group_normalization(Call& call) {
  Builder& to = call.to;
  const Value x = call.floating();
  const std::int64_t axis = normalized_axis("export_onnx", call.integer("axis"), call.rank());
  const std::int64_t channels = x->spec.shape[axis];
  const bool first = axis == call.rank() - 1 && call.rank() > 2;
  if (!first && axis != 1) {
    call.refuse("its axis is neither the first after the batch nor the last");
  }
  const std::int64_t groups = call.integer("groups") == -1 ? channels : call.integer("groups");
  const std::string from = first ? to.first(x) : to.last(x);
  const std::string grouped = to.add("Reshape", {from, to.integers({0, groups, -1})});
  const std::string normalized =
      to.add("InstanceNormalization",
             {grouped, to.constant("ones", ones({groups})), to.constant("zeros", zeros({groups}))},
             {{"epsilon", call.number("epsilon")}});
  std::string y = to.add("Reshape", {normalized, to.add("Shape", {from})});
  Shape along{channels};
  for (std::int64_t after = 2; after < call.rank(); ++after) along.push_back(1);
  const auto beside = [&](const Variable& weight) {
    return to.weight(weight, "beside " + along.text(),
                     [&](const Tensor& values) { return values.reshaped(along); });
  };
  const Variable gamma = call.weight("gamma"), beta = call.weight("beta");
  if (gamma.defined()) y = to.add("Mul", {y, beside(gamma)});
  if (beta.defined()) y = to.add("Add", {y, beside(beta)});
  return first ? Builder::held_first(y, call.output) : Builder::held_last(y, call.output);
}

Value map_layer_normalization(Call& call) {
  Builder& to = call.to;
  const std::string x = to.last(call.floating());
  const std::vector<std::int64_t> axes = axes_of(call);
  const bool trailing = axes.front() + std::ssize(axes) == call.rank();
  if (trailing) {
    const Shape sizes = call.x()->spec.shape.slice(axes.front(), call.rank());
    return Builder::held_last(
        to.add("LayerNormalization",
               {x, weight_or(call, "gamma", sizes, 1), weight_or(call, "beta", sizes, 0)},
               {{"axis", axes.front()}, {"epsilon", call.number("epsilon")}}),
        call.output);
  }
  const std::string centered = to.add("Sub", {x, mean_over(to, x, axes)});
  return Builder::held_last(
      scaled_and_shifted(call, by_root_mean_square(call, centered, axes), axes), call.output);
}

Value map_rms_normalization(Call& call) {
  const std::string x = call.to.last(call.floating());
  const std::vector<std::int64_t> axes = axes_of(call);
  const std::string scale = beside(call, call.weight("scale"), axes);
  return Builder::held_last(call.to.add("Mul", {by_root_mean_square(call, x, axes), scale}),
                            call.output);
}

Value map_unit_normalization(Call& call) {
  Builder& to = call.to;
  const std::string x = to.last(call.floating());
  const std::string length =
      to.add("ReduceL2", {x}, {{"axes", axes_of(call)}, {"keepdims", std::int64_t{1}}});
  return Builder::held_last(to.add("Div", {x, to.add("Max", {length, to.scalar(1e-12)})}),
                            call.output);
}

}  // namespace keratin::saving::onnx
