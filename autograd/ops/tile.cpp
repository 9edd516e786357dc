#include "autograd/ops/tile.h"

#include <fmt/ranges.h>

#include "autograd/layout.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/sum.h"
#include "kernels/copy/copy.h"

namespace keratin {
namespace {

// Of a tensor whose rank is the number of repeats.
struct Tile {
  struct Args {
    std::vector<std::int64_t> repeats;
  };
  static constexpr std::string_view name = "tile";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static Spec infer(const Spec& x, const Args& a) {
    Shape shape;
    for (std::int64_t k = 0; k < x.shape.rank(); ++k) {
      shape.push_back(detail::repeated_size(name, x, k, a.repeats[static_cast<std::size_t>(k)]));
    }
    return {shape, x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    kernels::run(y.stream(), kernels::strided_copy_ladder, static_cast<const void*>(x.address()),
                 y.address(),
                 kernels::copy_tile(x.shape().sizes(), a.repeats, detail::element_size(x.dtype())));
  }
  // dx: the copies added up, axis by axis; [before, repeats, size and all after] each time.
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    const Shape& x = saved.spec(0).shape;
    auto dx = dy;
    std::int64_t before = 1;
    for (std::int64_t k = 0; k < x.rank(); ++k) {
      const std::int64_t repeats = a.repeats[static_cast<std::size_t>(k)];
      if (repeats != 1) {
        std::int64_t after = x[k];
        for (std::int64_t j = k + 1; j < x.rank(); ++j) {
          after *= x[j] * a.repeats[static_cast<std::size_t>(j)];
        }
        dx = sum(reshape(dx, {before, repeats, after}), {.axis = 1});
      }
      before *= x[k];
    }
    return grads(reshape(dx, x));
  }
};

template <class T>
T tiled(const T& x, std::vector<std::int64_t> repeats) {
  detail::require_movable("tile", detail::value_of(x).spec());
  for (const std::int64_t times : repeats) {
    if (times < 0) {
      throw ValueError(fmt::format("tile: repeats ({}) of {}; expected numbers of 0 or more",
                                   fmt::join(repeats, ", "), x.shape().text()));
    }
  }
  const std::int64_t rank = x.shape().rank();
  const std::int64_t missing = static_cast<std::int64_t>(repeats.size()) - rank;
  if (missing < 0) {
    repeats.insert(repeats.begin(), static_cast<std::size_t>(-missing), 1);
    return apply<Tile>({repeats}, x);
  }
  return apply<Tile>(
      {repeats},
      missing == 0 ? x : reshape(x, Shape(detail::for_each_axis(missing, 1)).joined(x.shape())));
}

}  // namespace

Tensor tile(const Tensor& x, const std::vector<std::int64_t>& repeats) { return tiled(x, repeats); }
Variable tile(const Variable& x, const std::vector<std::int64_t>& repeats) {
  return tiled(x, repeats);
}

}  // namespace keratin
