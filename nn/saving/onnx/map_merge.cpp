// Layers of several inputs.
#include <algorithm>

#include "nn/saving/onnx/mapping.h"

namespace keratin::saving::onnx {
namespace {

bool all_have_last(const std::vector<Value>& values) {
  return std::none_of(values.begin(), values.end(), Builder::prefers_first);
}

std::int64_t most_axes(const Call& call) {
  std::int64_t rank = 0;
  for (const Value& x : call.inputs) rank = std::max(rank, x->spec.shape.rank());
  return rank;
}

// The mask of a result that counts where any input does; "" where one of them counts everywhere.
void merge_masks(Call& call, const Value& y) {
  std::string either;
  for (const Value& x : call.inputs) {
    if (x->mask.empty()) return;
    if (x->mask_rank != call.inputs[0]->mask_rank) {
      call.refuse("its inputs have masks of different shapes");
    }
    either = either.empty() ? x->mask : call.to.add("Or", {either, x->mask});
  }
  y->mask = either;
  y->mask_rank = call.inputs[0]->mask_rank;
}

// Pair by pair, in the form that the inputs have; where one has fewer axes, some of size 1 come
// after its batch.
Value merged(Call& call, const char* op) {
  Builder& to = call.to;
  const std::int64_t rank = most_axes(call);
  const bool same_rank = std::all_of(call.inputs.begin(), call.inputs.end(),
                                     [&](const Value& x) { return x->spec.shape.rank() == rank; });
  const bool first = same_rank && rank > 2 && !all_have_last(call.inputs);
  std::string y;
  for (const Value& given : call.inputs) {
    const Value x = to.cast(given, float32);
    std::string wide = first ? to.first(x) : to.last(x);
    if (const std::int64_t missing = rank - x->spec.shape.rank(); missing > 0) {
      std::vector<std::int64_t> axes;
      for (std::int64_t axis = 1; axis <= missing; ++axis) axes.push_back(axis);
      wide = to.add("Unsqueeze", {wide, to.integers(axes)});
    }
    y = y.empty() ? wide : to.add(op, {y, wide});
  }
  return first ? Builder::held_first(y, call.output) : Builder::held_last(y, call.output);
}

Value merged_with_mask(Call& call, const char* op) {
  const Value y = merged(call, op);
  merge_masks(call, y);
  return y;
}

// These compute masked steps in a way of their own.
Value merged_without_mask(Call& call, const char* op) {
  for (const Value& x : call.inputs) {
    if (!x->mask.empty()) call.refuse("its inputs have masks, by which it computes");
  }
  return merged(call, op);
}

// x as matrices [batch, rest, size along axis], or with the last two turned.
std::string matrices(Call& call, const Value& x, std::int64_t axis, bool turned) {
  Builder& to = call.to;
  std::string from = to.last(x);
  if (x->spec.shape.rank() == 2) {
    return to.add("Unsqueeze", {from, to.integers({turned ? 2 : 1})});
  }
  const bool axis_last = axis == 2;
  if (axis_last == turned) {
    from = to.add("Transpose", {from}, {{"perm", std::vector<std::int64_t>{0, 2, 1}}});
  }
  return from;
}

}  // namespace

Value map_add(Call& call) { return merged_with_mask(call, "Add"); }
Value map_subtract(Call& call) { return merged_with_mask(call, "Sub"); }
Value map_multiply(Call& call) { return merged_without_mask(call, "Mul"); }
Value map_maximum(Call& call) { return merged_without_mask(call, "Max"); }
Value map_minimum(Call& call) { return merged_without_mask(call, "Min"); }

Value map_average(Call& call) {
  const Value sum = merged(call, "Add");
  const std::string part = call.to.scalar(1 / static_cast<double>(call.inputs.size()));
  const Value y =
      Builder::held_like(sum, call.to.add("Mul", {call.to.either(sum), part}), call.output);
  merge_masks(call, y);
  return y;
}

Value map_concatenate(Call& call) {
  Builder& to = call.to;
  std::int64_t axis = normalized_axis("export_onnx", call.integer("axis"), call.rank());
  const bool along_last = axis == call.rank() - 1;
  const bool first = call.rank() > 2 && !all_have_last(call.inputs);
  if (first) axis = axis_in_first(axis, call.rank());
  std::vector<std::string> parts;
  for (const Value& given : call.inputs) {
    const Value x = to.cast(given, call.output.dtype);
    parts.push_back(first ? to.first(x) : to.last(x));
  }
  const std::string joined = to.add("Concat", std::move(parts), {{"axis", axis}});
  const Value y =
      first ? Builder::held_first(joined, call.output) : Builder::held_last(joined, call.output);
  const auto masked = std::count_if(call.inputs.begin(), call.inputs.end(),
                                    [](const Value& x) { return !x->mask.empty(); });
  if (along_last) {
    merge_masks(call, y);
  } else if (masked > 0) {
    call.refuse("its inputs have masks, and are joined along another axis than the last");
  }
  return y;
}

//   y[b, i, j] = sum over k of x[b, i, k] z[b, j, k]
Value map_dot(Call& call) {
  Builder& to = call.to;
  const Value x = to.cast(call.inputs[0], float32), z = to.cast(call.inputs[1], float32);
  const std::int64_t left = x->spec.shape.rank(), right = z->spec.shape.rank();
  if (left > 3 || right > 3) call.refuse("it is exported for inputs of 2 or 3 axes only");
  const Json& axes = call.options.at("axes");
  const std::int64_t a = normalized_axis(
      "export_onnx", axes.is_array() ? axes.at(0).get<std::int64_t>() : axes.get<std::int64_t>(),
      left);
  const std::int64_t b = normalized_axis(
      "export_onnx", axes.is_array() ? axes.at(1).get<std::int64_t>() : axes.get<std::int64_t>(),
      right);
  const auto scaled = [&](const Value& value, std::int64_t axis) {
    if (!call.flag("normalize")) return value;
    const std::string from = to.last(value);
    const std::string length =
        to.add("ReduceL2", {from},
               {{"axes", std::vector<std::int64_t>{axis}}, {"keepdims", std::int64_t{1}}});
    const std::string bounded = to.add("Max", {length, to.scalar(1e-7)});
    return Builder::held_last(to.add("Div", {from, bounded}), value->spec);
  };
  std::string y = to.add(
      "MatMul", {matrices(call, scaled(x, a), a, false), matrices(call, scaled(z, b), b, true)});
  std::vector<std::int64_t> gone;  // axes that vectors had been given; one stays of two vectors
  if (left == 2) gone.push_back(1);
  if (right == 2 && left == 3) gone.push_back(2);
  if (!gone.empty()) y = to.add("Squeeze", {y, to.integers(gone)});
  return Builder::held_last(y, call.output);
}

}  // namespace keratin::saving::onnx
