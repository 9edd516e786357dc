#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

#include "kernels/elementwise/broadcast.h"
#include "kernels/elementwise/elementwise.h"

namespace keratin::kernels {

const char* name_of(Unary op) {
  constexpr const char* names[] = {"negative",   "abs",  "sign",    "square",   "sqrt",  "rsqrt",
                                   "reciprocal", "exp",  "expm1",   "log",      "log1p", "sin",
                                   "cos",        "tanh", "sigmoid", "softplus", "relu",  "erf",
                                   "floor",      "ceil", "round"};
  static_assert(std::size(names) == kUnaryCount, "a name for each of Unary, in its order");
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
  static_assert(std::size(names) == kBinaryCount, "a name for each of Binary, in its order");
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

}  // namespace keratin::kernels
