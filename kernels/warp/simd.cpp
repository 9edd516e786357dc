// Places of a row of the output by vectors; then its pixels, by vectors of channels.
#include <algorithm>

#include "kernels/parallel.h"
#include "kernels/scratch.h"
#include "kernels/warp/place.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/warp/simd.cpp"
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
using DI = hn::RebindToSigned<D>;
using V = hn::Vec<D>;
using VI = hn::Vec<DI>;

// Where the pixels of one row of the output come from. Distances are in elements. A pixel that
// needs fill_value is `odd`: it is read from pixel 0, and made again by itself from its place.
struct Row {
  std::int32_t *at, *right, *below;  // the first of four pixels; to its neighbours
  float *u, *v;                      // how near the place is to the right, to below: 0 to 1
  float* places_u;                   // constant only
  float* places_v;
  std::int32_t* odd;
  bool any_odd;
};

// place.h's mapped_place.
HWY_INLINE V Mapped(V at, std::int64_t size, FillMode mode) {
  const D d;
  if (mode == FillMode::constant) return at;
  const V zero = hn::Zero(d), n = hn::Set(d, static_cast<float>(size));
  const V last = hn::Set(d, static_cast<float>(size - 1));
  if (HWY_LIKELY(hn::AllTrue(d, hn::And(hn::Ge(at, zero), hn::Le(at, last))))) return at;
  if (size > 1 && mode == FillMode::reflect) {
    const V period = hn::Add(n, n), one = hn::Set(d, 1.0f);
    V low = hn::MulAdd(period, hn::Trunc(hn::Div(hn::Neg(at), period)), at);
    low = hn::IfThenElse(hn::Lt(low, hn::Neg(n)), hn::Add(low, period), hn::Sub(hn::Neg(low), one));
    V high = hn::NegMulAdd(period, hn::Trunc(hn::Div(at, period)), at);
    high = hn::IfThenElse(hn::Ge(high, n), hn::Sub(hn::Sub(period, high), one), high);
    at = hn::IfThenElse(hn::Lt(at, zero), low, hn::IfThenElse(hn::Gt(at, last), high, at));
  } else if (size > 1 && mode == FillMode::wrap) {
    const V one = hn::Set(d, 1.0f);
    const V low = hn::MulAdd(n, hn::Add(hn::Trunc(hn::Div(hn::Neg(at), last)), one), at);
    const V high = hn::NegMulAdd(n, hn::Trunc(hn::Div(at, last)), at);
    at = hn::IfThenElse(hn::Lt(at, zero), low, hn::IfThenElse(hn::Gt(at, last), high, at));
  }
  at = hn::IfThenElseZero(hn::Ge(at, zero), at);  // NaN too
  return hn::IfThenElse(hn::Gt(at, last), last, at);
}

// Halves away from 0.
HWY_INLINE V RoundAway(V x) {
  const D d;
  const V whole = hn::Trunc(x), part = hn::Sub(x, whole), half = hn::Set(d, 0.5f);
  const V up = hn::IfThenElseZero(hn::Ge(part, half), hn::Set(d, 1.0f));
  const V down = hn::IfThenElseZero(hn::Le(part, hn::Neg(half)), hn::Set(d, 1.0f));
  return hn::Sub(hn::Add(whole, up), down);
}

