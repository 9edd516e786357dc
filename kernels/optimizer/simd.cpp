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
  simd::ForEachVector(d, last - first, [&](std::int64_t at, std::int64_t n) HWY_ATTR {
    const std::int64_t i = first + at;
    const V g = hn::Mul(simd::LoadN(d, t.g + i, n), scale);
    simd::StoreN(f(hn::Mul(simd::LoadN(d, t.w + i, n), keeps), g, i, n), d, t.w + i, n);
  });
}

void UpdateRange(const UpdatedTensor<float>& t, const UpdateShape& s, std::int64_t first,
                 std::int64_t last) {
  const D d;
  const auto set = [&](double x) HWY_ATTR { return hn::Set(d, static_cast<float>(x)); };
  const V lr = set(s.learning_rate), epsilon = set(s.epsilon), momentum = set(s.momentum);
  float *a = t.slots[0], *b = t.slots[1], *c = t.slots[2];
  switch (s.update) {
    case Update::sgd:
      if (a == nullptr) {
        return ForEach(t, s, first, last, [&](V w, V g, std::int64_t, std::int64_t) HWY_ATTR {
          return hn::NegMulAdd(lr, g, w);
        });
      }
      return ForEach(t, s, first, last, [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR {
        const V step = hn::Mul(lr, g), m = hn::MulSub(momentum, simd::LoadN(d, a + i, n), step);
        simd::StoreN(m, d, a + i, n);
        return hn::Add(w, s.nesterov ? hn::MulSub(momentum, m, step) : m);
      });
    case Update::rmsprop: {
      const V rho = set(s.rho), rest = set(1 - s.rho);
      return ForEach(t, s, first, last, [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR {
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
      return ForEach(t, s, first, last, [&](V w, V g, std::int64_t i, std::int64_t n) HWY_ATTR {
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
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(UpdateRange);

void update_simd(std::span<const UpdatedTensor<float>> tensors, const UpdateShape& s) {
  constexpr std::int64_t kPiece = 16384;
  struct Piece {
    const UpdatedTensor<float>* tensor;
    std::int64_t first;
  };
  std::vector<Piece> pieces;
  for (const UpdatedTensor<float>& tensor : tensors)
    for (std::int64_t first = 0; first < tensor.size; first += kPiece)
      pieces.push_back({&tensor, first});
  parallel_for(static_cast<std::int64_t>(pieces.size()), s.size <= 2 * kPiece ? 1 << 20 : 1,
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t p = first; p < last; ++p) {
                   const Piece& piece = pieces[static_cast<std::size_t>(p)];
                   HWY_DYNAMIC_DISPATCH(UpdateRange)
                   (*piece.tensor, s, piece.first,
                    std::min(piece.first + kPiece, piece.tensor->size));
                 }
               });
}

}  // namespace keratin::kernels::cpu
#endif
