#include "kernels/resize/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace keratin::kernels {
namespace {

const char* name_of(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::nearest:
      return "nearest";
    case Interpolation::bilinear:
      return "bilinear";
    case Interpolation::bicubic:
      return "bicubic";
    case Interpolation::lanczos3:
      return "lanczos3";
    case Interpolation::lanczos5:
      return "lanczos5";
  }
  return "";
}

// Where the weights end, in pixels from the centre.
float radius_of(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::nearest:
      return 0.5f;
    case Interpolation::bilinear:
      return 1;
    case Interpolation::bicubic:
      return 2;
    case Interpolation::lanczos3:
      return 3;
    case Interpolation::lanczos5:
      return 5;
  }
  return 0;
}

// Keys' cubic with a = -1/2.
float cubic(float d) {
  if (d >= 2) return 0;
  if (d >= 1) return ((-0.5f * d + 2.5f) * d - 4) * d + 2;
  return (1.5f * d - 2.5f) * d * d + 1;
}

float lanczos(float d, float radius) {
  if (d > radius) return 0;
  if (d <= 1e-3f) return 1;
  constexpr auto kPi = std::numbers::pi_v<float>;
  return radius * std::sin(kPi * d) * std::sin(kPi * d / radius) / (kPi * kPi * d * d);
}

float weight_at(Interpolation interpolation, float d) {
  if (interpolation == Interpolation::bilinear) return std::max(0.0f, 1 - d);
  if (interpolation == Interpolation::bicubic) return cubic(d);
  return lanczos(d, radius_of(interpolation));
}

bool widens(std::int64_t in, std::int64_t out, Interpolation interpolation, bool antialias) {
  return antialias && in > out && interpolation != Interpolation::nearest;
}

std::int64_t taps_of(std::int64_t in, std::int64_t out, Interpolation interpolation,
                     bool antialias) {
  if (in == out || interpolation == Interpolation::nearest) return 1;
  const bool wide = widens(in, out, interpolation, antialias);
  if (interpolation == Interpolation::bilinear && !wide) return 2;
  if (interpolation == Interpolation::bicubic && !wide) return std::min<std::int64_t>(in, 4);
  const double scale = wide ? static_cast<double>(in) / static_cast<double>(out) : 1;
  const double reach = std::ceil(static_cast<double>(radius_of(interpolation)) * scale);
  return std::min(in, 2 * static_cast<std::int64_t>(reach) + 1);
}

// The weights of output i for inputs [first, last), divided by their sum, into a row of the table.
template <class WeightOf>
void set_row(ResizeAxis& axis, std::int64_t i, std::int64_t first, std::int64_t last,
             WeightOf weight_of) {
  first = std::max<std::int64_t>(first, 0);
  const std::int64_t start = std::min(first, axis.in - axis.taps);  // all taps within the input
  last = std::min({last, axis.in, start + axis.taps});
  axis.first[static_cast<std::size_t>(i)] = start;
  float* const row = axis.weight.data() + i * axis.taps;
  float sum = 0;
  for (std::int64_t p = first; p < last; ++p) sum += row[p - start] = weight_of(p);
  const float inverse = std::fabs(sum) < 1000 * std::numeric_limits<float>::min() ? 0.0f : 1 / sum;
  for (std::int64_t p = first; p < last; ++p) row[p - start] *= inverse;
}

void set_nearest(ResizeAxis& axis) {
  const float scale = static_cast<float>(axis.in) / static_cast<float>(axis.out);
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const auto at = static_cast<std::int64_t>(std::floor((static_cast<float>(i) + 0.5f) * scale));
    axis.first[static_cast<std::size_t>(i)] = std::min(at, axis.in - 1);
    axis.weight[static_cast<std::size_t>(i)] = 1;
  }
}

void set_bilinear(ResizeAxis& axis) {
  axis.lerp = true;
  const float scale = static_cast<float>(axis.in) / static_cast<float>(axis.out);
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const float at = (static_cast<float>(i) + 0.5f) * scale - 0.5f, below = std::floor(at);
    const float t = below < 0 ? 0 : at - below;
    axis.first[static_cast<std::size_t>(i)] =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(below), 0, axis.in - 1);
    axis.weight[static_cast<std::size_t>(2 * i)] = 1 - t;
    axis.weight[static_cast<std::size_t>(2 * i + 1)] = t;
  }
}

void set_bicubic(ResizeAxis& axis) {
  const float scale = static_cast<float>(axis.in) / static_cast<float>(axis.out);
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const float at = (static_cast<float>(i) + 0.5f) * scale - 0.5f, below = std::floor(at);
    const float t = std::nearbyint((at - below) * 1024) / 1024;
    const auto centre = static_cast<std::int64_t>(below);
    set_row(axis, i, centre - 1, centre + 3,
            [&](std::int64_t p) { return cubic(std::fabs(static_cast<float>(p - centre) - t)); });
  }
}