void FindPlaces(const float* m, std::int64_t r, const WarpShape& s, Row& row) {
  const D d;
  const DI di;
  const auto set = [&](float value) HWY_ATTR { return hn::Set(d, value); };
  const auto rf = set(static_cast<float>(r)), zero = hn::Zero(d), one = set(1);
  const V k0 = hn::MulAdd(set(m[7]), rf, one);
  const V u0 = hn::MulAdd(set(m[1]), rf, set(m[2])), v0 = hn::MulAdd(set(m[4]), rf, set(m[5]));
  const V last_u = set(static_cast<float>(s.in_w - 1)),
          last_v = set(static_cast<float>(s.in_h - 1));
  const bool linear = s.interpolation == Interpolation::bilinear;
  const VI channels = hn::Set(di, static_cast<std::int32_t>(s.channels));
  const VI stride = hn::Set(di, static_cast<std::int32_t>(s.channels * s.in_w));
  const bool affine = m[6] == 0 && m[7] == 0;  // k is 1
  row.any_odd = false;
  simd::ForEachVector(d, s.out_w, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const V q = hn::ConvertTo(d, hn::Iota(di, static_cast<std::int32_t>(i)));
    const V k = hn::MulAdd(set(m[6]), q, k0);
    V u = hn::MulAdd(set(m[0]), q, u0), v = hn::MulAdd(set(m[3]), q, v0);
    if (!affine) {
      const auto infinite = hn::Eq(k, zero);
      const V none = hn::Div(zero, zero);
      u = hn::IfThenElse(infinite, none, hn::Div(u, k));
      v = hn::IfThenElse(infinite, none, hn::Div(v, k));
    }
    u = Mapped(u, s.in_w, s.fill_mode);
    v = Mapped(v, s.in_h, s.fill_mode);
    if (!linear) {
      u = RoundAway(u);
      v = RoundAway(v);
    }
    const auto fine = hn::And(hn::And(hn::Ge(u, zero), hn::Le(u, last_u)),
                              hn::And(hn::Ge(v, zero), hn::Le(v, last_v)));
    if (s.fill_mode == FillMode::constant) {
      row.any_odd |= !hn::AllTrue(d, fine);
      simd::StoreN(hn::IfThenZeroElse(hn::RebindMask(di, fine), hn::Set(di, 1)), di, row.odd + i,
                   count);
      simd::StoreN(u, d, row.places_u + i, count);
      simd::StoreN(v, d, row.places_v + i, count);
      u = hn::IfThenElseZero(fine, u);
      v = hn::IfThenElseZero(fine, v);
    }
    const V uf = hn::Floor(u), vf = hn::Floor(v);
    const VI at =
        hn::Add(hn::Mul(hn::ConvertTo(di, vf), stride), hn::Mul(hn::ConvertTo(di, uf), channels));
    simd::StoreN(at, di, row.at + i, count);
    if (linear) {
      const auto more_right = hn::RebindMask(di, hn::Lt(uf, last_u));
      const auto more_below = hn::RebindMask(di, hn::Lt(vf, last_v));
      simd::StoreN(hn::IfThenElseZero(more_right, channels), di, row.right + i, count);
      simd::StoreN(hn::IfThenElseZero(more_below, stride), di, row.below + i, count);
      simd::StoreN(hn::Sub(u, uf), d, row.u + i, count);
      simd::StoreN(hn::Sub(v, vf), d, row.v + i, count);
    }
  });
}

template <class V2>
HWY_INLINE V2 Mixed(V2 a, V2 b, V2 c, V2 e, V2 u, V2 v) {
  const V2 above = hn::MulAdd(hn::Sub(b, a), u, a), below = hn::MulAdd(hn::Sub(e, c), u, c);
  return hn::MulAdd(hn::Sub(below, above), v, above);
}

// One channel: a vector of pixels.
void OneChannel(const float* x, const Row& row, float* y, const WarpShape& s) {
  const D d;
  const DI di;
  simd::ForEachVector(d, s.out_w, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const VI at = simd::LoadN(di, row.at + i, count);
    V pixel = hn::GatherIndex(d, x, at);
    if (s.interpolation == Interpolation::bilinear) {
      const VI right = simd::LoadN(di, row.right + i, count);
      const VI below = hn::Add(at, simd::LoadN(di, row.below + i, count));
      pixel = Mixed(pixel, hn::GatherIndex(d, x, hn::Add(at, right)), hn::GatherIndex(d, x, below),
                    hn::GatherIndex(d, x, hn::Add(below, right)), simd::LoadN(d, row.u + i, count),
                    simd::LoadN(d, row.v + i, count));
    }
    simd::StoreN(pixel, d, y + i, count);
  });
}

