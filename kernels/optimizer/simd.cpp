#include <algorithm>
#include <vector>

#include "kernels/optimizer/optimizer.h"
#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizer/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Calls f(w, g, i, n) for each vector of elements first .. last - 1: n lanes count; f gives the new
// w.
template <class F>
HWY_INLINE void ForEach(const UpdatedTensor<float>& t, const UpdateShape& s, std::int64_t first,
                        std::int64_t last, F f) {
  const D d;
  const V scale = hn::Set(d, static_cast<float>(s.gradient_scale)),
          keeps = hn::Set(d, static_cast<float>(1 - s.decay));
  simd::ForEachVector(
      d, last - first, [&](std::int64_t at, std::int64_t n) HWY_ATTR KERATIN_INLINE {
        const std::int64_t i = first + at;
        const V g = hn::Mul(simd::LoadN(d, t.g + i, n), scale);
        simd::StoreN(f(hn::Mul(simd::LoadN(d, t.w + i, n), keeps), g, i, n), d, t.w + i, n);
      });
}

// Of nadam and lamb.
struct Moments {
  V rest_1, rest_2, mean_share, gradient_share, square_scale, epsilon;
  explicit Moments(const UpdateShape& s) {
    const D d;
    const auto set = [&](double x) HWY_ATTR { return hn::Set(d, static_cast<float>(x)); };
    rest_1 = set(1 - s.beta_1), rest_2 = set(1 - s.beta_2);
    mean_share = set(s.mean_share), gradient_share = set(s.gradient_share);
    square_scale = set(s.square_scale), epsilon = set(s.epsilon);
  }
  HWY_INLINE void take(V g, V& m, V& v) const {
    m = hn::MulAdd(hn::Sub(g, m), rest_1, m);
    v = hn::MulAdd(hn::MulSub(g, g, v), rest_2, v);
  }
  HWY_INLINE V direction(V g, V m, V v) const {
    return hn::Div(hn::MulAdd(mean_share, m, hn::Mul(gradient_share, g)),
                   hn::Add(hn::Sqrt(hn::Mul(square_scale, v)), epsilon));
  }
};

