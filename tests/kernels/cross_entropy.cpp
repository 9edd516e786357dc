#include "kernels/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <numeric>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::CrossEntropyShape;

struct Batch {
  CrossEntropyShape shape;
  std::vector<float> x, targets, dloss;
  std::vector<std::int32_t> labels;
};

Batch batch(std::int64_t rows, std::int64_t classes, std::uint64_t seed, double scale) {
  Batch b{.shape = {.rows = rows, .classes = classes},
          .x = normal_values(rows * classes, seed, scale),
          .targets = normal_values(rows * classes, seed + 1),
          .dloss = normal_values(rows, seed + 2),
          .labels = {}};
  // Targets of three kinds by row: probabilities, one class, weights that do not sum to 1.
  std::mt19937_64 random(seed);
  for (std::int64_t r = 0; r < rows; ++r) {
    b.labels.push_back(static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(classes)));
    float* const t = b.targets.data() + r * classes;
    for (std::int64_t c = 0; c < classes; ++c) t[c] = std::fabs(t[c]);
    if (r % 3 == 0) {
      float sum = 0;
      for (std::int64_t c = 0; c < classes; ++c) sum += t[c];
      for (std::int64_t c = 0; c < classes; ++c) t[c] /= sum;
    } else if (r % 3 == 1) {
      for (std::int64_t c = 0; c < classes; ++c) t[c] = c == b.labels.back() ? 1 : 0;
    }
  }
  return b;
}

template <class T, class Call>
std::vector<T> called(std::int64_t count, Call call) {
  auto y = unwritten<T>(count + 1);
  y.back() = -77;
  call(y.data());
  CHECK(y.back() == -77);
  y.resize(y.size() - 1);
  return y;
}

double largest(const std::vector<float>& x) {
  double most = 1;
  for (const float v : x) {
    if (std::isfinite(v)) most = std::max(most, std::fabs(static_cast<double>(v)));
  }
  return most;
}

void check_batch(const Batch& b) {
  const CrossEntropyShape& s = b.shape;
  const std::int64_t size = s.rows * s.classes;
  const auto x = converted<double>(b.x), t = converted<double>(b.targets),
             g = converted<double>(b.dloss);
  namespace cpu = kernels::cpu;
  // Of x - max, which is exact to half a last place of x, and of a sum of `classes` terms.
  const double unit = 1.2e-7 * (4 + largest(b.x)),
               length = std::sqrt(static_cast<double>(s.classes));
  const Tolerance loss{.rel = 1e-6, .abs = 2 * unit}, gradient{.rel = 4e-6, .abs = 2 * unit};
  const Tolerance dense_loss{.rel = 1e-6 * length, .abs = 4 * unit * length},
      dense_gradient{.rel = 4e-6, .abs = 4 * unit * length};

  const auto sparse = called<double>(s.rows, [&](double* y) {
    cpu::sparse_cross_entropy_reference(x.data(), b.labels.data(), y, s);
  });
  for_each_rung(kernels::sparse_cross_entropy_ladder<float>, s, [&](auto* function) {
    const auto y =
        called<float>(s.rows, [&](float* y) { function(b.x.data(), b.labels.data(), y, s); });
    CHECK(difference(y, sparse, loss) == "");
  });
  const auto sparse_dx = called<double>(size, [&](double* dx) {
    cpu::sparse_cross_entropy_gradient_reference(x.data(), b.labels.data(), g.data(), dx, s);
  });
  for_each_rung(kernels::sparse_cross_entropy_gradient_ladder<float>, s, [&](auto* function) {
    const auto dx = called<float>(
        size, [&](float* dx) { function(b.x.data(), b.labels.data(), b.dloss.data(), dx, s); });
    CHECK(difference(dx, sparse_dx, gradient) == "");
  });
  CrossEntropyShape total = s;
  total.total = true;
  total.scale = 0.3;
  const auto sum = called<double>(1, [&](double* y) {
    cpu::sparse_cross_entropy_total_reference(x.data(), b.labels.data(), y, total);
  });
  const std::vector<double> added{0.3 * std::accumulate(sparse.begin(), sparse.end(), 0.0)};
  CHECK(difference(sum, added, {.rel = 1e-12, .abs = 1e-12}) == "");
  for_each_rung(kernels::sparse_cross_entropy_total_ladder<float>, total, [&](auto* function) {
    const auto y =
        called<float>(1, [&](float* y) { function(b.x.data(), b.labels.data(), y, total); });
    CHECK(difference(y, sum, {.rel = loss.rel, .abs = loss.abs * static_cast<double>(s.rows)}) ==
          "");
  });
  const std::vector<double> shares(g.size(), g.empty() ? 0 : 0.3 * g[0]);
  const auto total_dx = called<double>(size, [&](double* dx) {
    cpu::sparse_cross_entropy_gradient_reference(x.data(), b.labels.data(), shares.data(), dx, s);
  });
  for_each_rung(kernels::sparse_cross_entropy_gradient_ladder<float>, total, [&](auto* function) {
    const auto dx = called<float>(
        size, [&](float* dx) { function(b.x.data(), b.labels.data(), b.dloss.data(), dx, total); });
    CHECK(difference(dx, total_dx, gradient) == "");
  });
  const auto dense = called<double>(
      s.rows, [&](double* y) { cpu::cross_entropy_reference(x.data(), t.data(), y, s); });
  for_each_rung(kernels::cross_entropy_ladder<float>, s, [&](auto* function) {
    const auto y =
        called<float>(s.rows, [&](float* y) { function(b.x.data(), b.targets.data(), y, s); });
    CHECK(difference(y, dense, dense_loss) == "");
  });
  const auto dense_dx = called<double>(size, [&](double* dx) {
    cpu::cross_entropy_gradient_reference(x.data(), t.data(), g.data(), dx, s);
  });
  for_each_rung(kernels::cross_entropy_gradient_ladder<float>, s, [&](auto* function) {
    const auto dx = called<float>(
        size, [&](float* dx) { function(b.x.data(), b.targets.data(), b.dloss.data(), dx, s); });
    CHECK(difference(dx, dense_dx, dense_gradient) == "");
  });
}

}  // namespace

