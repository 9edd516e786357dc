#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

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
  const std::size_t rank = std::max(a.size(), b.size());
  KERATIN_ASSERT(rank <= BinaryShape::kMaxRank);
  BinaryShape s{.op = op, .rank = 0, .sizes = {}, .a = {}, .b = {}};
  // From the innermost axis outwards, merging an axis with the one inside it where both operands
  // allow it.
  std::int64_t next_a = 1, next_b = 1;
  std::array<std::int64_t, BinaryShape::kMaxRank> sizes{}, strides_a{}, strides_b{};
  int count = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t size_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t size_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    const std::int64_t size = size_a == 1 ? size_b : size_a;
    KERATIN_ASSERT((size_a == size || size_a == 1) && (size_b == size || size_b == 1));
    const std::int64_t stride_a = size_a == 1 ? 0 : next_a, stride_b = size_b == 1 ? 0 : next_b;
    next_a *= size_a;
    next_b *= size_b;
    if (size == 1) continue;
    if (count > 0) {
      const auto in = static_cast<std::size_t>(count - 1);
      if (stride_a == strides_a[in] * sizes[in] && stride_b == strides_b[in] * sizes[in]) {
        sizes[in] *= size;
        continue;
      }
    }
    const auto at = static_cast<std::size_t>(count++);
    sizes[at] = size;
    strides_a[at] = stride_a;
    strides_b[at] = stride_b;
  }
  if (count == 0) {
    sizes[0] = 1;
    count = 1;
  }
  s.rank = count;
  for (int i = 0; i < count; ++i) {
    const auto from = static_cast<std::size_t>(count - 1 - i), to = static_cast<std::size_t>(i);
    s.sizes[to] = sizes[from];
    s.a[to] = strides_a[from];
    s.b[to] = strides_b[from];
  }
  return s;
}

}  // namespace keratin::kernels
