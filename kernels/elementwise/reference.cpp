#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "kernels/elementwise/elementwise.h"
#include "kernels/error.h"

namespace keratin::kernels {

const char* name_of(Unary op) {
  constexpr const char* names[] = {"negative",   "abs",  "sign",    "square",   "sqrt",  "rsqrt",
                                   "reciprocal", "exp",  "expm1",   "log",      "log1p", "sin",
                                   "cos",        "tanh", "sigmoid", "softplus", "relu",  "erf",
                                   "floor",      "ceil", "round"};
  static_assert(std::size(names) == kUnaryCount);
  return names[static_cast<std::size_t>(op)];
}

const char* name_of(Binary op) {
  constexpr const char* names[] = {"add",
                                   "subtract",
                                   "multiply",
                                   "divide",
                                   "maximum",
                                   "minimum",
                                   "power",
                                   "equal",
                                   "not_equal",
                                   "less",
                                   "less_equal",
                                   "greater",
                                   "greater_equal",
                                   "relu_gradient",
                                   "sigmoid_gradient",
                                   "tanh_gradient",
                                   "sigmoid_cross_entropy"};
  static_assert(std::size(names) == kBinaryCount);
  return names[static_cast<std::size_t>(op)];
}

std::string UnaryShape::text() const { return fmt::format("{} [{}]", name_of(op), size); }

std::int64_t BinaryShape::size() const {
  std::int64_t count = 1;
  for (int i = 0; i < rank; ++i) count *= sizes[static_cast<std::size_t>(i)];
  return count;
}

std::string BinaryShape::text() const {
  return fmt::format("{} [{}]", name_of(op), fmt::join(sizes.begin(), sizes.begin() + rank, ", "));
}

BinaryShape make_binary_shape(Binary op, std::span<const std::int64_t> a,
                              std::span<const std::int64_t> b) {
  const Broadcast<2> axes = broadcast<2>({a, b});
  return {
      .op = op, .rank = axes.rank, .sizes = axes.sizes, .a = axes.strides[0], .b = axes.strides[1]};
}

namespace cpu {
namespace {

// What sums and products are taken in: double for floating types; integers wrap around, as those
// without a sign do.
template <class T>
auto wide(T x) {
  return static_cast<std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>>(x);
}

// base^exponent of integers: it wraps around; with a negative exponent it is cut towards zero, and
// 0 where that would divide by zero.
template <class T>
T integer_power(T base, T exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    return base + 1 == 0 ? static_cast<T>(exponent % 2 == 0 ? 1 : -1) : T(0);
  }
  std::uint64_t power = 1, square = wide(base);
  for (auto rest = wide(exponent); rest != 0; rest >>= 1) {
    if (rest & 1) power *= square;
    square *= square;
  }
  return static_cast<T>(power);
}

// One element, in double for floating types.
template <class T>
T compute(Unary op, T x) {
  using W = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  const W v = static_cast<W>(x);
  switch (op) {
    case Unary::negative:
      return static_cast<T>(-wide(x));
    case Unary::abs:
      return v < 0 ? static_cast<T>(-wide(x)) : x;
    case Unary::sign:
      return std::isnan(static_cast<double>(v)) ? x : static_cast<T>((v > 0) - (v < 0));
    case Unary::square:
      return static_cast<T>(wide(x) * wide(x));
    case Unary::relu:
      return v < 0 ? T(0) : x;  // NaN stays
    case Unary::sqrt:
      return static_cast<T>(std::sqrt(v));
    case Unary::rsqrt:
      return static_cast<T>(1 / std::sqrt(static_cast<double>(v)));
    case Unary::reciprocal:
      return static_cast<T>(1.0 / static_cast<double>(v));
    case Unary::exp:
      return static_cast<T>(std::exp(v));
    case Unary::expm1:
      return static_cast<T>(std::expm1(v));
    case Unary::log:
      return static_cast<T>(std::log(v));
    case Unary::log1p:
      return static_cast<T>(std::log1p(v));
    case Unary::sin:
      return static_cast<T>(std::sin(v));
    case Unary::cos:
      return static_cast<T>(std::cos(v));
    case Unary::tanh:
      return static_cast<T>(std::tanh(v));
    case Unary::sigmoid:
      return static_cast<T>(1 / (1 + std::exp(-static_cast<double>(v))));
    case Unary::softplus:
      return static_cast<T>(std::fmax(static_cast<double>(v), 0.0) +
                            std::log1p(std::exp(-std::fabs(static_cast<double>(v)))) +
                            (v != v ? v : W(0)));
    case Unary::erf:
      return static_cast<T>(std::erf(v));
    case Unary::floor:
      return static_cast<T>(std::floor(v));
    case Unary::ceil:
      return static_cast<T>(std::ceil(v));
    case Unary::round:
      return static_cast<T>(std::nearbyint(v));  // halves to even
  }
  return x;
}

template <class T>
T compute(Binary op, T a, T b) {
  switch (op) {
    case Binary::add:
      return static_cast<T>(wide(a) + wide(b));
    case Binary::subtract:
      return static_cast<T>(wide(a) - wide(b));
    case Binary::multiply:
      return static_cast<T>(wide(a) * wide(b));
    case Binary::divide:
      if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
        if (b == -1) return static_cast<T>(-wide(a));  // the least by -1 does not fit
      }
      if constexpr (std::is_integral_v<T>) return b == 0 ? T(0) : static_cast<T>(a / b);
      return a / b;
    case Binary::maximum:
      return a != a ? a : (b != b ? b : std::max(a, b));  // NaN from either side
    case Binary::minimum:
      return a != a ? a : (b != b ? b : std::min(a, b));
    case Binary::power:
      if constexpr (std::is_integral_v<T>) return integer_power(a, b);
      return static_cast<T>(std::pow(static_cast<double>(a), static_cast<double>(b)));
    case Binary::equal:
      return static_cast<T>(a == b);
    case Binary::not_equal:
      return static_cast<T>(a != b);
    case Binary::less:
      return static_cast<T>(a < b);
    case Binary::less_equal:
      return static_cast<T>(a <= b);
    case Binary::greater:
      return static_cast<T>(a > b);
    case Binary::greater_equal:
      return static_cast<T>(a >= b);
    case Binary::relu_gradient:
      return b > 0 ? a : T(0);
    case Binary::sigmoid_gradient:
      return static_cast<T>(a * b * (1 - b));
    case Binary::tanh_gradient:
      return static_cast<T>(a * (1 - b * b));
    case Binary::sigmoid_cross_entropy: {
      const double z = static_cast<double>(a);
      return static_cast<T>((z < 0 ? 0 : z) - z * static_cast<double>(b) +
                            std::log1p(std::exp(-std::fabs(z))));
    }
  }
  return a;
}

}  // namespace

template <class T>
void unary_reference(const T* x, T* y, const UnaryShape& s) {
  for (std::int64_t i = 0; i < s.size; ++i) y[i] = compute(s.op, x[i]);
}

template <class T>
void binary_reference(const T* a, const T* b, T* y, const BinaryShape& s) {
  const std::int64_t size = s.size();
  for (std::int64_t i = 0; i < size; ++i) {
    std::int64_t rest = i, at_a = 0, at_b = 0;
    for (int axis = s.rank; axis-- > 0;) {
      const auto k = static_cast<std::size_t>(axis);
      const std::int64_t index = rest % s.sizes[k];
      rest /= s.sizes[k];
      at_a += index * s.a[k];
      at_b += index * s.b[k];
    }
    y[i] = compute(s.op, a[at_a], b[at_b]);
  }
}

#define KERATIN_INSTANTIATE(T)                                    \
  template void unary_reference(const T*, T*, const UnaryShape&); \
  template void binary_reference(const T*, const T*, T*, const BinaryShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
KERATIN_INSTANTIATE(std::uint8_t)
KERATIN_INSTANTIATE(std::int32_t)
KERATIN_INSTANTIATE(std::int64_t)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