TEST_CASE("cross_entropy: every rung of every ladder, against double") {
  for (const std::int64_t classes : {1, 2, 3, 10, 15, 16, 17, 31, 33, 64, 65, 100, 1000, 4099}) {
    for (const std::int64_t rows : {1, 2, 7, 33}) {
      for (const double scale : {1.0, 10.0, 88.0}) check_batch(batch(rows, classes, 3, scale));
    }
  }
  check_batch(batch(0, 10, 1, 1));
  check_batch(batch(5000, 10, 4, 3));
}

TEST_CASE("cross_entropy: random shapes") {
  std::mt19937_64 random(21);
  for (int round = 0; round < 100; ++round) {
    check_batch(batch(static_cast<std::int64_t>(1 + random() % 50),
                      static_cast<std::int64_t>(1 + random() % 200), random(), 3));
  }
}

TEST_CASE("cross_entropy: what is known in advance") {
  // Even scores: ln classes; a confident right answer: ln(1 + 2 e^-50), lost beside nothing.
  const std::vector<float> x = {0, 0, 0, 0, 50, 0, 0, 0, 0, 50, 0, 0};
  const std::vector<std::int32_t> labels = {2, 0, 0};
  const CrossEntropyShape s{.rows = 3, .classes = 4};
  for_each_rung(kernels::sparse_cross_entropy_ladder<float>, s, [&](auto* function) {
    auto loss = unwritten(3);
    function(x.data(), labels.data(), loss.data(), s);
    CHECK(std::fabs(loss[0] - std::log(4.0f)) < 2e-7);
    CHECK(loss[1] < 1e-20f);
    CHECK(loss[2] == 50);
  });
}

TEST_CASE("cross_entropy: infinities and NaN in the scores") {
  for (const std::int64_t classes : {1, 2, 16, 17, 40}) {
    for (const float value : {-kInf, kInf, kNaN, 3e38f, -3e38f}) {
      for (std::int64_t at = 0; at < classes; at += 1 + classes / 9) {
        Batch b = batch(4, classes, 6, 3);
        b.x[static_cast<std::size_t>(classes + at)] = value;
        for (const std::int64_t label : {at, std::int64_t{0}, classes - 1}) {
          b.labels[1] = static_cast<std::int32_t>(label);
          check_batch(b);
        }
      }
    }
  }
  // A target of 0 for what is impossible counts nothing; every class impossible is NaN.
  const CrossEntropyShape s{.rows = 2, .classes = 3};
  const std::vector<float> x = {0, -kInf, 0, -kInf, -kInf, -kInf}, t = {0.5f, 0, 0.5f, 1, 0, 0};
  for_each_rung(kernels::cross_entropy_ladder<float>, s, [&](auto* function) {
    auto loss = unwritten(2);
    function(x.data(), t.data(), loss.data(), s);
    CHECK(std::fabs(loss[0] - std::log(2.0f)) < 2e-7);
    CHECK(std::isnan(loss[1]));
  });
}

