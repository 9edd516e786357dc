#include "nn/metrics/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/ops/broadcast_to.h"
#include "kernels/device_run.h"
#include "kernels/gather/gather.h"
#include "nn/names.h"
#include "tensor/cast.h"
#include "tensor/recording.h"

namespace keratin::metrics {

std::string name_or_unique(const std::string& given, const char* class_name) {
  return given.empty() ? unique_name(snake_case(class_name)) : given;
}

void Sums::add(const Tensor& value, double weight) {
  const Device device = value.device();
  if (device.is_cpu()) {
    *data() += value.item<double>() * weight;
    return;
  }
  if (value.dtype() != float32) return add(value.to(Device{}), weight);
  if (detail::Recording::current() != nullptr) return add_recorded(value, weight);
  make_room(device);
  const std::int64_t place = std::ssize(weights_);
  waiting_.slice(place, place + 1).copy_from(value.reshaped({1}));
  weights_.push_back(weight);
}

void Sums::add(double value) {
  detail::count_each_run([this, value] { *data() += value; });
}

// For what one step adds.
void Sums::make_room(Device device) {
  if (!waiting_.defined() || waiting_.device() != device ||
      std::ssize(weights_) > kMostWaiting - kMostAStep) {
    settle();
    if (!waiting_.defined() || waiting_.device() != device)
      waiting_ = Tensor::empty({kMostWaiting}, float32, device);
  }
  if (weights_.empty()) waiting_.copy_from(zeros({kMostWaiting}));
}

// waiting_[place] += value, of 0, with the place in memory of the GPU.
void Sums::add_recorded(const Tensor& value, double weight) {
  detail::Recording& recording = *detail::Recording::current();
  const auto earlier = static_cast<std::int64_t>(recording.next_number(this));  // in this step
  if (!waiting_.defined() || earlier >= kMostAStep) {
    recording.refuse("adds to a metric in a way of its own");
    *data() += value.item<double>() * weight;
    return;
  }
  const Tensor held = waiting_;
  const void* const place = recording.words(1, [this, held, earlier](std::uint64_t* word) {
    if (earlier == 0) make_room(held.device());
    KERATIN_ASSERT(waiting_.shares_storage_with(held));
    *word = static_cast<std::uint64_t>(std::ssize(weights_) + earlier);
  });
  kernels::run(held.stream(), kernels::scatter_add_ladder<float, std::int64_t>,
               value.on_device<float>(), static_cast<const std::int64_t*>(place),
               waiting_.mutable_on_device<float>(),
               kernels::GatherShape{.table_rows = kMostWaiting, .count = 1, .cols = 1});
  detail::count_each_run([this, weight] { weights_.push_back(weight); });
}

void Sums::clear() {
  weights_.clear();
  double* const values = values_.mutable_data<double>();
  std::fill_n(values, values_.size(), 0.0);
}

void Sums::settle() const {
  if (weights_.empty()) return;
  const std::vector<float> added =
      waiting_.slice(0, std::ssize(weights_)).to_vector<float>();  // waits for the GPU
  double& sum = *values_.mutable_data<double>();
  for (std::size_t i = 0; i < added.size(); ++i) sum += static_cast<double>(added[i]) * weights_[i];
  weights_.clear();
}

Tensor aligned(const std::string& metric, const Tensor& y, const Tensor& like) {
  Tensor target = y;
  const Shape &t = y.shape(), &p = like.shape();
  if (t.rank() == p.rank() + 1 && t.back() == 1) {
    target = y.reshaped(t.slice(0, t.rank() - 1));
  } else if (p.rank() == t.rank() + 1 && p.back() == 1) {
    target = y.reshaped(t.joined({1}));
  }
  if (target.shape() != p) {
    throw ShapeError(fmt::format("{}: targets are {}, predictions {}; they do not fit", metric,
                                 y.spec().text(), like.spec().text()));
  }
  return target.to(like.device());
}

Tensor weights_for(const std::string& metric, const Tensor& sample_weight, const Shape& values) {
  Tensor w = cast(sample_weight, float32);
  while (w.rank() > values.rank() && w.shape().back() == 1) {
    w = w.reshaped(w.shape().slice(0, w.rank() - 1));
  }
  Shape shape = w.shape();
  while (shape.rank() < values.rank()) shape.push_back(1);
  bool fits = shape.rank() == values.rank() && w.rank() > 0;
  for (std::int64_t i = 0; fits && i < shape.rank(); ++i) {
    fits = shape[i] == values[i] || (i > 0 && shape[i] == 1);
  }
  if (!fits) {
    throw ShapeError(fmt::format(
        "{}: sample_weight is {}, values are {}; expected one weight a sample, or one a value",
        metric, sample_weight.spec().text(), values.text()));
  }
  return broadcast_to(w.reshaped(shape), values);
}

Tensor result_of(const std::vector<double>& values) {
  if (values.size() == 1) return Tensor::scalar(values[0]);
  return Tensor::from(std::vector<float>(values.begin(), values.end()));
}

}  // namespace keratin::metrics