void set_kernel(ResizeAxis& axis, Interpolation interpolation, bool antialias) {
  const float scale = static_cast<float>(axis.out) / static_cast<float>(axis.in);
  const auto inverse = static_cast<float>(1.0 / static_cast<double>(scale));
  const float wide = antialias ? std::max(inverse, 1.0f) : 1.0f;
  const float reach = radius_of(interpolation) * wide;
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const float centre = (static_cast<float>(i) + 0.5f) * inverse;
    const auto first = static_cast<std::int64_t>(std::ceil(centre - reach - 0.5f));
    const auto last = static_cast<std::int64_t>(std::floor(centre + reach - 0.5f)) + 1;
    set_row(axis, i, first, last, [&](std::int64_t p) {
      const float distance = static_cast<float>(p) + 0.5f - centre;
      return weight_at(interpolation, std::fabs(distance / wide));
    });
  }
}

}  // namespace

ResizeAxis resize_axis(std::int64_t in, std::int64_t out, Interpolation interpolation,
                       bool antialias) {
  ResizeAxis axis{.in = in, .out = out, .taps = taps_of(in, out, interpolation, antialias)};
  axis.first.resize(static_cast<std::size_t>(out));
  axis.weight.resize(static_cast<std::size_t>(out * axis.taps));
  if (in == out) {
    axis.identity = true;
    for (std::size_t i = 0; i < axis.first.size(); ++i) {
      axis.first[i] = static_cast<std::int64_t>(i);
      axis.weight[i] = 1;
    }
  } else if (interpolation == Interpolation::nearest) {
    set_nearest(axis);
  } else if (interpolation == Interpolation::bilinear &&
             !widens(in, out, interpolation, antialias)) {
    set_bilinear(axis);
  } else if (interpolation == Interpolation::bicubic && !antialias) {
    set_bicubic(axis);
  } else {
    set_kernel(axis, interpolation, antialias);
  }
  return axis;
}

ResizeAxis transposed(const ResizeAxis& axis) {
  ResizeAxis back{.in = axis.out, .out = axis.in, .taps = 1, .identity = axis.identity};
  // Which outputs [first, last) read each input; the sources only grow.
  std::vector<std::int64_t> last(static_cast<std::size_t>(axis.in), 0);
  back.first.assign(static_cast<std::size_t>(axis.in), axis.out);
  for (std::int64_t i = 0; i < axis.out; ++i) {
    for (std::int64_t t = 0; t < axis.taps; ++t) {
      const auto p = static_cast<std::size_t>(axis.source(i, t));
      back.first[p] = std::min(back.first[p], i);
      last[p] = i + 1;
      back.taps = std::max(back.taps, last[p] - back.first[p]);
    }
  }
  std::int64_t before = 0;  // an input that no output reads stays where the one before it is
  for (std::int64_t& first : back.first) {
    if (first == axis.out) first = before;
    before = first;
    first = std::min(first, axis.out - back.taps);
  }
  back.weight.resize(static_cast<std::size_t>(axis.in * back.taps));
  for (std::int64_t i = 0; i < axis.out; ++i) {
    for (std::int64_t t = 0; t < axis.taps; ++t) {
      const std::int64_t p = axis.source(i, t);
      back.weight[static_cast<std::size_t>(
          p * back.taps + i - back.first[static_cast<std::size_t>(p)])] += axis.weights(i)[t];
    }
  }
  return back;
}

ResizeAxes resize_axes(const ResizeShape& s) {
  return {resize_axis(s.in_h, s.out_h, s.interpolation, s.antialias),
          resize_axis(s.in_w, s.out_w, s.interpolation, s.antialias)};
}

std::string ResizeShape::text() const {
  std::string text = fmt::format("[{}, {}, {}, {}] -> [{}, {}, {}, {}] {}", batch, image_h, image_w,
                                 channels, batch, out_h, out_w, channels, name_of(interpolation));
  if (antialias) text += " antialias";
  if (in_h != image_h || in_w != image_w) {
    text += fmt::format(" of {}x{} at {}, {}", in_h, in_w, top, left);
  }
  return text;
}

Cost resize_cost(const ResizeShape& s, std::int64_t in_bytes, std::int64_t out_bytes) {
  const auto number = [](std::int64_t n) { return static_cast<double>(n); };
  const double rows = number(taps_of(s.in_h, s.out_h, s.interpolation, s.antialias));
  const double columns = number(taps_of(s.in_w, s.out_w, s.interpolation, s.antialias));
  const double in_h = std::min(number(s.in_h), number(s.out_h) * rows);
  const double in_w = std::min(number(s.in_w), number(s.out_w) * columns);
  const double out_h = number(s.out_h), out_w = number(s.out_w);
  const double multiply_adds = std::min(out_h * in_w * rows + out_h * out_w * columns,
                                        in_h * out_w * columns + out_h * out_w * rows);
  const double planes = number(s.batch * s.channels);
  return {.flops = 2 * planes * multiply_adds,
          .bytes = planes * (in_h * in_w * number(in_bytes) + out_h * out_w * number(out_bytes))};
}

}  // namespace keratin::kernels
