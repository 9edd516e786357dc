#include "data/datasets/digits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "data/datasets/digit_outlines.h"
#include "data/splitmix.h"
#include "kernels/error.h"
#include "kernels/parallel.h"

namespace keratin::data::datasets {
namespace {

// The same bits come out on every machine: no function of libm but sqrt, floor and lround, which
// are exact, and a build without contraction to fused multiply-adds (cmake/library.cmake).

constexpr int kSide = 28;

// sin(2 pi turns) by its Taylor polynomial of degree 9 on a quarter turn; the error is below 4e-6.
double wave(double turns) {
  double t = turns - std::floor(turns + 0.5);  // -1/2 <= t <= 1/2
  if (t > 0.25) t = 0.5 - t;
  if (t < -0.25) t = -0.5 - t;
  const double x = 2 * std::numbers::pi * t, xx = x * x;
  return x * (1 - xx / 6 * (1 - xx / 20 * (1 - xx / 42 * (1 - xx / 72))));
}

double uniform(SplitMix& random, double low, double high) {
  return low + (high - low) * random.uniform();
}

// Normal, cut to +- limit.
double normal(SplitMix& random, double deviation, double limit) {
  return std::clamp(deviation * random.normal(), -limit, limit);
}

// A small smooth displacement of the plane, so that strokes that meet go on meeting: along each
// axis a sum of waves,  d(p) = sum a sin 2 pi (k p + phase).
class Wobble {
 public:
  explicit Wobble(SplitMix& random) {
    for (auto& axis : waves_) {
      for (Wave& component : axis) {
        component.amplitude = 0.022 * random.normal();
        const double angle = random.uniform();       // turns, as all angles here
        const double k = uniform(random, 0.5, 1.3);  // turns per digit height
        component.kx = k * wave(angle + 0.25);
        component.ky = k * wave(angle);
        component.phase = random.uniform();
      }
    }
  }
  Point operator()(Point p) const {
    return {p.x + displacement(waves_[0], p), p.y + displacement(waves_[1], p)};
  }

 private:
  struct Wave {
    double amplitude = 0, kx = 0, ky = 0, phase = 0;
  };
  using Waves = std::array<Wave, 3>;
  static double displacement(const Waves& waves, Point p) {
    double sum = 0;
    for (const Wave& w : waves) sum += w.amplitude * wave(w.kx * p.x + w.ky * p.y + w.phase);
    return sum;
  }
  std::array<Waves, 2> waves_;
};

// Where the unit digit lands on the paper: scaled, slanted, turned, shifted; in pixels.
class Placement {
 public:
  explicit Placement(SplitMix& random) {
    const double height = uniform(random, 16, 21.5);
    const double width = height * uniform(random, 0.72, 1.2);
    const double slant = 0.1 + normal(random, 0.18, 0.4);
    const double turn = normal(random, 0.0143, 0.035);
    const double c = wave(turn + 0.25), s = wave(turn);
    // turn * slant * scale, where slant moves the top to the right
    xx_ = c * width;
    xy_ = -c * slant * height - s * height;
    yx_ = s * width;
    yy_ = -s * slant * height + c * height;
    x_ = kSide / 2.0 + uniform(random, -2.5, 2.5);
    y_ = kSide / 2.0 + uniform(random, -2.5, 2.5);
  }
  Point operator()(Point p) const {
    const double y = p.y - 0.5;
    return {x_ + xx_ * p.x + xy_ * y, y_ + yx_ * p.x + yy_ * y};
  }

 private:
  double xx_, xy_, yx_, yy_, x_, y_;
};

// A round pen: keeps for each pixel the distance from its centre to the ink, negative within.
class Paper {
 public:
  Paper() { distance_.fill(kFar); }

  // From a to b, the pen's radius going from ra to rb.
  void draw(Point a, double ra, Point b, double rb) {
    const double reach = std::max(ra, rb) + kFar;
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double scale = 1 / std::max(dx * dx + dy * dy, 1e-12);
    const int left = first_pixel(std::min(a.x, b.x) - reach);
    const int right = last_pixel(std::max(a.x, b.x) + reach);
    const int bottom = last_pixel(std::max(a.y, b.y) + reach);
    for (int row = first_pixel(std::min(a.y, b.y) - reach); row <= bottom; ++row) {
      for (int column = left; column <= right; ++column) {
        const double px = column + 0.5 - a.x, py = row + 0.5 - a.y;
        const double t = std::clamp((px * dx + py * dy) * scale, 0.0, 1.0);
        const double ex = px - t * dx, ey = py - t * dy;
        double& nearest =
            distance_[static_cast<std::size_t>(row) * kSide + static_cast<std::size_t>(column)];
        nearest = std::min(nearest, std::sqrt(ex * ex + ey * ey) - (ra + t * (rb - ra)));
      }
    }
  }

