// One axis after the other, whole rows at a time.
//
// Down: rows of the input are added up, which runs along width times channels. Across: each pixel
// of a row is added up from its neighbours. Where rows get fewer, down comes first, so that few are
// added up across; where they get more, across comes first, and the rows so made are kept while
// output rows need them.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/parallel.h"
#include "kernels/resize/axis.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/resize/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_RESIZE_PLAN_
#define KERATIN_KERNELS_RESIZE_PLAN_
namespace keratin::kernels::cpu {
namespace {
// Where rows of images lie: row i of image n at n * image + i * row elements.
struct Rows {
  std::int64_t image, row;
};
// A resize by any weights. Letters: W columns of the input, w of the output, C channels.
struct Plan {
  const ResizeAxes& axes;
  std::int64_t channels;
  Rows from, to;
  std::vector<std::int32_t> index;  // few channels: [w * C], where tap 0 of each element lies
  std::vector<float> weight;        // few channels: [taps, w * C]

  std::int64_t in_width() const { return axes.columns.in * channels; }
  std::int64_t out_width() const { return axes.columns.out * channels; }
};

inline bool across_first(const ResizeAxes& axes) {
  return axes.rows.out > axes.rows.in && !axes.columns.identity;
}
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

HWY_INLINE V Load(const float* p, std::int64_t n) { return simd::LoadN(D(), p, n); }
HWY_INLINE V Load(const std::uint8_t* p, std::int64_t n) {
  const D d;
  const hn::Rebind<std::int32_t, D> di;
  const hn::Rebind<std::uint8_t, D> du;
  return hn::ConvertTo(d, hn::PromoteTo(di, simd::LoadN(du, p, n)));
}

// y[0 .. n) = sum of weights[t] rows[t][0 .. n)
template <class T>
void Down(const T* const* rows, const float* weights, const ResizeAxis& axis, float* y,
          std::int64_t n) {
  const D d;
  if (axis.lerp) {
    const T *const above = rows[0], *const below = rows[1];
    const V t = hn::Set(d, weights[1]);
    simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
      const V a = Load(above + i, count), b = Load(below + i, count);
      simd::StoreN(hn::MulAdd(hn::Sub(b, a), t, a), d, y + i, count);
    });
    return;
  }
  simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    V sum = hn::Mul(Load(rows[0] + i, count), hn::Set(d, weights[0]));
    for (std::int64_t t = 1; t < axis.taps; ++t) {
      sum = hn::MulAdd(Load(rows[t] + i, count), hn::Set(d, weights[t]), sum);
    }
    simd::StoreN(sum, d, y + i, count);
  });
}

// Across, one or two channels: a vector of outputs at a time.
void AcrossFew(const float* x, float* y, const Plan& plan) {
  const D d;
  const hn::RebindToSigned<D> di;
  const ResizeAxis& axis = plan.axes.columns;
  const std::int64_t n = plan.out_width();
  simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const auto index = simd::LoadN(di, plan.index.data() + i, count);
    const float* weight = plan.weight.data() + i;
    V sum;
    if (axis.lerp) {
      const V a = hn::GatherIndex(d, x, index), b = hn::GatherIndex(d, x + plan.channels, index);
      sum = hn::MulAdd(hn::Sub(b, a), simd::LoadN(d, weight + n, count), a);
    } else {
      sum = hn::Mul(hn::GatherIndex(d, x, index), simd::LoadN(d, weight, count));
      for (std::int64_t t = 1; t < axis.taps; ++t) {
        sum = hn::MulAdd(hn::GatherIndex(d, x + t * plan.channels, index),
                         simd::LoadN(d, weight + t * n, count), sum);
      }
    }
    simd::StoreN(sum, d, y + i, count);
  });
}

#if HWY_TARGET != HWY_SCALAR
// Across, three or four channels: a pixel a vector. The fourth lane of three holds the next pixel's
// first channel, and is written over by it.
template <std::int64_t kChannels>
void AcrossPixels(const float* x, float* y, const ResizeAxis& axis) {
  const hn::FixedTag<float, 4> d;
  using V4 = hn::Vec<hn::FixedTag<float, 4>>;
  for (std::int64_t j = 0; j < axis.out; ++j, y += kChannels) {
    const float* const at = x + axis.first[static_cast<std::size_t>(j)] * kChannels;
    const float* const w = axis.weights(j);
    V4 sum = hn::LoadU(d, at);
    if (axis.lerp) {
      sum = hn::MulAdd(hn::Sub(hn::LoadU(d, at + kChannels), sum), hn::Set(d, w[1]), sum);
    } else if (axis.taps > 1) {
      sum = hn::Mul(sum, hn::Set(d, w[0]));
      for (std::int64_t t = 1; t < axis.taps; ++t) {
        sum = hn::MulAdd(hn::LoadU(d, at + t * kChannels), hn::Set(d, w[t]), sum);
      }
    } else {
      sum = hn::Mul(sum, hn::Set(d, w[0]));
    }
    if (kChannels == 4 || j + 1 < axis.out) {
      hn::StoreU(sum, d, y);
    } else {
      simd::StoreN(sum, d, y, kChannels);
    }
  }
}

