// Convolutions and pooling: channels first.
#include <algorithm>
#include <utility>

#include "autograd/ops/transpose.h"
#include "autograd/window.h"
#include "nn/saving/onnx/mapping.h"

namespace keratin::saving::onnx {
namespace {

struct Windows {
  std::vector<std::int64_t> size, strides, dilation;  // along each axis of space
};

Windows windows_of(const Call& call, const char* size) {
  Windows w{call.list(size), call.list("strides"), {}};
  w.dilation = call.options.contains("dilation_rate") ? call.list("dilation_rate")
                                                      : std::vector<std::int64_t>(w.size.size(), 1);
  return w;
}

// What "valid", "same" and "causal" are in ONNX. The cells that "same" adds depend on the size, but
// for strides of 1; where it is not known ONNX finds them by the same rule.
void add_padding(const Call& call, const Windows& w, Attributes& attributes) {
  const std::string padding = call.text("padding");
  if (padding == "valid") return;
  std::vector<std::int64_t> before, after;
  for (std::size_t i = 0; i < w.size.size(); ++i) {
    const std::int64_t extent = (w.size[i] - 1) * w.dilation[i] + 1;
    if (padding == "causal") {
      before.push_back(extent - 1);
      after.push_back(0);
      continue;
    }
    const std::int64_t length = call.x()->spec.shape[static_cast<std::int64_t>(i) + 1];
    if (length == None && w.strides[i] != 1) {
      attributes.push_back({"auto_pad", "SAME_UPPER"});
      return;
    }
    const std::int64_t steps = length == None ? 0 : (length + w.strides[i] - 1) / w.strides[i] - 1;
    const std::int64_t all =
        w.strides[i] == 1 ? extent - 1
                          : std::max<std::int64_t>(0, steps * w.strides[i] + extent - length);
    before.push_back(all / 2);
    after.push_back(all - all / 2);
  }
  before.insert(before.end(), after.begin(), after.end());
  attributes.push_back({"pads", std::move(before)});
}

Attributes attributes_of(const Call& call, const Windows& w, std::int64_t groups) {
  Attributes attributes{
      {"kernel_shape", w.size}, {"strides", w.strides}, {"dilations", w.dilation}};
  if (groups != 1) attributes.push_back({"group", groups});
  add_padding(call, w, attributes);
  return attributes;
}

// [..., a, b] to [b, a, ...]
Tensor channels_outside(const Tensor& kernel) {
  const auto rank = static_cast<int>(kernel.rank());
  std::vector<int> order{rank - 1, rank - 2};
  for (int axis = 0; axis < rank - 2; ++axis) order.push_back(axis);
  return transpose(kernel, {.axes = order});
}

// [..., in, m] to [in m, 1, ...]
Tensor group_a_channel(const Tensor& kernel) {
  const auto rank = static_cast<int>(kernel.rank());
  std::vector<int> order{rank - 2, rank - 1};
  for (int axis = 0; axis < rank - 2; ++axis) order.push_back(axis);
  const Tensor outside = transpose(kernel, {.axes = order});  // [in, m, ...]
  return outside.reshaped(Shape{kernel.shape()[rank - 2] * kernel.shape()[rank - 1], 1}.joined(
      outside.shape().slice(2, rank)));
}

std::string weight_or_none(Call& call, const char* name) {
  const Variable weight = call.weight(name);
  return weight.defined() ? call.to.weight(weight) : "";
}

std::string depthwise(Call& call, const char* kernel_name, const std::string& bias) {
  const Variable kernel = call.weight(kernel_name);
  const std::int64_t channels = kernel.shape()[kernel.rank() - 2];
  return call.to.add("Conv",
                     {call.to.first(call.floating()),
                      call.to.weight(kernel, "group a channel", group_a_channel), bias},
                     attributes_of(call, windows_of(call, "kernel_size"), channels));
}

Value pooled(Call& call, const char* op, Attributes extra) {
  Attributes attributes = std::move(extra);
  const Windows w = windows_of(call, "pool_size");
  attributes.push_back({"kernel_shape", w.size});
  attributes.push_back({"strides", w.strides});
  add_padding(call, w, attributes);
  return Builder::held_first(
      call.to.add(op, {call.to.first(call.floating())}, std::move(attributes)), call.output);
}

// Over all axes of space of x, as it is.
Value pooled_globally(Call& call, const char* op, const char* reduction, const Value& x) {
  Builder& to = call.to;
  const bool keepdims = call.flag("keepdims");
  if (!x->first.empty()) {
    const std::string y = to.add(op, {x->first});
    if (keepdims) return Builder::held_first(y, call.output);
    return Builder::held_last(to.add("Flatten", {y}, {{"axis", std::int64_t{1}}}), call.output);
  }
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = 1; axis < call.rank() - 1; ++axis) axes.push_back(axis);
  return Builder::held_last(
      to.add(reduction, {to.last(x)}, {{"axes", axes}, {"keepdims", std::int64_t{keepdims}}}),
      call.output);
}

//   sum of what counts / how many count
Value masked_average(Call& call, const Value& x) {
  Builder& to = call.to;
  if (x->mask_rank != 2) call.refuse("its mask is not one of time steps");
  const Attributes keepdims{{"keepdims", std::int64_t{call.flag("keepdims")}}};
  const std::string counts = to.add("Unsqueeze", {x->mask, to.integers({2})});
  const std::string time = to.integers({1});
  const std::string counted = to.add("Where", {counts, to.last(x), to.scalar(0)});
  const std::string sum = to.add("ReduceSum", {counted, time}, keepdims);
  const std::string n = to.add("ReduceSum", {to.cast(counts, float32), time}, keepdims);
  const std::string at_least_one = to.add("Max", {n, to.scalar(1)});
  return Builder::held_last(to.add("Div", {sum, at_least_one}), call.output);
}

}  // namespace

