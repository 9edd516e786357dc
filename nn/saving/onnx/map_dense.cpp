// Dense, Embedding, and layers that scale numbers or leave them alone.
#include <algorithm>
#include <cmath>

#include "nn/saving/json_fields.h"
#include "nn/saving/onnx/mapping.h"
#include "tensor/cast.h"

namespace keratin::saving::onnx {
namespace {

constexpr double kSmallestDeviation = 1e-7;  // keras.config.epsilon()

}  // namespace

Value map_dense(Call& call) {
  Builder& to = call.to;
  const std::string x = to.last(call.floating());
  const std::string kernel = to.weight(call.weight("kernel"));
  const Variable bias = call.weight("bias");
  std::string y;
  if (call.rank() == 2) {
    y = to.add("Gemm", {x, kernel, bias.defined() ? to.weight(bias) : ""});
  } else {
    y = to.add("MatMul", {x, kernel});
    if (bias.defined()) y = to.add("Add", {y, to.weight(bias)});
  }
  return activated(call, Builder::held_last(y, call.output));
}

Value map_embedding(Call& call) {
  Builder& to = call.to;
  const Value& x = call.x();
  const DType dtype = x->spec.dtype;
  const Value ids = dtype == int32 || dtype == int64 ? x : to.cast(x, int64);
  const Value y = Builder::held_last(
      to.add("Gather", {to.weight(call.weight("embeddings")), to.last(ids)}), call.output);
  if (call.flag("mask_zero")) {
    const Value& compared = is_floating(dtype) ? x : ids;  // 0.5 counts, though its id is 0
    const std::string zero = to.constant("zero", Tensor::scalar(0, compared->spec.dtype));
    y->mask = to.add("Not", {to.add("Equal", {to.last(compared), zero})});
    y->mask_rank = call.rank();
  }
  return y;
}

// What only trains: dropout, noise, augmentation.
Value map_identity(Call& call) { return call.to.cast(call.x(), call.output.dtype); }

//   x where any feature differs from mask_value, else 0
Value map_masking(Call& call) {
  Builder& to = call.to;
  const std::string x = to.last(call.floating());
  const std::string same =
      to.cast(to.add("Equal", {x, to.scalar(call.number("mask_value"))}), int32);
  const std::string all_same =
      to.add("ReduceMin", {same},
             {{"axes", std::vector<std::int64_t>{call.rank() - 1}}, {"keepdims", std::int64_t{1}}});
  const std::string counts = to.add("Not", {to.cast(all_same, boolean)});
  const Value y = Builder::held_last(to.add("Where", {counts, x, to.scalar(0)}), call.output);
  y->mask = to.add("Squeeze", {counts, to.integers({call.rank() - 1})});
  y->mask_rank = call.rank() - 1;
  return y;
}

Value map_rescaling(Call& call) {
  Builder& to = call.to;
  const Value x = call.floating();
  std::string y = to.add("Mul", {to.either(x), to.scalar(call.number("scale"))});
  if (call.number("offset") != 0) y = to.add("Add", {y, to.scalar(call.number("offset"))});
  return Builder::held_like(x, y, call.output);
}

//   (x - mean) / max(sqrt(variance), 1e-7), or back
Value map_normalization(Call& call) {
  Builder& to = call.to;
  Tensor mean, variance;
  JsonReader given(call.options, call.layer.label());
  given("mean", mean);
  given("variance", variance);
  if (!mean.defined()) {
    mean = call.weight("mean").value();
    variance = call.weight("variance").value();
  }
  // Of the sizes along the kept axes, or fewer; 1 along all others.
  std::vector<bool> kept(static_cast<std::size_t>(call.rank()), false);
  for (const std::int64_t axis : call.list("axis")) {
    kept[static_cast<std::size_t>(normalized_axis("export_onnx", axis, call.rank()))] = true;
  }
  Shape shape;
  std::int64_t from = mean.rank();
  for (std::size_t axis = kept.size(); axis-- > 0;) {
    shape = Shape{kept[axis] && from > 0 ? mean.shape()[--from] : 1}.joined(shape);
  }
  std::vector<float> deviations;
  for (const double v : variance.to_vector<double>()) {
    deviations.push_back(static_cast<float>(std::max(std::sqrt(v), kSmallestDeviation)));
  }
  const std::string means = to.constant("mean", keratin::cast(mean, float32).reshaped(shape));
  const std::string deviation = to.constant("deviation", Tensor::from(deviations, shape));
  const std::string x = to.last(call.floating());
  const std::string y = call.flag("invert") ? to.add("Add", {to.add("Mul", {x, deviation}), means})
                                            : to.add("Div", {to.add("Sub", {x, means}), deviation});
  return Builder::held_last(y, call.output);
}

// Steps become samples, and steps again. At inference what a layer makes of one does not depend on
// others.
Value map_time_distributed(Call& call) {
  Builder& to = call.to;
  const Shape& in = call.x()->spec.shape;
  const Shape rest = in.slice(2, in.rank());
  if (!rest.is_known() || in[1] == None) {
    call.refuse("sizes of its input, " + in.text() + ", are unknown besides the batch");
  }
  std::vector<std::int64_t> samples{-1}, steps{-1, in[1]};
  samples.insert(samples.end(), rest.begin(), rest.end());
  const Value x = Builder::held_last(to.add("Reshape", {to.last(call.x()), to.integers(samples)}),
                                     {Shape{None}.joined(rest), call.x()->spec.dtype, {}});
  Layer& inner = *call.layer.named_sublayers().at(0).second.layer();
  const Value y = map_layer(to, inner, {x}, to.scope() + "/" + inner.name(), false).at(0);
  const Shape result = y->spec.shape.slice(1, y->spec.shape.rank());
  if (!result.is_known()) call.refuse("sizes of its result are unknown besides the batch");
  steps.insert(steps.end(), result.begin(), result.end());
  const Value z =
      Builder::held_last(to.add("Reshape", {to.last(y), to.integers(steps)}), call.output);
  if (!call.x()->mask.empty() && call.x()->mask_rank == 2) {
    z->mask = call.x()->mask;
    z->mask_rank = 2;
  }
  return z;
}

}  // namespace keratin::saving::onnx