#endif

// Across, any number of channels: vectors of channels.
void AcrossMany(const float* x, float* y, const Plan& plan) {
  const D d;
  const ResizeAxis& axis = plan.axes.columns;
  const std::int64_t channels = plan.channels;
  for (std::int64_t j = 0; j < axis.out; ++j, y += channels) {
    const float* const at = x + axis.first[static_cast<std::size_t>(j)] * channels;
    const float* const w = axis.weights(j);
    simd::ForEachVector(d, channels, [&](std::int64_t c, std::int64_t count) HWY_ATTR {
      V sum = Load(at + c, count);
      if (axis.lerp) {
        const V b = Load(at + channels + c, count);
        sum = hn::MulAdd(hn::Sub(b, sum), hn::Set(d, w[1]), sum);
      } else {
        sum = hn::Mul(sum, hn::Set(d, w[0]));
        for (std::int64_t t = 1; t < axis.taps; ++t) {
          sum = hn::MulAdd(Load(at + t * channels + c, count), hn::Set(d, w[t]), sum);
        }
      }
      simd::StoreN(sum, d, y + c, count);
    });
  }
}

// x: a row with its last pixel once more behind it, and a vector's room.
HWY_INLINE void Across(const float* x, float* y, const Plan& plan) {
  switch (plan.channels) {
    case 1:
    case 2:
      return AcrossFew(x, y, plan);
#if HWY_TARGET != HWY_SCALAR
    case 3:
      return AcrossPixels<3>(x, y, plan.axes.columns);
    case 4:
      return AcrossPixels<4>(x, y, plan.axes.columns);
#endif
    default:
      return AcrossMany(x, y, plan);
  }
}

template <class T>
HWY_INLINE void Convert(const T* x, float* y, std::int64_t n) {
  simd::ForEachVector(D(), n, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    simd::StoreN(Load(x + i, count), D(), y + i, count);
  });
}

HWY_INLINE void RepeatLastPixel(float* row, const Plan& plan) {
  float* const end = row + plan.in_width();
  std::copy(end - plan.channels, end, end);
}

// The sources of output row i.
template <class T>
HWY_INLINE void Sources(const T* image, std::int64_t row_size, const ResizeAxis& axis,
                        std::int64_t i, const T** rows) {
  for (std::int64_t t = 0; t < axis.taps; ++t) rows[t] = image + axis.source(i, t) * row_size;
}

// Output rows [first, last) of one image, down before across. `row` holds an input row.
template <class T>
void DownFirst(const T* image, float* y, const Plan& plan, std::int64_t first, std::int64_t last,
               float* row, const T** rows) {
  const ResizeAxis& axis = plan.axes.rows;
  const bool across = !plan.axes.columns.identity;
  for (std::int64_t i = first; i < last; ++i) {
    float* const to = across ? row : y + i * plan.to.row;
    Sources(image, plan.from.row, axis, i, rows);
    if (axis.identity) {
      Convert(rows[0], to, plan.in_width());
    } else {
      Down(rows, axis.weights(i), axis, to, plan.in_width());
    }
    if (!across) continue;
    RepeatLastPixel(row, plan);
    Across(row, y + i * plan.to.row, plan);
  }
}

// The same, across before down. `ring` holds as many output-wide rows as an output row is made of;
// input row r is at r mod taps.
template <class T>
void AcrossFirst(const T* image, float* y, const Plan& plan, std::int64_t first, std::int64_t last,
                 float* row, float* ring, const float** rows) {
  const ResizeAxis& axis = plan.axes.rows;
  const std::int64_t stride = plan.out_width();
  std::int64_t made = -1;  // rows up to this one are in the ring
  for (std::int64_t i = first; i < last; ++i) {
    const std::int64_t needed = axis.source(i, axis.taps - 1);
    for (std::int64_t r = std::max(made + 1, axis.first[static_cast<std::size_t>(i)]); r <= needed;
         ++r) {
      Convert(image + r * plan.from.row, row, plan.in_width());
      RepeatLastPixel(row, plan);
      Across(row, ring + r % axis.taps * stride, plan);
      made = r;
    }
    for (std::int64_t t = 0; t < axis.taps; ++t) {
      rows[t] = ring + axis.source(i, t) % axis.taps * stride;
    }
    Down(rows, axis.weights(i), axis, y + i * plan.to.row, plan.out_width());
  }
}

template <class T>
void Piece(const T* image, float* y, const Plan& plan, std::int64_t first, std::int64_t last) {
  const ResizeAxis& axis = plan.axes.rows;
  const auto taps = static_cast<std::size_t>(axis.taps);
  const Scratch pointers(taps * sizeof(void*));
  constexpr auto kRoom = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const FloatScratch row(plan.in_width() + plan.channels + kRoom);
  if (!across_first(plan.axes)) {
    DownFirst(image, y, plan, first, last, row.data(), pointers.as<const T*>());
    return;
  }
  const FloatScratch ring(axis.taps * plan.out_width());
  AcrossFirst(image, y, plan, first, last, row.data(), ring.data(), pointers.as<const float*>());
}

