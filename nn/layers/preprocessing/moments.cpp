#include "nn/layers/preprocessing/moments.h"

#include <algorithm>
#include <cmath>

#include "tensor/cast.h"

namespace keratin::layers::detail {
namespace {

// For each element of a tensor, row by row: its place among the kept axes.
class Places {
 public:
  Places(const Shape& shape, const std::vector<std::int64_t>& kept) {
    std::int64_t stride = 1;
    for (std::int64_t axis = shape.rank() - 1; axis >= 0; --axis) {
      const bool is_kept = std::find(kept.begin(), kept.end(), axis) != kept.end();
      axes_.push_back({shape[axis], is_kept ? stride : 0});
      if (is_kept) stride *= shape[axis];
    }
  }
  std::int64_t place() const { return place_; }
  void next() {
    for (Axis& axis : axes_) {
      place_ += axis.stride;
      if (++axis.at < axis.size) return;
      place_ -= axis.stride * axis.size;
      axis.at = 0;
    }
  }

 private:
  struct Axis {
    std::int64_t size, stride, at = 0;
  };
  std::vector<Axis> axes_;  // the innermost first
  std::int64_t place_ = 0;
};

}  // namespace

Moments::Moments(std::vector<std::int64_t> kept, Shape sizes)
    : kept_(std::move(kept)), sizes_(std::move(sizes)) {
  const auto places = static_cast<std::size_t>(sizes_.size());
  count_.resize(places), mean_.resize(places), squares_.resize(places);
}

void Moments::add(const Tensor& batch) {
  const Tensor numbers = cast(batch, float64);
  const double* x = numbers.data<double>();
  const std::size_t places = count_.size();
  std::vector<double> count(places), mean(places), squares(places);
  const auto for_values = [&](auto&& f) {
    Places at(numbers.shape(), kept_);
    for (std::int64_t i = 0; i < numbers.size(); ++i, at.next()) {
      if (!std::isnan(x[i])) f(static_cast<std::size_t>(at.place()), x[i]);
    }
  };
  for_values([&](std::size_t place, double value) {
    ++count[place];
    mean[place] += value;
  });
  for (std::size_t i = 0; i < places; ++i) mean[i] = count[i] > 0 ? mean[i] / count[i] : 0;
  for_values([&](std::size_t place, double value) {
    squares[place] += (value - mean[place]) * (value - mean[place]);
  });
  double used = 0;
  for (std::size_t i = 0; i < places; ++i) {
    used += count[i];
    if (count[i] == 0) continue;
    const double all = count_[i] + count[i], apart = mean[i] - mean_[i];
    squares_[i] += squares[i] + apart * apart * count_[i] * count[i] / all;
    mean_[i] += apart * count[i] / all;
    count_[i] = all;
  }
  values_ += numbers.size();
  left_out_ += numbers.size() - static_cast<std::int64_t>(used);
}

std::int64_t Moments::empty_place() const {
  const auto found = std::find(count_.begin(), count_.end(), 0.0);
  return found == count_.end() ? -1 : found - count_.begin();
}

Tensor Moments::mean() const { return Tensor::from(mean_, sizes_); }
Tensor Moments::variance() const {
  std::vector<double> variance(squares_);
  for (std::size_t i = 0; i < variance.size(); ++i) variance[i] /= count_[i];
  return Tensor::from(variance, sizes_);
}

}  // namespace keratin::layers::detail