TEST_CASE("cross_entropy: ignored rows have no loss and no gradient, whatever stands in them") {
  for (const std::int32_t ignored : {-1, 255, 3}) {
    Batch b = batch(9, 10, 8, 3);
    b.shape.ignore_class = ignored;
    for (const std::size_t r : {0, 4, 8}) {
      b.labels[r] = ignored;
      b.x[10 * r + 5] = kNaN;
    }
    CHECK(kernels::check_labels(b.labels.data(), b.shape) == -1);
    check_batch(b);
    for_each_rung(kernels::sparse_cross_entropy_gradient_ladder<float>, b.shape, [&](auto* f) {
      auto dx = unwritten(90);
      f(b.x.data(), b.labels.data(), b.dloss.data(), dx.data(), b.shape);
      for (std::size_t c = 0; c < 10; ++c) CHECK(dx[40 + c] == 0);
    });
  }
}

TEST_CASE("check_labels: the first row whose label is no class") {
  const std::vector<std::int32_t> labels = {0, 9, 10, -1, 5};
  CHECK(kernels::check_labels(labels.data(), {.rows = 2, .classes = 10}) == -1);
  CHECK(kernels::check_labels(labels.data(), {.rows = 5, .classes = 10}) == 2);
  CHECK(kernels::check_labels(labels.data(), {.rows = 5, .classes = 11}) == 3);
  CHECK(kernels::check_labels(labels.data(), {.rows = 5, .classes = 11, .ignore_class = -1}) == -1);
  CHECK(kernels::check_labels(labels.data(), {.rows = 5, .classes = 9, .ignore_class = -1}) == 1);
  CHECK(kernels::check_labels(labels.data(), {.rows = 0, .classes = 1}) == -1);
  const std::vector<std::int32_t> lowest = {std::numeric_limits<std::int32_t>::min()};
  CHECK(kernels::check_labels(lowest.data(), {.rows = 1, .classes = 10}) == 0);
}

TEST_CASE("cross_entropy: gradients are differences of the loss") {
  const CrossEntropyShape s{.rows = 1, .classes = 6};
  const auto x = normal_values<double>(6, 1), t = normal_values<double>(6, 2);  // any sum, any sign
  const double one = 1;
  auto dx = unwritten<double>(6);
  kernels::cpu::cross_entropy_gradient_reference(x.data(), t.data(), &one, dx.data(), s);
  for (std::size_t i = 0; i < 6; ++i) {
    constexpr double kStep = 1e-6;
    double slope = 0;
    for (const double step : {kStep, -kStep}) {
      auto moved = x;
      moved[i] += step;
      double loss = 0;
      kernels::cpu::cross_entropy_reference(moved.data(), t.data(), &loss, s);
      slope += loss / (2 * step);
    }
    CHECK(std::fabs(dx[i] - slope) < 1e-8);
  }
  // One class: the gradient of the sparse form is that of the dense form.
  const std::int32_t label = 4;
  const std::vector<double> one_hot = {0, 0, 0, 0, 1, 0};
  auto sparse = unwritten<double>(6);
  kernels::cpu::cross_entropy_gradient_reference(x.data(), one_hot.data(), &one, dx.data(), s);
  kernels::cpu::sparse_cross_entropy_gradient_reference(x.data(), &label, &one, sparse.data(), s);
  CHECK(difference(sparse, dx, {1e-14, 1e-15}) == "");
}

TEST_CASE("cross_entropy: the same bits on any number of threads") {
  for (const auto& [rows, classes] : {std::pair{3000, 10}, {200, 1000}}) {
    const Batch b = batch(rows, classes, 9, 3);
    const auto& s = b.shape;
    for_each_rung(kernels::sparse_cross_entropy_gradient_ladder<float>, s, [&](auto* function) {
      check_same_bits_on_all_threads([&] {
        return called<float>(s.rows * s.classes, [&](float* dx) {
          function(b.x.data(), b.labels.data(), b.dloss.data(), dx, s);
        });
      });
    });
    for_each_rung(kernels::cross_entropy_ladder<float>, s, [&](auto* function) {
      check_same_bits_on_all_threads([&] {
        return called<float>(s.rows,
                             [&](float* y) { function(b.x.data(), b.targets.data(), y, s); });
      });
    });
  }
}

TEST_CASE("cross_entropy: cost and text") {
  const CrossEntropyShape s{.rows = 3, .classes = 5};
  CHECK(s.text() == "[3, 5]");
  CHECK(kernels::sparse_cross_entropy_ladder<float>.cost(s).bytes == 60);
  CHECK(kernels::sparse_cross_entropy_gradient_ladder<float>.cost(s).bytes == 120);
  CHECK(kernels::cross_entropy_gradient_ladder<double>.cost(s).bytes == 360);
}

}  // namespace keratin::tests
