#include "kernels/ctc/ctc.h"

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::CtcShape;

struct Batch {
  CtcShape shape;
  std::vector<float> log_p, dloss;
  std::vector<std::int32_t> labels;
};

// Probabilities that sum to 1, of scores times `scale`; any number of labels, some of them equal.
Batch batch(const CtcShape& s, std::uint64_t seed, double scale) {
  Batch b{.shape = s,
          .log_p = normal_values(s.batch * s.steps * s.classes, seed, scale),
          .dloss = normal_values(s.batch, seed + 1),
          .labels = {}};
  for (std::int64_t r = 0; r < s.batch * s.steps; ++r) {
    float* const row = b.log_p.data() + r * s.classes;
    double sum = 0;
    for (std::int64_t k = 0; k < s.classes; ++k) sum += std::exp(static_cast<double>(row[k]));
    for (std::int64_t k = 0; k < s.classes; ++k) row[k] -= static_cast<float>(std::log(sum));
  }
  std::mt19937_64 random(seed);
  for (std::int64_t r = 0; r < s.batch; ++r) {
    const std::uint64_t most =
        s.classes == 1 ? 0 : static_cast<std::uint64_t>(std::min(s.labels, s.steps));
    const auto count = static_cast<std::int64_t>(random() % (most + 1));
    for (std::int64_t i = 0; i < s.labels; ++i) {
      const auto label =
          1 + random() % static_cast<std::uint64_t>(std::max<std::int64_t>(1, s.classes - 1));
      b.labels.push_back(i < count ? static_cast<std::int32_t>(label) : 0);
    }
  }
  CHECK(kernels::check_ctc_labels(b.labels.data(), s) == "");
  return b;
}

void check_batch(const Batch& b) {
  const CtcShape& s = b.shape;
  const std::int64_t size = s.batch * s.steps * s.classes;
  const auto log_p = converted<double>(b.log_p), dloss = converted<double>(b.dloss);
  auto loss = unwritten<double>(s.batch), d = unwritten<double>(size);
  kernels::cpu::ctc_reference(log_p.data(), b.labels.data(), loss.data(), s);
  kernels::cpu::ctc_gradient_reference(log_p.data(), b.labels.data(), dloss.data(), d.data(), s);
  const Tolerance rounded{.rel = 1e-7, .abs = 1e-37};
  for_each_rung(kernels::ctc_ladder<float>, s, [&](auto* function) {
    auto y = unwritten(s.batch + 1);
    y.back() = -77;
    function(b.log_p.data(), b.labels.data(), y.data(), s);
    CHECK(y.back() == -77);
    y.pop_back();
    CHECK(difference(y, loss, rounded) == "");
  });
  for_each_rung(kernels::ctc_gradient_ladder<float>, s, [&](auto* function) {
    auto dx = unwritten(size + 1);
    dx.back() = -77;
    function(b.log_p.data(), b.labels.data(), b.dloss.data(), dx.data(), s);
    CHECK(dx.back() == -77);
    dx.pop_back();
    CHECK(difference(dx, d, rounded) == "");
  });
}

}  // namespace

TEST_CASE("ctc: every rung, against double") {
  for (const std::int64_t steps : {1, 2, 7, 40}) {
    for (const std::int64_t classes : {1, 2, 5, 30}) {
      for (const std::int64_t labels : {0, 1, 3, 12}) {
        for (const std::int64_t rows : {1, 3}) {
          for (const double scale : {1.0, 30.0})
            check_batch(batch({rows, steps, classes, labels}, 5, scale));
        }
      }
    }
  }
  check_batch(batch({0, 4, 3, 2}, 1, 1));
}

TEST_CASE("ctc: long sequences neither underflow nor lose digits") {
  // All steps even: the number of alignments of n labels at T steps, each of K^-T, is C(T + n, 2 n)
  // where neighbours differ.
  const std::int64_t steps = 2000, n = 400;
  const CtcShape s{.batch = 1, .steps = steps, .classes = 3, .labels = n};
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(1 + static_cast<std::int32_t>(i % 2));
  const std::vector<double> log_p(static_cast<std::size_t>(3 * steps), -std::log(3.0));
  const auto log_factorial = [](std::int64_t k) { return std::lgamma(static_cast<double>(k) + 1); };
  const double expected = static_cast<double>(steps) * std::log(3.0) - log_factorial(steps + n) +
                          log_factorial(2 * n) + log_factorial(steps - n);
  for_each_rung(kernels::ctc_ladder<double>, s, [&](auto* function) {
    double loss = 0;
    function(log_p.data(), labels.data(), &loss, s);
    CHECK(std::fabs(loss - expected) < 1e-9 * expected);
  });
  // At each step one class is said: shares sum to 1.
  const double one = 1;
  for_each_rung(kernels::ctc_gradient_ladder<double>, s, [&](auto* function) {
    auto d = unwritten<double>(3 * steps);
    function(log_p.data(), labels.data(), &one, d.data(), s);
    double worst = 0;
    for (std::size_t t = 0; t < d.size(); t += 3)
      worst = std::max(worst, std::fabs(d[t] + d[t + 1] + d[t + 2] + 1));
    CHECK(worst < 1e-9);
  });
}

TEST_CASE("ctc: impossible classes, and NaN") {
  const CtcShape s{.batch = 2, .steps = 3, .classes = 3, .labels = 2};
  const std::vector<std::int32_t> labels = {1, 2, 1, 0};
  const float third = std::log(1.0f / 3);
  std::vector<float> log_p(18, third);
  log_p[2] = log_p[5] = log_p[8] = -kInf;  // sample 0 never says 2
  for_each_rung(kernels::ctc_ladder<float>, s, [&](auto* function) {
    std::vector<float> loss(2);
    function(log_p.data(), labels.data(), loss.data(), s);
    CHECK(std::fabs(loss[0] - 1e5f) < 10);  // an alignment that starts at the last blank
    CHECK(std::isfinite(loss[1]));
  });
  log_p[17] = kNaN;  // not asked for: sample 1 says 1 and blanks
  log_p[0] = kNaN;
  for_each_rung(kernels::ctc_ladder<float>, s, [&](auto* function) {
    std::vector<float> loss(2);
    function(log_p.data(), labels.data(), loss.data(), s);
    CHECK(std::isnan(loss[0]));
    CHECK(std::isfinite(loss[1]));
  });
}

TEST_CASE("ctc: the same bits on any number of threads") {
  const Batch b = batch({37, 60, 20, 9}, 3, 3);
  const std::int64_t size = 37 * 60 * 20;
  for_each_rung(kernels::ctc_gradient_ladder<float>, b.shape, [&](auto* function) {
    check_same_bits_on_all_threads([&] {
      auto d = unwritten(size);
      function(b.log_p.data(), b.labels.data(), b.dloss.data(), d.data(), b.shape);
      return d;
    });
  });
}

TEST_CASE("ctc: cost and text") {
  const CtcShape s{.batch = 2, .steps = 3, .classes = 5, .labels = 4};
  CHECK(s.text() == "[2, 3, 5] labels 4");
  CHECK(kernels::ctc_ladder<float>.cost(s).bytes == 120);
  CHECK(kernels::ctc_gradient_ladder<double>.cost(s).bytes == 480);
  CHECK(kernels::ctc_ladder<float>.cost(s).flops == 9 * 54);
}

}  // namespace keratin::tests
