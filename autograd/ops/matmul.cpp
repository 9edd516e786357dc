#include "autograd/ops/matmul.h"

#include <algorithm>

#include "autograd/op.h"
#include "autograd/reduce_to_shape.h"
#include "kernels/gemm/bfloat16.h"
#include "kernels/gemm/gemm.h"

namespace keratin {
namespace {

// An operand's op(x): rows, columns and the leading axes.
struct Operand {
  Operand(const Spec& x, bool transposed)
      : rows(x.shape[transposed ? -1 : -2]),
        columns(x.shape[transposed ? -2 : -1]),
        leading(x.shape.slice(0, x.shape.rank() - 2)) {}
  std::int64_t rows, columns;
  Shape leading;
};

void require_matrix(const Spec& x, const char* which) {
  if (x.shape.rank() >= 2) return;
  throw ShapeError(fmt::format(
      "matmul: {0} has rank {1}, {2}; expected at least 2. For one row use reshape({0}, {{1, n}}), "
      "for one column reshape({0}, {{n, 1}}).",
      which, x.shape.rank(), x.text()));
}

[[noreturn]] void throw_inner(const Spec& a, const Spec& b, const MatmulOptions& o) {
  const std::int64_t k_a = a.shape[o.transpose_a ? -2 : -1], k_b = b.shape[o.transpose_b ? -1 : -2];
  std::string hint;
  if (!o.transpose_b && b.shape[-1] == k_a) {
    hint = " If b is stored as [out, in], pass {.transpose_b = true}.";
  } else if (!o.transpose_a && a.shape[-2] == k_b) {
    hint = " If the columns of a are meant, pass {.transpose_a = true}.";
  }
  throw ShapeError(fmt::format(
      "matmul: inner sizes differ: a is {}{}, b is {}{}; the {} size of a ({}) must equal the {} "
      "of "
      "b ({}).{}",
      a.text(), o.transpose_a ? " (transposed)" : "", b.text(),
      o.transpose_b ? " (transposed)" : "", o.transpose_a ? "last but one" : "last", k_a,
      o.transpose_b         ? "last"
      : b.shape.rank() == 2 ? "first"
                            : "last but one",
      k_b, hint));
}

// Matrices from one to the next along each leading axis of the result; 0 where x is repeated.
std::vector<std::int64_t> leading_strides(const Shape& leading, const Shape& result) {
  std::vector<std::int64_t> strides(static_cast<std::size_t>(result.rank()), 0);
  std::int64_t stride = 1;
  for (std::int64_t i = leading.rank() - 1, j = result.rank() - 1; i >= 0; --i, --j) {
    if (leading[i] != 1) strides[static_cast<std::size_t>(j)] = stride;
    stride *= leading[i];
  }
  return strides;
}

struct Matmul {
  using Args = MatmulOptions;
  static constexpr std::string_view name = "matmul";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;

  static Spec infer(const Spec& a, const Spec& b, const Args& o) {
    require_floating(name, a);
    require_same_dtype(name, a, b);
    require_matrix(a, "a");
    require_matrix(b, "b");
    const Operand left(a, o.transpose_a), right(b, o.transpose_b);
    if (left.columns != right.rows) throw_inner(a, b, o);
    Shape shape = broadcast_shapes("matmul: leading axes", left.leading, right.leading);
    shape.push_back(left.rows);
    shape.push_back(right.columns);
    return {shape, a.dtype, a.device};
  }

  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, const Args& o) {
    const Operand left(a.spec(), o.transpose_a), right(b.spec(), o.transpose_b);
    const Shape leading = y.shape().slice(0, y.rank() - 2);
    const auto strides_a = leading_strides(left.leading, leading),
               strides_b = leading_strides(right.leading, leading);
    kernels::GemmShape s =
        kernels::gemm_shape(left.rows, right.columns, left.columns, o.transpose_a, o.transpose_b);
    const std::int64_t size_a = s.m * s.k, size_b = s.k * s.n, size_y = s.m * s.n;
    // The innermost leading axes, as many as step evenly in both operands, are one call's batch.
    std::int64_t outer = leading.rank();
    std::int64_t step_a = 0, step_b = 0;
    s.batch = 1;
    for (; outer > 0; --outer) {
      const auto axis = static_cast<std::size_t>(outer - 1);
      const std::int64_t count = leading[outer - 1];
      if (count == 1) continue;
      if (s.batch == 1) {
        step_a = strides_a[axis];
        step_b = strides_b[axis];
      } else if (strides_a[axis] != step_a * s.batch || strides_b[axis] != step_b * s.batch) {
        break;
      }
      s.batch *= count;
    }
    s.stride_a = step_a * size_a;
    s.stride_b = step_b * size_b;
    s.stride_c = size_y;
    const std::int64_t calls = leading.slice(0, outer).size();
    dispatch_all_floats(name, y.dtype(), [&]<class T>() {
      for (std::int64_t call = 0; call < calls; ++call) {
        std::int64_t at_a = 0, at_b = 0, rest = call;
        for (std::int64_t axis = outer; axis-- > 0;) {
          const std::int64_t index = rest % leading[axis];
          rest /= leading[axis];
          at_a += index * strides_a[static_cast<std::size_t>(axis)];
          at_b += index * strides_b[static_cast<std::size_t>(axis)];
        }
        kernels::run(y.stream(), kernels::gemm_ladder<T>, a.on_device<T>() + at_a * size_a,
                     b.on_device<T>() + at_b * size_b,
                     y.mutable_on_device<T>() + call * s.batch * size_y, kernels::Epilogue<T>{}, s);
      }
    });
  }

  static auto gradient(const auto& saved, const Args& o, const auto& dy) {
    const auto &a = saved.input(0), &b = saved.input(1);
    const auto da = [&] {  // of op(a): dy op(b)^T;  of a: that, or its transpose
      return reduce_to_shape(
          o.transpose_a ? matmul(b, dy, {.transpose_a = o.transpose_b, .transpose_b = true})
                        : matmul(dy, b, {.transpose_a = false, .transpose_b = !o.transpose_b}),
          saved.spec(0).shape);
    };
    const auto db_of = [&](const auto& a, const auto& dy) {  // of op(b): op(a)^T dy
      return reduce_to_shape(
          o.transpose_b ? matmul(dy, a, {.transpose_a = true, .transpose_b = o.transpose_a})
                        : matmul(a, dy, {.transpose_a = !o.transpose_a, .transpose_b = false}),
          saved.spec(1).shape);
    };
    const auto db = [&] {
      // b shared by all leading axes: their rows are summed over within one product.
      if (b.shape().rank() == 2 && !o.transpose_a && a.shape().rank() > 2) {
        return db_of(reshape(a, {rows_of(a.shape()), a.shape().back()}),
                     reshape(dy, {rows_of(dy.shape()), dy.shape().back()}));
      }
      return db_of(a, dy);
    };
    return grads(saved.needs(0) ? da() : saved.none(), saved.needs(1) ? db() : saved.none());
  }

 private:
  static std::int64_t rows_of(const Shape& shape) {
    return shape.slice(0, shape.rank() - 1).size();
  }
};

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b, MatmulOptions options) {
  return apply<Matmul>(options, a, b);
}
Variable matmul(const Variable& a, const Variable& b, MatmulOptions options) {
  return apply<Matmul>(options, a, b);
}

}  // namespace keratin