Value map_conv(Call& call) {
  const std::string y =
      call.to.add("Conv",
                  {call.to.first(call.floating()),
                   call.to.weight(call.weight("kernel"), "channels outside", channels_outside),
                   weight_or_none(call, "bias")},
                  attributes_of(call, windows_of(call, "kernel_size"), call.integer("groups")));
  return activated(call, Builder::held_first(y, call.output));
}

Value map_depthwise_conv(Call& call) {
  const std::string y = depthwise(call, "kernel", weight_or_none(call, "bias"));
  return activated(call, Builder::held_first(y, call.output));
}

Value map_separable_conv(Call& call) {
  const std::string depth = depthwise(call, "depthwise_kernel", "");
  const Variable kernel = call.weight("pointwise_kernel");
  const std::string y = call.to.add(
      "Conv",
      {depth, call.to.weight(kernel, "channels outside", channels_outside),
       weight_or_none(call, "bias")},
      {{"kernel_shape", std::vector<std::int64_t>(static_cast<std::size_t>(call.rank() - 2), 1)}});
  return activated(call, Builder::held_first(y, call.output));
}

// ONNX cuts `pads` cells off (in - 1) stride + extent, and adds output_padding at the end.
Value map_conv_transpose(Call& call) {
  const Windows w = windows_of(call, "kernel_size");
  std::vector<std::optional<std::int64_t>> wanted(w.size.size());
  const Json& padding = call.options.at("output_padding");  // null or [] where not given
  if (!padding.is_null() && !padding.empty()) {
    const std::vector<std::int64_t> given = call.list("output_padding");
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = given.at(i);
  }
  std::vector<std::int64_t> before, after, more;
  for (std::size_t i = 0; i < w.size.size(); ++i) {
    constexpr std::int64_t kLength = 64;  // any will do: the difference is the same for all
    const keratin::detail::Windows out =
        keratin::detail::transposed_along(kLength, {w.size[i], w.strides[i], w.dilation[i]},
                                          call.text("padding") == "same", wanted[i]);
    const std::int64_t full = (kLength - 1) * w.strides[i] + (w.size[i] - 1) * w.dilation[i] + 1;
    const std::int64_t missing = out.count + out.before - full;
    before.push_back(out.before);
    after.push_back(std::max<std::int64_t>(0, -missing));
    more.push_back(std::max<std::int64_t>(0, missing));
  }
  before.insert(before.end(), after.begin(), after.end());
  const std::string y =
      call.to.add("ConvTranspose",
                  {call.to.first(call.floating()),
                   call.to.weight(call.weight("kernel"), "channels outside", channels_outside),
                   weight_or_none(call, "bias")},
                  {{"kernel_shape", w.size},
                   {"strides", w.strides},
                   {"dilations", w.dilation},
                   {"pads", before},
                   {"output_padding", more}});
  return activated(call, Builder::held_first(y, call.output));
}

Value map_average_pooling(Call& call) {
  return pooled(call, "AveragePool", {{"count_include_pad", std::int64_t{0}}});
}
Value map_max_pooling(Call& call) { return pooled(call, "MaxPool", {}); }

Value map_global_average_pooling(Call& call) {
  const Value x = call.floating();
  if (!x->mask.empty() && call.rank() == 3) return masked_average(call, x);
  return pooled_globally(call, "GlobalAveragePool", "ReduceMean", x);
}
Value map_global_max_pooling(Call& call) {
  return pooled_globally(call, "GlobalMaxPool", "ReduceMax", call.floating());
}

}  // namespace keratin::saving::onnx