void PieceOfFloats(const float* image, float* y, const Plan& plan, std::int64_t first,
                   std::int64_t last) {
  Piece(image, y, plan, first, last);
}
void PieceOfBytes(const std::uint8_t* image, float* y, const Plan& plan, std::int64_t first,
                  std::int64_t last) {
  Piece(image, y, plan, first, last);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
namespace {

HWY_EXPORT(PieceOfFloats);
HWY_EXPORT(PieceOfBytes);

void piece(const float* x, float* y, const Plan& plan, std::int64_t first, std::int64_t last) {
  HWY_DYNAMIC_DISPATCH(PieceOfFloats)(x, y, plan, first, last);
}
void piece(const std::uint8_t* x, float* y, const Plan& plan, std::int64_t first,
           std::int64_t last) {
  HWY_DYNAMIC_DISPATCH(PieceOfBytes)(x, y, plan, first, last);
}

Plan plan_of(const ResizeAxes& axes, std::int64_t channels, Rows from, Rows to) {
  Plan plan{axes, channels, from, to, {}, {}};
  const ResizeAxis& axis = axes.columns;
  if (channels > 2 || axis.identity) return plan;
  plan.index.reserve(static_cast<std::size_t>(plan.out_width()));
  for (const std::int64_t first : axis.first) {
    for (std::int64_t c = 0; c < channels; ++c) {
      plan.index.push_back(static_cast<std::int32_t>(first * channels + c));
    }
  }
  plan.weight.reserve(static_cast<std::size_t>(axis.taps * plan.out_width()));
  for (std::int64_t t = 0; t < axis.taps; ++t) {
    for (std::int64_t j = 0; j < axis.out; ++j) {
      plan.weight.insert(plan.weight.end(), static_cast<std::size_t>(channels), axis.weights(j)[t]);
    }
  }
  return plan;
}

template <class T>
void resample(const T* x, float* y, std::int64_t batch, const Plan& plan) {
  const ResizeAxis &rows = plan.axes.rows, &columns = plan.axes.columns;
  // Pieces of one image each, its rows cut evenly.
  const std::int64_t row_work = plan.in_width() * rows.taps + plan.out_width() * columns.taps * 2;
  std::int64_t grain = grain_for(row_work, 1 << 17);
  // A piece with across first makes `taps` rows before its first: a fourth of its rows at most.
  if (across_first(plan.axes)) grain = std::max(grain, 4 * rows.taps * rows.out / rows.in);
  grain = std::min(rows.out, grain);
  const std::int64_t pieces = (rows.out + grain - 1) / grain;
  const std::int64_t images = std::max<std::int64_t>(1, grain_for(row_work * rows.out, 1 << 17));
  parallel_for(batch * pieces, pieces == 1 ? images : 1,
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t i = first; i < last; ++i) {
                   const std::int64_t n = i / pieces, start = i % pieces * grain;
                   piece(x + n * plan.from.image, y + n * plan.to.image, plan, start,
                         std::min(rows.out, start + grain));
                 }
               });
}

template <class T>
void resize(const T* x, float* y, const ResizeShape& s) {
  const ResizeAxes axes = resize_axes(s);
  const std::int64_t row = s.image_w * s.channels, out_row = s.out_w * s.channels;
  const Plan plan = plan_of(axes, s.channels, {s.image_h * row, row}, {s.out_h * out_row, out_row});
  resample(x + s.top * row + s.left * s.channels, y, s.batch, plan);
}

}  // namespace

bool resize_simd_applies(const ResizeShape& s) {
  return std::max(s.in_w, s.out_w) * s.channels < (std::int64_t{1} << 31);
}

void resize_simd(const float* x, float* y, const ResizeShape& s) { resize(x, y, s); }
void resize_simd(const std::uint8_t* x, float* y, const ResizeShape& s) { resize(x, y, s); }

void resize_gradient_simd(const float* dy, float* dx, const ResizeShape& s) {
  const ResizeAxes axes = resize_axes(s);
  const ResizeAxes back{transposed(axes.rows), transposed(axes.columns)};
  const std::int64_t row = s.image_w * s.channels, out_row = s.out_w * s.channels;
  if (s.in_h != s.image_h || s.in_w != s.image_w) {
    std::memset(dx, 0, static_cast<std::size_t>(s.image_size()) * sizeof(float));
  }
  const Plan plan = plan_of(back, s.channels, {s.out_h * out_row, out_row}, {s.image_h * row, row});
  resample(dy, dx + s.top * row + s.left * s.channels, s.batch, plan);
}

}  // namespace keratin::kernels::cpu
#endif
