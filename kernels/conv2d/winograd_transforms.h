// Winograd's transforms, vectors of channels. Include it inside a foreach_target source, after
// kernels/gemm/tile.h; it is compiled once a target. kernels/conv2d/winograd.h has the formulas.
#if defined(KERATIN_KERNELS_CONV2D_WINOGRAD_TRANSFORMS_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_CONV2D_WINOGRAD_TRANSFORMS_H_
#undef KERATIN_KERNELS_CONV2D_WINOGRAD_TRANSFORMS_H_
#else
#define KERATIN_KERNELS_CONV2D_WINOGRAD_TRANSFORMS_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "kernels/conv2d/winograd.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace winograd {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using gemm::D;
using gemm::kLanes;
using gemm::kTileColumns;
using gemm::V;

// The points 0, +-a, +-b and infinity.
constexpr double kA = 0.625, kB = 1.5, kA2 = kA * kA, kB2 = kB * kB;
constexpr int kTile = kWinogradTile, kPatch = kWinogradPatch, kPlanes = kWinogradPlanes;

HWY_INLINE V Constant(double value) { return hn::Set(D(), static_cast<float>(value)); }

// B^T s, a column of a patch.
HWY_INLINE void SourceColumn(const V (&s)[kPatch], V (&o)[kPatch]) {
  const V a = Constant(kA), b = Constant(kB), a2 = Constant(kA2), b2 = Constant(kB2),
          product = Constant(kA2 * kB2), sum = Constant(kA2 + kB2);
  const V p = hn::NegMulAdd(b2, s[2], s[4]), q = hn::NegMulAdd(b2, s[1], s[3]);
  const V e = hn::NegMulAdd(a2, s[2], s[4]), f = hn::NegMulAdd(a2, s[1], s[3]);
  o[0] = hn::MulAdd(product, s[0], hn::NegMulAdd(sum, s[2], s[4]));
  o[1] = hn::MulAdd(a, q, p);
  o[2] = hn::NegMulAdd(a, q, p);
  o[3] = hn::MulAdd(b, f, e);
  o[4] = hn::NegMulAdd(b, f, e);
  o[5] = hn::MulAdd(product, s[1], hn::NegMulAdd(sum, s[3], s[5]));
}

// A^T s, a column of sums.
HWY_INLINE void TargetColumn(const V (&s)[kPatch], V (&o)[kTile]) {
  const V a = Constant(kA), b = Constant(kB), a2 = Constant(kA2), b2 = Constant(kB2),
          a3 = Constant(kA2 * kA), b3 = Constant(kB2 * kB);
  const V p = hn::Add(s[1], s[2]), q = hn::Sub(s[1], s[2]), r = hn::Add(s[3], s[4]),
          t = hn::Sub(s[3], s[4]);
  o[0] = hn::Add(hn::Add(s[0], p), r);
  o[1] = hn::MulAdd(b, t, hn::Mul(a, q));
  o[2] = hn::MulAdd(b2, r, hn::Mul(a2, p));
  o[3] = hn::MulAdd(b3, t, hn::MulAdd(a3, q, s[5]));
}

// A s, a column of a tile of dy.
HWY_INLINE void GradientColumn(const V (&s)[kTile], V (&o)[kPatch]) {
  const V a = Constant(kA), b = Constant(kB), a2 = Constant(kA2), b2 = Constant(kB2),
          a3 = Constant(kA2 * kA), b3 = Constant(kB2 * kB);
  const V e = hn::MulAdd(a2, s[2], s[0]), f = hn::MulAdd(a3, s[3], hn::Mul(a, s[1]));
  const V g = hn::MulAdd(b2, s[2], s[0]), h = hn::MulAdd(b3, s[3], hn::Mul(b, s[1]));
  o[0] = s[0];
  o[1] = hn::Add(e, f);
  o[2] = hn::Sub(e, f);
  o[3] = hn::Add(g, h);
  o[4] = hn::Sub(g, h);
  o[5] = s[3];
}

constexpr double kNormA = 1 / (2 * kA2 * (kA2 - kB2)), kNormB = 1 / (2 * kB2 * (kB2 - kA2));

// G s, a column of a kernel.
HWY_INLINE void WeightColumn(const V (&s)[3], V (&o)[kPatch]) {
  const V p = hn::MulAdd(Constant(kNormA), s[0], hn::Mul(Constant(kNormA * kA2), s[2]));
  const V q = hn::MulAdd(Constant(kNormB), s[0], hn::Mul(Constant(kNormB * kB2), s[2]));
  o[0] = hn::Mul(Constant(1 / (kA2 * kB2)), s[0]);
  o[1] = hn::MulAdd(Constant(kNormA * kA), s[1], p);
  o[2] = hn::NegMulAdd(Constant(kNormA * kA), s[1], p);
  o[3] = hn::MulAdd(Constant(kNormB * kB), s[1], q);
  o[4] = hn::NegMulAdd(Constant(kNormB * kB), s[1], q);
  o[5] = s[2];
}

