#include "kernels/elementwise/elementwise.h"

#include <cmath>

#include "bench/harness.h"
#include "kernels/elementwise/bfloat16.h"
#include "kernels/elementwise/select.h"

namespace keratin::bench {
namespace {

using kernels::Binary;
using kernels::BinaryShape;
using kernels::Unary;
using kernels::UnaryShape;
using Sizes = std::vector<std::int64_t>;

constexpr std::int64_t kLarge = 4096 * 1024, kBeyondCaches = 16 << 20;

std::vector<UnaryShape> unary_shapes() {
  std::vector<UnaryShape> shapes = {{Unary::relu, 16384}, {Unary::exp, 16384}};
  for (const Unary op :
       {Unary::relu, Unary::square, Unary::sqrt, Unary::exp, Unary::expm1, Unary::log, Unary::log1p,
        Unary::tanh, Unary::sigmoid, Unary::softplus, Unary::erf, Unary::sin})
    shapes.push_back({op, kLarge});
  shapes.push_back({Unary::relu, kBeyondCaches});
  return shapes;
}

const bool unary_row =
    add_ladder(kernels::unary_ladder<float>, unary_shapes(),
               [](Buffers& b, const UnaryShape& s) {
                 // Roots and logarithms: of positive numbers.
                 auto* const x = const_cast<float*>(b.input<float>(s.size));
                 for (std::int64_t i = 0; i < s.size; ++i) x[i] = std::fabs(x[i]);
                 return std::tuple(static_cast<const float*>(x), b.output<float>(s.size));
               },
               {}, {{Unary::relu, 1 << 27}});

std::int64_t extent(const BinaryShape& s,
                    const std::array<std::int64_t, BinaryShape::kMaxRank>& strides) {
  std::int64_t size = 1;
  for (std::size_t k = 0; k < static_cast<std::size_t>(s.rank); ++k)
    if (strides[k] != 0) size *= s.sizes[k];
  return size;
}

BinaryShape shape(Binary op, Sizes a, Sizes b) { return kernels::make_binary_shape(op, a, b); }

const bool binary_row = add_ladder(
    kernels::binary_ladder<float>,
    {shape(Binary::add, {kLarge}, {kLarge}), shape(Binary::multiply, {kLarge}, {}),
     shape(Binary::add, {4096, 1024}, {1024}), shape(Binary::multiply, {4096, 1024}, {4096, 1}),
     shape(Binary::add, {100'000, 10}, {10}), shape(Binary::multiply, {1'000'000, 3}, {3}),
     shape(Binary::multiply, {32, 28, 28, 32}, {32, 1, 1, 32}),
     shape(Binary::sigmoid_cross_entropy, {kLarge}, {kLarge}),
     shape(Binary::relu_gradient, {kLarge}, {kLarge}),
     shape(Binary::add, {kBeyondCaches}, {kBeyondCaches})},
    [](Buffers& b, const BinaryShape& s) {
      return std::tuple(b.input<float>(extent(s, s.a)), b.input<float>(extent(s, s.b)),
                        b.output<float>(s.size()));
    });

const bool bfloat16_rows =
    add_ladder(kernels::unary_ladder<kernels::BFloat16>,
               {{Unary::relu, kLarge}, {Unary::tanh, kLarge}},
               [](Buffers& b, const UnaryShape& s) {
                 return std::tuple(b.input<kernels::BFloat16>(s.size),
                                   b.output<kernels::BFloat16>(s.size));
               },
               {.tolerance = 0.01}) &&
    add_ladder(kernels::binary_ladder<kernels::BFloat16>,
               {shape(Binary::relu_gradient, {kLarge}, {kLarge}),
                shape(Binary::add, {4096, 1024}, {1024})},
               [](Buffers& b, const BinaryShape& s) {
                 return std::tuple(b.input<kernels::BFloat16>(extent(s, s.a)),
                                   b.input<kernels::BFloat16>(extent(s, s.b)),
                                   b.output<kernels::BFloat16>(s.size()));
               },
               {.tolerance = 0.01});

kernels::SelectShape select_shape(Sizes condition, Sizes a, Sizes b) {
  return kernels::make_select_shape(condition, a, b, sizeof(float));
}

const bool select_row = add_ladder(
    kernels::select_ladder,
    {select_shape({kLarge}, {kLarge}, {kLarge}), select_shape({kLarge}, {kLarge}, {}),
     select_shape({4096, 1}, {4096, 1024}, {4096, 1024})},
    [](Buffers& b, const kernels::SelectShape& s) {
      const auto elements = [&](std::size_t operand) {
        std::int64_t size = 1;
        for (std::size_t k = 0; k < static_cast<std::size_t>(s.axes.rank); ++k)
          if (s.axes.strides[operand][k] != 0) size *= s.axes.sizes[k];
        return size;
      };
      return std::tuple(b.indices<std::uint8_t>(elements(0), 2), b.input<float>(elements(1)),
                        b.input<float>(elements(2)), b.output<float>(s.size()));
    });

}  // namespace
}  // namespace keratin::bench
