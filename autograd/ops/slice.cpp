#include "autograd/ops/slice.h"

#include "autograd/layout.h"
#include "kernels/copy/copy.h"

namespace keratin {
namespace {

// Ranges with all ends found: the block's shape, its first element's place, steps.
struct Block {
  Shape shape;
  std::vector<std::int64_t> at, step;
};

Block find_block(const Shape& x, const std::vector<SliceRange>& ranges) {
  if (static_cast<std::int64_t>(ranges.size()) > x.rank()) {
    throw ShapeError(
        fmt::format("slice: {} ranges for {}, which has {} axes; expected at most one an axis",
                    ranges.size(), x.text(), x.rank()));
  }
  Block block;
  for (std::int64_t k = 0; k < x.rank(); ++k) {
    const bool given = k < static_cast<std::int64_t>(ranges.size());
    const SliceRange range = given ? ranges[static_cast<std::size_t>(k)] : SliceRange{};
    const std::int64_t size = x[k], step = range.step;
    if (step == 0) {
      throw ValueError(
          fmt::format("slice: step 0 along axis {} of {}; expected 1 or more, or -1 "
                      "or less to go backwards",
                      k, x.text()));
    }
    const auto place = [&](std::int64_t given_place, std::int64_t if_none, const char* what) {
      if (given_place == None) return if_none;
      const std::int64_t from_front = given_place < 0 ? given_place + size : given_place;
      if (from_front < 0 || from_front > size) {
        throw ShapeError(
            fmt::format("slice: {} {} is outside axis {} of {}, of size {}; expected {} to {}",
                        what, given_place, k, x.text(), size, -size, size));
      }
      return from_front;
    };
    std::int64_t first = place(range.first, step > 0 ? 0 : size - 1, "first");
    const std::int64_t last = place(range.last, step > 0 ? size : -1, "last");
    if (step < 0 && first == size) first = size - 1;  // backwards from the end
    const std::int64_t distance = step > 0 ? last - first : first - last;
    const std::int64_t stride = step > 0 ? step : -step;
    const std::int64_t count = distance > 0 ? (distance - 1) / stride + 1 : 0;
    block.shape.push_back(count);
    block.at.push_back(count > 0 ? first : 0);
    block.step.push_back(count > 1 ? step : 1);
  }
  return block;
}

Tensor slice_of(const Tensor& x, const Block& block) {
  bool leading = true;  // rows of the leading axis, whole and in order?
  for (std::int64_t k = 0; k < x.rank(); ++k) {
    leading = leading && block.step[static_cast<std::size_t>(k)] == 1 &&
              (k == 0 || block.shape[k] == x.shape()[k]);
  }
  if (leading && x.rank() > 0) return x.slice(block.at[0], block.at[0] + block.shape[0]);
  Tensor y = Tensor::empty(block.shape, x.dtype(), x.device());
  kernels::run(y.stream(), kernels::strided_copy_ladder, static_cast<const void*>(x.address()),
               y.address(),
               kernels::copy_out_of(block.shape.sizes(), x.shape().sizes(), block.at, block.step,
                                    detail::element_size(x.dtype())));
  return y;
}

struct BlockArgs {
  Block block;
  Shape whole;
};
Tensor put_into_zeros(const Tensor& x, const BlockArgs& a);
Variable put_into_zeros(const Variable& x, const BlockArgs& a);
Tensor take_out(const Tensor& x, const BlockArgs& a);
Variable take_out(const Variable& x, const BlockArgs& a);

struct Slice {
  using Args = BlockArgs;
  static constexpr std::string_view name = "slice";
  static constexpr Keep keep{};
  static Tensor view(const Tensor& x, const Args& a) {
    detail::require_movable(name, x.spec());
    return slice_of(x, a.block);
  }
  static auto gradient(const auto&, const Args& a, const auto& dy) {
    return grads(put_into_zeros(dy, a));
  }
};

// The way back: zeros, but the block where it was.
struct PutIntoZeros {
  using Args = BlockArgs;
  static constexpr std::string_view name = "slice's gradient";
  static constexpr Keep keep{};
  static Tensor view(const Tensor& x, const Args& a) {
    Tensor y = detail::zeros_of({a.whole, x.dtype(), x.device()});
    kernels::run(y.stream(), kernels::strided_copy_ladder, static_cast<const void*>(x.address()),
                 y.address(),
                 kernels::copy_into(x.shape().sizes(), a.whole.sizes(), a.block.at, a.block.step,
                                    detail::element_size(x.dtype())));
    return y;
  }
  static auto gradient(const auto&, const Args& a, const auto& dy) {
    return grads(take_out(dy, a));
  }
};

Tensor put_into_zeros(const Tensor& x, const BlockArgs& a) { return apply<PutIntoZeros>(a, x); }
Variable put_into_zeros(const Variable& x, const BlockArgs& a) { return apply<PutIntoZeros>(a, x); }
Tensor take_out(const Tensor& x, const BlockArgs& a) { return apply<Slice>(a, x); }
Variable take_out(const Variable& x, const BlockArgs& a) { return apply<Slice>(a, x); }

}  // namespace

Tensor slice(const Tensor& x, const std::vector<SliceRange>& ranges) {
  return take_out(x, {find_block(x.shape(), ranges), x.shape()});
}
Variable slice(const Variable& x, const std::vector<SliceRange>& ranges) {
  return take_out(x, {find_block(x.shape(), ranges), x.shape()});
}

}  // namespace keratin
