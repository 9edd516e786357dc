#include "nn/metrics/thresholds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/ops/slice.h"
#include "nn/metrics/state.h"
#include "tensor/cast.h"

namespace keratin::metrics {
namespace {

constexpr double kEpsilon = 1e-7;

void require_range(const char* metric, const std::vector<double>& thresholds) {
  for (const double t : thresholds) {
    if (t >= 0 && t <= 1) continue;
    throw ValueError(fmt::format("{}: threshold {} is out of range; expected 0 to 1", metric, t));
  }
}

// Scores of each row below its k largest, the first of equals before the others, become -1e10.
Tensor only_top_k(const std::string& metric, const Tensor& scores, int k) {
  const std::int64_t classes = scores.rank() == 0 ? 0 : scores.shape().back();
  if (k > classes) {
    throw ValueError(fmt::format("{}: top_k is {}, predictions are {}; expected at most {}", metric,
                                 k, scores.spec().text(), classes));
  }
  Tensor kept = scores.copy();
  float* row = kept.mutable_data<float>();
  std::vector<std::int64_t> order(static_cast<std::size_t>(classes));
  for (std::int64_t r = 0; r < kept.size() / classes; ++r, row += classes) {
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + k, order.end(),
                      [&](std::int64_t a, std::int64_t b) {
                        return row[a] > row[b] || (row[a] == row[b] && a < b);
                      });
    for (std::int64_t i = k; i < classes; ++i) row[order[static_cast<std::size_t>(i)]] = -1e10f;
  }
  return kept;
}

Tensor only_class(const Tensor& x, std::int64_t id) {
  std::vector<SliceRange> ranges(static_cast<std::size_t>(x.rank()));
  ranges.back() = {id, id + 1};
  return slice(x, ranges);
}

}  // namespace

Thresholds::Thresholds(const char* metric, std::vector<double> thresholds, double otherwise)
    : values_(std::move(thresholds)) {
  require_range(metric, values_);
  if (values_.empty()) values_ = {otherwise};
  find_order();
}

Thresholds Thresholds::evenly(std::int64_t count, bool beyond) {
  Thresholds t;
  for (std::int64_t i = 0; i < count; ++i) {
    t.values_.push_back(static_cast<double>(i) / static_cast<double>(count - 1));
  }
  if (beyond) t.values_.front() = -kEpsilon, t.values_.back() = 1 + kEpsilon;
  t.find_order();
  return t;
}

Thresholds Thresholds::around(const char* metric, std::vector<double> inner) {
  require_range(metric, inner);
  std::sort(inner.begin(), inner.end());
  Thresholds t;
  t.values_ = std::move(inner);
  t.values_.insert(t.values_.begin(), -kEpsilon);
  t.values_.push_back(1 + kEpsilon);
  t.find_order();
  return t;
}

void Thresholds::find_order() {
  const std::size_t n = values_.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values_[a] < values_[b]; });
  rank_.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    rank_[order[i]] = static_cast<std::int64_t>(i);
    sorted_.push_back(static_cast<float>(values_[order[i]]));
  }
  beyond_ = sorted_.front() < 0 || sorted_.back() > 1;
  even_ = n >= 3;
  for (std::size_t i = 0; i < n; ++i) {
    const double even = static_cast<double>(i) / static_cast<double>(n - 1);
    even_ &= std::abs(values_[i] - even) <= kEpsilon * 1.01 + 1e-5 * even;
  }
}

std::int64_t Thresholds::below(float p) const {
  if (std::isnan(p)) return 0;
  const auto n = static_cast<std::int64_t>(sorted_.size());
  if (!even_) {
    return std::lower_bound(sorted_.begin(), sorted_.end(), p) - sorted_.begin();
  }
  // Threshold i is i / (n - 1), so p > t holds for i below p (n - 1).
  const float place = std::ceil(std::clamp(p, 0.0f, 1.0f) * static_cast<float>(n - 1));
  return std::max<std::int64_t>(static_cast<std::int64_t>(place), beyond_ ? 1 : 0);
}

void Thresholds::add(const Batch& batch, const Counts& counts) const {
  Tensor p = cast(batch.y_pred, float32);
  Tensor y = aligned(batch.metric, cast(batch.y_true, float32), p);
  if (batch.top_k) p = only_top_k(batch.metric, p, *batch.top_k);
  if (batch.class_id) {
    const int id = *batch.class_id;
    if (p.rank() < 2 || id < 0 || id >= p.shape().back()) {
      throw ValueError(fmt::format(
          "{}: class_id is {}, predictions are {}; expected [batch, ..., classes] with that class",
          batch.metric, id, p.spec().text()));
    }
    p = only_class(p, id);
    y = only_class(y, id);
  }
  Tensor w;
  if (batch.sample_weight.defined()) w = weights_for(batch.metric, batch.sample_weight, p.shape());
  const auto label_weights = std::ssize(batch.label_weights);
  if (label_weights > 0 && (p.rank() == 0 || p.shape().back() != label_weights)) {
    throw ShapeError(fmt::format("{}: {} label_weights, predictions are {}; expected one a label",
                                 batch.metric, label_weights, p.spec().text()));
  }

  // Sums of weights by how many thresholds lie below the prediction; true and false targets apart.
  const std::int64_t n = count(), labels = batch.labels;
  std::vector<double> sums[2];
  for (auto& s : sums) s.resize(static_cast<std::size_t>((n + 1) * labels));
  const float *pred = p.data<float>(), *target = y.data<float>();
  const float* weight = w.defined() ? w.data<float>() : nullptr;
  for (std::int64_t i = 0; i < p.size(); ++i) {
    double by = weight != nullptr ? static_cast<double>(weight[i]) : 1.0;
    if (label_weights > 0) by *= batch.label_weights[static_cast<std::size_t>(i % label_weights)];
    sums[target[i] != 0][static_cast<std::size_t>(below(pred[i]) * labels + i % labels)] += by;
  }
  // A threshold with k others below it is exceeded by what has more than k below.
  for (auto& s : sums) {
    for (std::int64_t i = n * labels; i-- > 0;) {
      s[static_cast<std::size_t>(i)] += s[static_cast<std::size_t>(i + labels)];
    }
  }
  for (std::int64_t t = 0; t < n; ++t) {
    for (std::int64_t label = 0; label < labels; ++label) {
      const auto at =
          static_cast<std::size_t>((rank_[static_cast<std::size_t>(t)] + 1) * labels + label);
      const std::int64_t to = t * labels + label;
      const auto all = static_cast<std::size_t>(label);
      if (counts.true_positives != nullptr) counts.true_positives[to] += sums[1][at];
      if (counts.false_positives != nullptr) counts.false_positives[to] += sums[0][at];
      if (counts.true_negatives != nullptr) counts.true_negatives[to] += sums[0][all] - sums[0][at];
      if (counts.false_negatives != nullptr) {
        counts.false_negatives[to] += sums[1][all] - sums[1][at];
      }
    }
  }
}

}  // namespace keratin::metrics