  // How much of the pixel is inked, with an edge that is `blur` pixels wide: 0 to 1.
  double ink(int pixel, double blur) const {
    const double t = std::clamp(0.5 - distance_[static_cast<std::size_t>(pixel)] / blur, 0.0, 1.0);
    return t * t * (3 - 2 * t);
  }

  static constexpr double kFar = 1.25;  // pixels; half the widest edge

 private:
  static int first_pixel(double x) { return std::clamp(static_cast<int>(std::floor(x)), 0, kSide); }
  static int last_pixel(double x) {
    return std::clamp(static_cast<int>(std::floor(x)), -1, kSide - 1);
  }

  std::array<double, kSide * kSide> distance_;
};

// Catmull-Rom: the cubic from b to c whose slope at b is (c - a) / 2 and at c is (d - b) / 2.
Point between(Point a, Point b, Point c, Point d, double t) {
  const auto blend = [t](double a, double b, double c, double d) {
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  };
  return {blend(a.x, b.x, c.x, d.x), blend(a.y, b.y, c.y, d.y)};
}

template <class Radius>
void draw_stroke(Paper& paper, const Stroke& stroke, const Wobble& wobble,
                 const Placement& placement, const Radius& radius) {
  constexpr int kPieces = 6;  // straight ones between two points
  const auto last = static_cast<std::ptrdiff_t>(stroke.size()) - 1;
  std::array<Point, 16> points;
  KERATIN_ASSERT(stroke.size() <= points.size());
  for (std::ptrdiff_t i = 0; i <= last; ++i)
    points[static_cast<std::size_t>(i)] = placement(wobble(stroke[static_cast<std::size_t>(i)]));
  const auto at = [&](std::ptrdiff_t i) {
    return points[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(i, 0, last))];
  };
  Point from = at(0);
  double from_radius = radius(from);
  for (std::ptrdiff_t i = 0; i < last; ++i) {
    for (int piece = 1; piece <= kPieces; ++piece) {
      const Point to =
          between(at(i - 1), at(i), at(i + 1), at(i + 2), piece / static_cast<double>(kPieces));
      const double to_radius = radius(to);
      paper.draw(from, from_radius, to, to_radius);
      from = to;
      from_radius = to_radius;
    }
  }
}

void draw_digit(int digit, SplitMix& random, std::uint8_t* pixels) {
  const auto outlines = outlines_of(digit);
  const Outline& outline =
      outlines[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(outlines.size())))];
  const Wobble wobble(random);
  const Placement placement(random);
  // The pen: its radius, and how that swings over the paper as the hand presses.
  const double pen = uniform(random, 0.75, 1.85), swing = uniform(random, 0, 0.22);
  const double kx = uniform(random, -0.056, 0.056), ky = uniform(random, -0.056, 0.056);
  const double phase = random.uniform();
  const auto radius = [&](Point p) {
    return pen * (1 + swing * wave(kx * p.x + ky * p.y + phase));
  };
  Paper paper;
  for (const Stroke& stroke : outline) draw_stroke(paper, stroke, wobble, placement, radius);
  const double blur = uniform(random, 0.9, 2 * Paper::kFar);
  const double darkness = uniform(random, 170, 255), noise = uniform(random, 3, 20);
  for (int pixel = 0; pixel < kSide * kSide; ++pixel) {
    const double value = darkness * paper.ink(pixel, blur) + noise * random.normal();
    pixels[pixel] = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  }
}

Part draw(std::uint64_t seed, std::uint64_t part, std::int64_t count) {
  Part drawn{.x = Tensor::empty({count, kSide, kSide}, uint8), .y = Tensor::empty({count}, uint8)};
  auto* x = drawn.x.mutable_data<std::uint8_t>();
  auto* y = drawn.y.mutable_data<std::uint8_t>();
  kernels::parallel_for(count, 64, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      SplitMix random(seed, (part << 56) + static_cast<std::uint64_t>(i));
      const auto digit = static_cast<int>(random.below(10));
      y[i] = static_cast<std::uint8_t>(digit);
      draw_digit(digit, random, x + i * kSide * kSide);
    }
  });
  return drawn;
}

}  // namespace

std::pair<Part, Part> digits(DigitsOptions options) {
  if (options.train_size < 0 || options.test_size < 0) {
    throw ValueError(fmt::format("digits: train_size is {}, test_size is {}; expected 0 or more",
                                 options.train_size, options.test_size));
  }
  return {draw(options.seed, 0, options.train_size), draw(options.seed, 1, options.test_size)};
}

}  // namespace keratin::data::datasets
