// The lattice of one sample, which all rungs share: states s = 0 .. 2 N of its N labels, an even
// one a blank, an odd one label (s - 1) / 2. Sums of probabilities are in logarithms, in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/ctc/ctc.h"

namespace keratin::kernels::cpu::ctc {

inline constexpr double kNever = -std::numeric_limits<double>::infinity();

/// ln(e^a + e^b); NaN if either is.
inline double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  if (b == kNever || b - a < -40) return a;  // e^-40 is under half a last place of 1
  return a + std::log1p(std::exp(b - a));
}

template <class T>
class Sample {
 public:
  /// log_p: [T, K] of this sample, labels: [L].
  Sample(const T* log_p, const std::int32_t* labels, const CtcShape& shape)
      : log_p_(log_p), labels_(labels), shape_(shape) {
    while (count_ < shape.labels && labels[count_] != 0) ++count_;
  }

  std::int64_t states() const { return 2 * count_ + 1; }
  std::int64_t class_of(std::int64_t s) const { return s % 2 == 0 ? 0 : labels_[s / 2]; }
  double log_p(std::int64_t t, std::int64_t s) const {
    return static_cast<double>(log_p_[t * shape_.classes + class_of(s)]);
  }
  /// What it costs to go from state s - 2 to s.
  double skip(std::int64_t s) const {
    if (s < 2 || s % 2 == 0) return kNever;
    return labels_[s / 2] == labels_[s / 2 - 1] ? CtcShape::kForbidden : 0;
  }

  /// Before the first step.
  void start(double* alpha) const {
    std::fill_n(alpha, states(), CtcShape::kForbidden);
    alpha[0] = 0;
  }
  /// alpha[s] at step t, ln of what all ways to s have: of stay, next and skip.
  void forward(std::int64_t t, const double* before, double* alpha) const {
    for (std::int64_t s = 0; s < states(); ++s) {
      double sum = before[s];
      if (s >= 1) sum = log_add(sum, before[s - 1]);
      if (s >= 2) sum = log_add(sum, before[s - 2] + skip(s));
      alpha[s] = sum + log_p(t, s);
    }
  }
  /// beta[s] at step t - 1, ln of what all ways from s to the end have, from beta at step t.
  void backward(std::int64_t t, const double* after, double* beta) const {
    for (std::int64_t s = 0; s < states(); ++s) {
      double sum = after[s] + log_p(t, s);
      if (s + 1 < states()) sum = log_add(sum, after[s + 1] + log_p(t, s + 1));
      if (s + 2 < states()) sum = log_add(sum, after[s + 2] + log_p(t, s + 2) + skip(s + 2));
      beta[s] = sum;
    }
  }
  /// An alignment ends in the last label or the blank after it.
  double total(const double* alpha) const {
    return count_ == 0 ? alpha[0] : log_add(alpha[2 * count_], alpha[2 * count_ - 1]);
  }
  void end(double* beta) const {
    std::fill_n(beta, states(), kNever);
    beta[2 * count_] = 0;
    if (count_ > 0) beta[2 * count_ - 1] = 0;
  }

  double loss() const {
    std::vector<double> before(static_cast<std::size_t>(states())), alpha(before.size());
    start(before.data());
    for (std::int64_t t = 0; t < shape_.steps; ++t) {
      forward(t, before.data(), alpha.data());
      std::swap(before, alpha);
    }
    return -total(before.data());
  }

  /// d: [T, K] of this sample.
  void gradient(double dloss, T* d) const {
    const std::int64_t n = states(), classes = shape_.classes;
    std::vector<double> alphas(static_cast<std::size_t>((shape_.steps + 1) * n));
    start(alphas.data());
    for (std::int64_t t = 0; t < shape_.steps; ++t)
      forward(t, alphas.data() + t * n, alphas.data() + (t + 1) * n);
    const double all = total(alphas.data() + shape_.steps * n);
    std::vector<double> beta(static_cast<std::size_t>(n)), before(beta.size());
    std::vector<double> shares(static_cast<std::size_t>(classes));
    end(beta.data());
    for (std::int64_t t = shape_.steps - 1; t >= 0; --t) {
      const double* const alpha = alphas.data() + (t + 1) * n;
      std::fill(shares.begin(), shares.end(), 0.0);
      for (std::int64_t s = 0; s < n; ++s) {
        shares[static_cast<std::size_t>(class_of(s))] +=
            std::exp(alpha[s] + beta[static_cast<std::size_t>(s)] - all);
      }
      for (std::int64_t k = 0; k < classes; ++k) {
        d[t * classes + k] = static_cast<T>(-dloss * shares[static_cast<std::size_t>(k)]);
      }
      backward(t, beta.data(), before.data());
      std::swap(beta, before);
    }
  }

 private:
  const T* log_p_;
  const std::int32_t* labels_;
  const CtcShape& shape_;
  std::int64_t count_ = 0;
};

template <class T>
Sample<T> sample_of(std::int64_t b, const T* log_p, const std::int32_t* labels, const CtcShape& s) {
  return {log_p + b * s.steps * s.classes, labels + b * s.labels, s};
}

}  // namespace keratin::kernels::cpu::ctc
