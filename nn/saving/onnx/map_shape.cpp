// Layers that move elements, and compute nothing.
#include <limits>

#include "nn/saving/onnx/mapping.h"

namespace keratin::saving::onnx {
namespace {

struct Sides {
  std::vector<std::int64_t> before, after;  // along each axis of space
};

// (before, after), or ((top, bottom), (left, right)).
Sides sides_of(const Call& call, const char* option) {
  const Json& json = call.options.at(option);
  Sides sides;
  const auto add = [&](const Json& pair) {
    sides.before.push_back(pair.at(0).get<std::int64_t>());
    sides.after.push_back(pair.at(1).get<std::int64_t>());
  };
  if (json.at(0).is_array()) {
    for (const Json& pair : json) add(pair);
  } else {
    add(json);
  }
  return sides;
}

// Where the axes of space begin in the form that x has.
std::int64_t first_of_space(const Value& x) { return Builder::prefers_first(x) ? 2 : 1; }

// Sizes for Reshape: 0 takes the batch's, and at most one of them is open, -1.
std::string target(Call& call, const Shape& shape) {
  std::vector<std::int64_t> sizes{0};
  int open = 0;
  for (std::int64_t axis = 1; axis < shape.rank(); ++axis) {
    sizes.push_back(shape[axis] == None ? -1 : shape[axis]);
    open += shape[axis] == None;
  }
  if (open > 1) call.refuse("more than one size of its result, " + shape.text() + ", is unknown");
  return call.to.integers(sizes);
}

}  // namespace

Value map_reshape(Call& call) {
  return Builder::held_last(
      call.to.add("Reshape", {call.to.last(call.x()), target(call, call.output.shape)}),
      call.output);
}

Value map_flatten(Call& call) {
  return Builder::held_last(
      call.to.add("Flatten", {call.to.last(call.x())}, {{"axis", std::int64_t{1}}}), call.output);
}

// From whichever form is there; where the axes come to stand as they are in it, nothing is left.
Value map_permute(Call& call) {
  const Value& x = call.x();
  std::vector<std::int64_t> order{0};
  for (const std::int64_t axis : call.list("dims")) {
    order.push_back(Builder::prefers_first(x) ? axis_in_first(axis, call.rank()) : axis);
  }
  bool moved = false;
  for (std::size_t i = 0; i < order.size(); ++i) moved |= order[i] != static_cast<std::int64_t>(i);
  const std::string from = call.to.either(x);
  return Builder::held_last(moved ? call.to.add("Transpose", {from}, {{"perm", order}}) : from,
                            call.output);
}

Value map_repeat_vector(Call& call) {
  Builder& to = call.to;
  const std::string steps = to.add("Unsqueeze", {to.last(call.x()), to.integers({1})});
  return Builder::held_last(to.add("Expand", {steps, to.integers({1, call.integer("n"), 1})}),
                            call.output);
}

Value map_zero_padding(Call& call) {
  const Value& x = call.x();
  const Sides sides = sides_of(call, "padding");
  const auto rank = static_cast<std::size_t>(call.rank());
  const auto start = static_cast<std::size_t>(first_of_space(x));
  std::vector<std::int64_t> pads(2 * rank, 0);
  for (std::size_t i = 0; i < sides.before.size(); ++i) {
    pads[start + i] = sides.before[i];
    pads[rank + start + i] = sides.after[i];
  }
  return Builder::held_like(x, call.to.add("Pad", {call.to.either(x), call.to.integers(pads)}),
                            call.output);
}

Value map_cropping(Call& call) {
  const Value& x = call.x();
  const Sides sides = sides_of(call, "cropping");
  std::vector<std::int64_t> ends, axes;
  for (std::size_t i = 0; i < sides.before.size(); ++i) {
    axes.push_back(first_of_space(x) + static_cast<std::int64_t>(i));
    ends.push_back(sides.after[i] == 0 ? std::numeric_limits<std::int64_t>::max()
                                       : -sides.after[i]);
  }
  Builder& to = call.to;
  return Builder::held_like(x,
                            to.add("Slice", {to.either(x), to.integers(sides.before),
                                             to.integers(ends), to.integers(axes)}),
                            call.output);
}

Value map_up_sampling(Call& call) {
  const Value& x = call.x();
  const std::vector<std::int64_t> size = call.list("size");
  std::vector<float> scales(static_cast<std::size_t>(call.rank()), 1.0f);
  for (std::size_t i = 0; i < size.size(); ++i) {
    scales[static_cast<std::size_t>(first_of_space(x)) + i] = static_cast<float>(size[i]);
  }
  const std::string y = call.to.add(
      "Resize", {call.to.either(x), "", call.to.constant("scales", Tensor::from(scales))},
      {{"mode", "nearest"},
       {"coordinate_transformation_mode", "asymmetric"},
       {"nearest_mode", "floor"}});
  return Builder::held_like(x, y, call.output);
}

}  // namespace keratin::saving::onnx
