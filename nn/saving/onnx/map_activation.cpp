// Activations, and layers that are one.
#include <cmath>

#include "autograd/ops/transpose.h"
#include "nn/saving/onnx/mapping.h"

namespace keratin::saving::onnx {
namespace {

std::string clip(Builder& to, const std::string& x, double low, double high) {
  return to.add("Clip", {x, to.scalar(low), to.scalar(high)});
}

// x op number
std::string with(Builder& to, const char* op, const std::string& x, double number) {
  return to.add(op, {x, to.scalar(number)});
}

//   x > threshold: x, else slope (x - threshold); at most max
std::string relu(Builder& to, const std::string& x, double slope, double threshold,
                 std::optional<double> max) {
  std::string y;
  if (threshold == 0) {
    y = slope == 0 ? to.add("Relu", {x}) : to.add("LeakyRelu", {x}, {{"alpha", slope}});
  } else {
    y = to.add("ThresholdedRelu", {x}, {{"alpha", threshold}});
    if (slope != 0) {
      const std::string below = with(to, "Min", with(to, "Sub", x, threshold), 0);
      y = to.add("Add", {y, with(to, "Mul", below, slope)});
    }
  }
  return max ? with(to, "Min", y, *max) : y;
}

//   (x + sqrt(x^2 + 4)) / 2, as max(x, 0) + 2 / (sqrt(x^2 + 4) + |x|)
std::string squareplus(Builder& to, const std::string& x) {
  const std::string root = to.add("Sqrt", {with(to, "Add", to.add("Mul", {x, x}), 4)});
  const std::string below = to.add("Add", {root, to.add("Abs", {x})});
  return to.add("Add", {to.add("Relu", {x}), to.add("Div", {to.scalar(2), below})});
}

//   (hard_tanh(x) + 1)^2 / 4 + max(x, 1) - 1
std::string sparse_plus(Builder& to, const std::string& x) {
  const std::string inner = with(to, "Add", clip(to, x, -1, 1), 1);
  const std::string square = with(to, "Mul", to.add("Mul", {inner, inner}), 0.25);
  return to.add("Add", {square, with(to, "Sub", with(to, "Max", x, 1), 1)});
}

std::string glu(Builder& to, const std::string& x, std::int64_t axis) {
  const std::vector<std::string> halves = to.add_several("Split", {x}, 2, {{"axis", axis}});
  return to.add("Mul", {halves[0], to.add("Sigmoid", {halves[1]})});
}

}  // namespace

std::string activated(Call& call, const std::string& name, const std::string& x,
                      std::int64_t channels) {
  Builder& to = call.to;
  static const std::map<std::string_view, const char*> same_in_onnx{
      {"relu", "Relu"},         {"sigmoid", "Sigmoid"},
      {"tanh", "Tanh"},         {"softplus", "Softplus"},
      {"softsign", "Softsign"}, {"exponential", "Exp"},
      {"exp", "Exp"},           {"elu", "Elu"},
      {"celu", "Celu"},         {"hard_silu", "HardSwish"}};
  if (const auto found = same_in_onnx.find(name); found != same_in_onnx.end()) {
    return to.add(found->second, {x});
  }
  if (name == "linear") return x;
  if (name == "relu6") return clip(to, x, 0, 6);
  if (name == "leaky_relu") return relu(to, x, 0.2, 0, {});
  if (name == "selu") {
    return to.add("Selu", {x}, {{"alpha", 1.6732632423543772}, {"gamma", 1.0507009873554805}});
  }
  if (name == "gelu") {
    const std::string erf = to.add("Erf", {with(to, "Mul", x, std::sqrt(0.5))});
    return to.add("Mul", {with(to, "Mul", x, 0.5), with(to, "Add", erf, 1)});
  }
  if (name == "silu") return to.add("Mul", {x, to.add("Sigmoid", {x})});
  if (name == "hard_sigmoid") {
    return to.add("HardSigmoid", {x}, {{"alpha", 1.0 / 6}, {"beta", 0.5}});
  }
  if (name == "sparse_sigmoid") {
    return to.add("HardSigmoid", {x}, {{"alpha", 0.5}, {"beta", 0.5}});
  }
  if (name == "log_sigmoid") {
    return to.add("Neg", {to.add("Softplus", {to.add("Neg", {x})})});
  }
  if (name == "softmax") return to.add("Softmax", {x}, {{"axis", channels}});
  if (name == "log_softmax") return to.add("LogSoftmax", {x}, {{"axis", channels}});
  if (name == "squareplus") return squareplus(to, x);
  if (name == "sparse_plus") return sparse_plus(to, x);
  if (name == "soft_shrink") return to.add("Shrink", {x}, {{"bias", 0.5}, {"lambd", 0.5}});
  if (name == "hard_shrink") return to.add("Shrink", {x}, {{"bias", 0.0}, {"lambd", 0.5}});
  if (name == "tanh_shrink") return to.add("Sub", {x, to.add("Tanh", {x})});
  if (name == "hard_tanh") return clip(to, x, -1, 1);
  if (name == "mish") {
    return to.add("Mul", {x, to.add("Tanh", {to.add("Softplus", {x})})});
  }
  if (name == "glu") return glu(to, x, channels);
  call.refuse("its activation, \"" + name + "\", sorts, and has no counterpart in ONNX");
}

Value activated(Call& call, Value x) {
  const std::string name = call.text("activation");
  if (name == "linear") return x;
  const std::int64_t channels = Builder::prefers_first(x) ? 1 : x->spec.shape.rank() - 1;
  return Builder::held_like(x, activated(call, name, call.to.either(x), channels), call.output);
}

Value map_activation(Call& call) { return activated(call, call.floating()); }

Value map_relu(Call& call) {
  const Value x = call.floating();
  std::optional<double> max;
  if (!call.options.at("max_value").is_null()) max = call.number("max_value");
  return Builder::held_like(x,
                            relu(call.to, call.to.either(x), call.number("negative_slope"),
                                 call.number("threshold"), max),
                            call.output);
}

Value map_leaky_relu(Call& call) {
  const Value x = call.floating();
  return Builder::held_like(
      x, relu(call.to, call.to.either(x), call.number("negative_slope"), 0, {}), call.output);
}

Value map_elu(Call& call) {
  const Value x = call.floating();
  return Builder::held_like(
      x, call.to.add("Elu", {call.to.either(x)}, {{"alpha", call.number("alpha")}}), call.output);
}

Value map_p_re_lu(Call& call) {
  const Value x = call.floating();
  const Variable alpha = call.weight("alpha");  // of the sizes of a sample
  if (!Builder::prefers_first(x)) {
    return Builder::held_last(call.to.add("PRelu", {call.to.last(x), call.to.weight(alpha)}),
                              call.output);
  }
  const auto channels_first = [](const Tensor& slopes) {
    std::vector<int> order{static_cast<int>(slopes.rank()) - 1};
    for (int axis = 0; axis + 1 < slopes.rank(); ++axis) order.push_back(axis);
    return transpose(slopes, {.axes = order});
  };
  const std::string slopes = call.to.weight(alpha, "channels first", channels_first);
  return Builder::held_first(call.to.add("PRelu", {call.to.first(x), slopes}), call.output);
}

Value map_softmax(Call& call) {
  const Value x = call.floating();
  if (!x->mask.empty() && x->mask_rank == call.rank()) {
    call.refuse("its input has a mask of its own shape, which ONNX' Softmax does not take");
  }
  std::int64_t axis = normalized_axis("export_onnx", call.integer("axis"), call.rank());
  if (Builder::prefers_first(x)) axis = axis_in_first(axis, call.rank());
  return Builder::held_like(x, call.to.add("Softmax", {call.to.either(x)}, {{"axis", axis}}),
                            call.output);
}

}  // namespace keratin::saving::onnx