// G^T s, a column of sums of the weight gradient.
HWY_INLINE void WeightGradientColumn(const V (&s)[kPatch], V (&o)[3]) {
  const V p = hn::Add(s[1], s[2]), q = hn::Sub(s[1], s[2]), r = hn::Add(s[3], s[4]),
          t = hn::Sub(s[3], s[4]);
  o[0] = hn::MulAdd(Constant(1 / (kA2 * kB2)), s[0],
                    hn::MulAdd(Constant(kNormA), p, hn::Mul(Constant(kNormB), r)));
  o[1] = hn::MulAdd(Constant(kNormA * kA), q, hn::Mul(Constant(kNormB * kB), t));
  o[2] = hn::MulAdd(Constant(kNormA * kA2), p, hn::MulAdd(Constant(kNormB * kB2), r, s[5]));
}

// f on the columns of an N x N matrix of vectors, then on the rows: kTo x kTo.
// load(row, column) and store(row, column, vector).
template <int kFrom, int kTo, class F, class Load, class Store>
HWY_INLINE void Transform(F f, Load load, Store store) {
  V half[kTo][kFrom];
  KERATIN_UNROLL
  for (int j = 0; j < kFrom; ++j) {
    V from[kFrom], to[kTo];
    KERATIN_UNROLL
    for (int i = 0; i < kFrom; ++i) from[i] = load(i, j);
    f(from, to);
    KERATIN_UNROLL
    for (int i = 0; i < kTo; ++i) half[i][j] = to[i];
  }
  KERATIN_UNROLL
  for (int i = 0; i < kTo; ++i) {
    V to[kTo];
    f(half[i], to);
    KERATIN_UNROLL
    for (int j = 0; j < kTo; ++j) store(i, j, to[j]);
  }
}

// Pixels of a patch or of a tile lie `row` and `column` floats apart.
struct Pixels {
  const float* at;
  std::int64_t row, column;
};

/// kSize x kSize pixels to 36 planes, all channels, rounded up to a vector with zeros.
template <int kSize, class F>
HWY_NOINLINE void ToPlanes(F f, const Pixels& from, std::int64_t channels, float* to,
                           std::int64_t plane) {
  const D d;
  const Pixels p = from;
  std::int64_t c = 0;
  const auto store = [&](int i, int j, V v)
                         HWY_ATTR { hn::StoreU(v, d, to + (i * kPatch + j) * plane + c); };
  for (; c + kLanes <= channels; c += kLanes) {
    const float* const at = p.at + c;
    Transform<kSize, kPatch>(
        f, [&](int i, int j) HWY_ATTR { return hn::LoadU(d, at + i * p.row + j * p.column); },
        store);
  }
  if (c < channels) {
    const float* const at = p.at + c;
    const std::int64_t left = channels - c;
    Transform<kSize, kPatch>(
        f,
        [&](int i, int j) HWY_ATTR { return simd::LoadN(d, at + i * p.row + j * p.column, left); },
        store);
  }
}

/// Pixels [row, row + size) x [column, column + size) of the first of `images`, as they lie where
/// they lie inside, else a copy with zeros.
inline Pixels PixelsOf(const float* image, const Images& images, std::int64_t row,
                       std::int64_t column, std::int64_t size, float* copy) {
  if (row >= 0 && column >= 0 && row + size <= images.height && column + size <= images.width) {
    return {image + (row * images.width + column) * images.pitch, images.width * images.pitch,
            images.pitch};
  }
  copy_band(image, images, row, size, column, size, copy);
  return {copy, size * images.channels, images.channels};
}

/// Patches of tiles [first, last) to planes of [tiles][v_pitch].
inline void SourceToPlanes(const Winograd& g, const float* source, std::int64_t first,
                           std::int64_t last, float* v, float* copy) {
  for (std::int64_t i = first; i < last; ++i, v += g.v_pitch) {
    const Winograd::Tile t = g.tile(i);
    const Pixels pixels = PixelsOf(source + t.image * g.source.size(), g.source, t.row - g.pad_top,
                                   t.column - g.pad_left, kPatch, copy);
    ToPlanes<kPatch>([](const V(&s)[kPatch], V(&o)[kPatch]) HWY_ATTR { SourceColumn(s, o); },
                     pixels, g.source.channels, v, g.v_plane);
  }
}

}  // namespace winograd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();
#endif