#if HWY_TARGET != HWY_SCALAR
// Two to four channels: a pixel a vector. Lanes past its channels hold what lies behind, and are
// written over by the next pixel. `end`: of all images; nothing past it is read.
template <std::int64_t kChannels>
void FewChannels(const float* x, const float* end, const Row& row, float* y, const WarpShape& s) {
  const hn::FixedTag<float, 4> d;
  using V4 = hn::Vec<hn::FixedTag<float, 4>>;
  const auto load = [&](const float* p) HWY_ATTR -> V4 {
    if (kChannels == 4 || HWY_LIKELY(end - p >= 4)) return hn::LoadU(d, p);
    return simd::LoadN(d, p, kChannels);
  };
  const bool linear = s.interpolation == Interpolation::bilinear;
  for (std::int64_t i = 0; i < s.out_w; ++i, y += kChannels) {
    const float* const at = x + row.at[i];
    V4 pixel = load(at);
    if (linear) {
      const std::int32_t right = row.right[i], below = row.below[i];
      pixel = Mixed(pixel, load(at + right), load(at + below), load(at + below + right),
                    hn::Set(d, row.u[i]), hn::Set(d, row.v[i]));
    }
    if (i * kChannels + 4 <= s.out_w * kChannels) {
      hn::StoreU(pixel, d, y);
    } else {
      simd::StoreN(pixel, d, y, kChannels);
    }
  }
}

#endif

// Any number of channels.
void ManyChannels(const float* x, const Row& row, float* y, const WarpShape& s) {
  const D d;
  const bool linear = s.interpolation == Interpolation::bilinear;
  for (std::int64_t i = 0; i < s.out_w; ++i, y += s.channels) {
    const float* const at = x + row.at[i];
    simd::ForEachVector(d, s.channels, [&](std::int64_t c, std::int64_t count) HWY_ATTR {
      V pixel = simd::LoadN(d, at + c, count);
      if (linear) {
        const std::int32_t right = row.right[i], below = row.below[i];
        pixel = Mixed(pixel, simd::LoadN(d, at + right + c, count),
                      simd::LoadN(d, at + below + c, count),
                      simd::LoadN(d, at + below + right + c, count), hn::Set(d, row.u[i]),
                      hn::Set(d, row.v[i]));
      }
      simd::StoreN(pixel, d, y + c, count);
    });
  }
}

void MendOddPixels(const float* x, const Row& row, float* y, const WarpShape& s) {
  for (std::int64_t i = 0; i < s.out_w; ++i) {
    if (row.odd[i] == 0) continue;
    const Place at{row.places_v[i], row.places_u[i]};
    const bool seen = at.u > -1 && at.u < static_cast<float>(s.in_w) && at.v > -1 &&
                      at.v < static_cast<float>(s.in_h);
    for (std::int64_t c = 0; c < s.channels; ++c) {
      y[i * s.channels + c] = static_cast<float>(seen ? pixel_at(x, at, c, s) : s.fill_value);
    }
  }
}

void Rows(const float* x, const float* matrices, float* y, const WarpShape& s, std::int64_t first,
          std::int64_t last) {
  const std::int64_t room = s.out_w + static_cast<std::int64_t>(hn::MaxLanes(D()));
  const Scratch memory(static_cast<std::size_t>(8 * room) * sizeof(float));
  const auto floats = [&](int i) { return memory.as<float>() + i * room; };
  const auto integers = [&](int i) { return memory.as<std::int32_t>() + i * room; };
  Row row{integers(0), integers(1), integers(2), floats(3), floats(4),
          floats(5),   floats(6),   integers(7), false};
  [[maybe_unused]] const float* const end = x + s.in_size();
  for (std::int64_t i = first; i < last; ++i) {
    const std::int64_t n = i / s.out_h, r = i % s.out_h;
    const float* const image = x + n * s.in_h * s.in_w * s.channels;
    float* const to = y + i * s.out_w * s.channels;
    FindPlaces(matrices + 8 * n, r, s, row);
    switch (s.channels) {
      case 1:
        OneChannel(image, row, to, s);
        break;
#if HWY_TARGET != HWY_SCALAR
      case 2:
        FewChannels<2>(image, end, row, to, s);
        break;
      case 3:
        FewChannels<3>(image, end, row, to, s);
        break;
      case 4:
        FewChannels<4>(image, end, row, to, s);
        break;
#endif
      default:
        ManyChannels(image, row, to, s);
    }
    if (row.any_odd) MendOddPixels(image, row, to, s);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
namespace {
HWY_EXPORT(Rows);
}  // namespace

void warp_simd(const float* x, const float* matrices, float* y, const WarpShape& s) {
  parallel_for(s.batch * s.out_h, grain_for(s.out_w * (8 + 4 * s.channels)),
               [&](std::int64_t first, std::int64_t last) {
                 HWY_DYNAMIC_DISPATCH(Rows)(x, matrices, y, s, first, last);
               });
}

}  // namespace keratin::kernels::cpu
#endif