void UpdateRange(const UpdatedTensor<float>& t, const UpdateShape& s, std::int64_t first,
                 std::int64_t last) {
  const D d;
  const auto set = [&](double x) HWY_ATTR { return hn::Set(d, static_cast<float>(x)); };
  const V lr = set(s.learning_rate), epsilon = set(s.epsilon), momentum = set(s.momentum);
  float *a = t.slots[0], *b = t.slots[1], *c = t.slots[2];
  switch (s.update) {
    case Update::sgd:
      if (a == nullptr) {
        return ForEach(t, s, first, last,
                       [&](V w, V g, std::int64_t, std::int64_t)
                           HWY_ATTR KERATIN_INLINE { return hn::NegMulAdd(lr, g, w); });
      }
      return ForEach(
          t, s, first, last, [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR KERATIN_INLINE {
            const V step = hn::Mul(lr, g), m = hn::MulSub(momentum, simd::LoadN(d, a + i, n), step);
            simd::StoreN(m, d, a + i, n);
            return hn::Add(w, s.nesterov ? hn::MulSub(momentum, m, step) : m);
          });
    case Update::rmsprop: {
      const V rho = set(s.rho), rest = set(1 - s.rho);
      return ForEach(
          t, s, first, last, [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR KERATIN_INLINE {
            V v = hn::MulAdd(rho, simd::LoadN(d, a + i, n), hn::Mul(rest, hn::Mul(g, g)));
            simd::StoreN(v, d, a + i, n);
            if (c != nullptr) {
              const V mean = hn::MulAdd(rho, simd::LoadN(d, c + i, n), hn::Mul(rest, g));
              simd::StoreN(mean, d, c + i, n);
              v = hn::Max(hn::NegMulAdd(mean, mean, v), hn::Zero(d));  // rounding may take it below
            }
            V change = hn::Div(hn::Mul(lr, g), hn::Sqrt(hn::Add(v, epsilon)));
            if (b != nullptr) {
              change = hn::MulAdd(momentum, simd::LoadN(d, b + i, n), change);
              simd::StoreN(change, d, b + i, n);
            }
            return hn::Sub(w, change);
          });
    }
    case Update::adam: {
      const V rest_1 = set(1 - s.beta_1), rest_2 = set(1 - s.beta_2);
      return ForEach(t, s, first, last,
                     [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR KERATIN_INLINE {
                       V m = simd::LoadN(d, a + i, n), v = simd::LoadN(d, b + i, n);
                       m = hn::MulAdd(hn::Sub(g, m), rest_1, m);
                       v = hn::MulAdd(hn::MulSub(g, g, v), rest_2, v);
                       simd::StoreN(m, d, a + i, n);
                       simd::StoreN(v, d, b + i, n);
                       if (c != nullptr) {
                         v = hn::Max(v, simd::LoadN(d, c + i, n));
                         simd::StoreN(v, d, c + i, n);
                       }
                       return hn::Sub(w, hn::Div(hn::Mul(lr, m), hn::Add(hn::Sqrt(v), epsilon)));
                     });
    }
    case Update::adagrad:
      return ForEach(
          t, s, first, last, [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR KERATIN_INLINE {
            const V squares = hn::MulAdd(g, g, simd::LoadN(d, a + i, n));
            simd::StoreN(squares, d, a + i, n);
            return hn::Sub(w, hn::Div(hn::Mul(lr, g), hn::Sqrt(hn::Add(squares, epsilon))));
          });
    case Update::adadelta: {
      const V rho = set(s.rho), rest = set(1 - s.rho);
      return ForEach(
          t, s, first, last, [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR KERATIN_INLINE {
            const V squares =
                hn::MulAdd(rho, simd::LoadN(d, a + i, n), hn::Mul(rest, hn::Mul(g, g)));
            const V steps = simd::LoadN(d, b + i, n);
            const V change = hn::Mul(
                g, hn::Div(hn::Sqrt(hn::Add(steps, epsilon)), hn::Sqrt(hn::Add(squares, epsilon))));
            simd::StoreN(squares, d, a + i, n);
            simd::StoreN(hn::MulAdd(rho, steps, hn::Mul(rest, hn::Mul(change, change))), d, b + i,
                         n);
            return hn::NegMulAdd(lr, change, w);
          });
    }
    case Update::adamax: {
      const V rest_1 = set(1 - s.beta_1), beta_2 = set(s.beta_2);
      return ForEach(t, s, first, last,
                     [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR KERATIN_INLINE {
                       V m = simd::LoadN(d, a + i, n);
                       m = hn::MulAdd(hn::Sub(g, m), rest_1, m);
                       const V decayed = hn::Mul(beta_2, simd::LoadN(d, b + i, n));
                       const V u = hn::IfThenElse(hn::IsNaN(g), g, hn::Max(hn::Abs(g), decayed));
                       simd::StoreN(m, d, a + i, n);
                       simd::StoreN(u, d, b + i, n);
                       return hn::Sub(w, hn::Div(hn::Mul(lr, m), hn::Add(u, epsilon)));
                     });
    }
    case Update::nadam: {
      const Moments moments(s);
      return ForEach(t, s, first, last,
                     [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR KERATIN_INLINE {
                       V m = simd::LoadN(d, a + i, n), v = simd::LoadN(d, b + i, n);
                       moments.take(g, m, v);
                       simd::StoreN(m, d, a + i, n);
                       simd::StoreN(v, d, b + i, n);
                       return hn::NegMulAdd(lr, moments.direction(g, m, v), w);
                     });
    }
    case Update::lion: {
      const V beta_1 = set(s.beta_1), rest_1 = set(1 - s.beta_1), beta_2 = set(s.beta_2),
              rest_2 = set(1 - s.beta_2);
      return ForEach(
          t, s, first, last, [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR KERATIN_INLINE {
            const V m = simd::LoadN(d, a + i, n);
            const V towards = hn::MulAdd(beta_1, m, hn::Mul(rest_1, g));
            simd::StoreN(hn::MulAdd(beta_2, m, hn::Mul(rest_2, g)), d, a + i, n);
            // Of 0 and NaN, itself.
            const V sign = hn::IfThenElse(hn::Gt(hn::Abs(towards), hn::Zero(d)),
                                          hn::CopySign(hn::Set(d, 1.0f), towards), towards);
            return hn::NegMulAdd(lr, sign, w);
          });
    }
    case Update::ftrl: {
      const V twice_shrinkage = set(2 * s.shrinkage),
              stiffness = set(2 * s.l2 + s.beta / s.learning_rate), l1 = set(s.l1),
              per_rate = set(1 / s.learning_rate);
      return ForEach(
          t, s, first, last, [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR KERATIN_INLINE {
            const V squares = simd::LoadN(d, a + i, n), more = hn::MulAdd(g, g, squares);
            const V before = hn::Sqrt(squares), after = hn::Sqrt(more);
            const V slope = hn::NegMulAdd(hn::Sub(after, before), per_rate, twice_shrinkage);
            const V z = hn::MulAdd(slope, w, hn::Add(simd::LoadN(d, b + i, n), g));
            const V curve = hn::MulAdd(after, per_rate, stiffness);
            simd::StoreN(more, d, a + i, n);
            simd::StoreN(z, d, b + i, n);
            const V clipped = hn::Min(hn::Max(z, hn::Neg(l1)), l1);
            return hn::IfThenElse(hn::Eq(curve, hn::Zero(d)), w,
                                  hn::Div(hn::Sub(clipped, z), curve));
          });
    }
    case Update::lamb: {  // the second pass: learning_rate times the ratio of the norms
      const Moments moments(s);
      const V keeps = set(1 - s.decay);
      return simd::ForEachVector(
          d, last - first, [&](std::int64_t at, std::int64_t n) HWY_ATTR KERATIN_INLINE {
            const std::int64_t i = first + at;
            const V u =
                moments.direction(hn::Zero(d), simd::LoadN(d, a + i, n), simd::LoadN(d, b + i, n));
            simd::StoreN(hn::NegMulAdd(lr, u, hn::Mul(simd::LoadN(d, t.w + i, n), keeps)), d,
                         t.w + i, n);
          });
    }
  }
}

// The first pass of lamb: the moments, and the squares of weights and directions added up. Lanes add
// up a few elements each, the rest is in double.
void LambRange(const UpdatedTensor<float>& t, const UpdateShape& s, std::int64_t first,
               std::int64_t last, double* squares) {
  constexpr std::int64_t kBlock = 1024;
  const D d;
  const Moments moments(s);
  const V scale = hn::Set(d, static_cast<float>(s.gradient_scale)),
          keeps = hn::Set(d, static_cast<float>(1 - s.decay));
  squares[0] = squares[1] = 0;
  for (std::int64_t block = first; block < last; block += kBlock) {
    V w_squares = hn::Zero(d), u_squares = hn::Zero(d);
    const std::int64_t size = std::min(kBlock, last - block);
    simd::ForEachVector(d, size, [&](std::int64_t at, std::int64_t n) HWY_ATTR KERATIN_INLINE {
      const std::int64_t i = block + at;
      const V w = hn::Mul(simd::LoadN(d, t.w + i, n), keeps);  // 0 beyond n
      V m = simd::LoadN(d, t.slots[0] + i, n), v = simd::LoadN(d, t.slots[1] + i, n);
      moments.take(hn::Mul(simd::LoadN(d, t.g + i, n), scale), m, v);
      simd::StoreN(m, d, t.slots[0] + i, n);
      simd::StoreN(v, d, t.slots[1] + i, n);
      const V u = hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(n)),
                                     moments.direction(hn::Zero(d), m, v));
      w_squares = hn::MulAdd(w, w, w_squares);
      u_squares = hn::MulAdd(u, u, u_squares);
    });
    squares[0] += static_cast<double>(simd::ReduceSum(d, w_squares));
    squares[1] += static_cast<double>(simd::ReduceSum(d, u_squares));
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(UpdateRange);
HWY_EXPORT(LambRange);
namespace {

constexpr std::int64_t kPiece = 16384;
struct Piece {
  const UpdatedTensor<float>* tensor;
  std::int64_t first;
  std::int64_t last() const { return std::min(first + kPiece, tensor->size); }
};

void for_each_piece(std::int64_t pieces, std::int64_t size,
                    FunctionRef<void(std::int64_t piece)> f) {
  parallel_for(pieces, size <= 2 * kPiece ? 1 << 20 : 1,
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t p = first; p < last; ++p) f(p);
               });
}

}  // namespace

void update_simd(std::span<const UpdatedTensor<float>> tensors, const UpdateShape& s) {
  std::vector<Piece> pieces;
  for (const UpdatedTensor<float>& tensor : tensors)
    for (std::int64_t first = 0; first < tensor.size; first += kPiece)
      pieces.push_back({&tensor, first});
  const auto count = static_cast<std::int64_t>(pieces.size());
  const auto update = [&](std::int64_t p, const UpdateShape& shape) {
    const Piece& piece = pieces[static_cast<std::size_t>(p)];
    HWY_DYNAMIC_DISPATCH(UpdateRange)(*piece.tensor, shape, piece.first, piece.last());
    if (piece.tensor->shadow == nullptr) return;
    for (std::int64_t i = piece.first; i < piece.last(); ++i)
      piece.tensor->shadow[i] = to_bfloat16(piece.tensor->w[i]);
  };
  if (s.update != Update::lamb) {
    return for_each_piece(count, s.size, [&](std::int64_t p) { update(p, s); });
  }
  std::vector<std::array<double, 2>> squares(pieces.size());
  for_each_piece(count, s.size, [&](std::int64_t p) {
    const Piece& piece = pieces[static_cast<std::size_t>(p)];
    HWY_DYNAMIC_DISPATCH(LambRange)
    (*piece.tensor, s, piece.first, piece.last(), squares[static_cast<std::size_t>(p)].data());
  });
  // Of a tensor, piece by piece in order: the same on any number of threads.
  std::vector<double> rates(pieces.size());
  for (std::size_t first = 0, last = 0; first < pieces.size(); first = last) {
    std::array<double, 2> sum{};
    for (; last < pieces.size() && pieces[last].tensor == pieces[first].tensor; ++last) {
      sum[0] += squares[last][0];
      sum[1] += squares[last][1];
    }
    const double rate = s.learning_rate * lamb_ratio(sum[0], sum[1]);
    std::fill(rates.begin() + static_cast<std::ptrdiff_t>(first),
              rates.begin() + static_cast<std::ptrdiff_t>(last), rate);
  }
  for_each_piece(count, s.size, [&](std::int64_t p) {
    UpdateShape shape = s;
    shape.learning_rate = rates[static_cast<std::size_t>(p)];
    update(p, shape);
  });
}

}  // namespace keratin::kernels::cpu
#endif
