#include "nn/layers/preprocessing/quantiles.h"

#include <algorithm>
#include <cmath>

namespace keratin::layers::detail {
namespace {

// The piecewise linear function through (x[i], y[i]), x rising, at a place; level outside of them.
double interpolated(double at, const std::vector<float>& x, const std::vector<float>& y) {
  if (at < x.front()) return y.front();
  if (at >= x.back()) return y.back();
  const auto above = std::upper_bound(x.begin(), x.end(), at,
                                      [](double a, float b) { return a < static_cast<double>(b); });
  const auto i = static_cast<std::size_t>(above - x.begin());
  const double x0 = x[i - 1], x1 = x[i], y0 = y[i - 1], y1 = y[i];
  return (y1 - y0) / (x1 - x0) * (at - x0) + y0;
}

}  // namespace

void Quantiles::add(std::vector<float> values) {
  if (values.empty()) return;
  std::sort(values.begin(), values.end());
  // Every step-th value stands for those before it.
  const double step = std::max(static_cast<double>(values.size()) / (1.0 / epsilon_), 1.0);
  Summary merged;
  for (auto i = static_cast<std::size_t>(step - 1); i < values.size();
       i += static_cast<std::size_t>(step)) {
    merged.push_back({values[i], static_cast<float>(step)});
  }
  merged.insert(merged.end(), summary_.begin(), summary_.end());
  std::stable_sort(merged.begin(), merged.end(),
                   [](const Point& a, const Point& b) { return a.value < b.value; });
  summary_ = compressed(merged, epsilon_);
}

Quantiles::Summary Quantiles::compressed(const Summary& summary, double epsilon) {
  if (static_cast<double>(summary.size()) * epsilon < 1) return summary;
  std::vector<float> value, up_to, share;  // up_to: weights added up
  float sum = 0;
  for (const Point& point : summary) {
    value.push_back(point.value);
    up_to.push_back(sum += point.weight);
  }
  for (const float weights : up_to) share.push_back(weights / sum);
  Summary result;
  double before = 0;
  const auto count = static_cast<std::int64_t>(std::ceil(1.0 / epsilon));
  for (std::int64_t i = 0; i < count; ++i) {
    const double wanted = epsilon + static_cast<double>(i) * epsilon;
    const double weights = interpolated(wanted, share, up_to);
    result.push_back({static_cast<float>(interpolated(wanted, share, value)),
                      static_cast<float>(weights - before)});
    before = weights;
  }
  return result;
}

std::vector<float> Quantiles::boundaries(std::int64_t bins) const {
  std::vector<float> result;
  for (const Point& point : compressed(summary_, 1.0 / static_cast<double>(bins))) {
    result.push_back(point.value);
  }
  if (!result.empty()) result.pop_back();
  return result;
}

}  // namespace keratin::layers::detail
