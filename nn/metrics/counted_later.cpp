#include "nn/metrics/counted_later.h"

#include <algorithm>

#include "tensor/recording.h"

namespace keratin::metrics {
namespace {

Shape without_rows(const Shape& shape) { return shape.slice(1, shape.rank()); }

}  // namespace

void CountedLater::update_state(const Tensor& y_true, const Tensor& y_pred,
                                const Tensor& sample_weight) {
  const std::array<Tensor, kParts> batch = {y_true, y_pred, sample_weight};
  if (!looks_as_before(batch)) {
    settle();
    const auto here = [](const Tensor& t) { return t.defined() ? t.to(Device{}) : t; };
    count(here(y_true), here(y_pred), here(sample_weight));
    remember(batch);
    return;
  }
  detail::count_each_run([this, batch] { wait(batch); });
}

void CountedLater::wait(const std::array<Tensor, kParts>& batch) {
  const std::int64_t rows = batch[1].shape()[0];
  if (waiting_rows() + rows > capacity_ || std::ssize(batches_) == kMostBatches) settle();
  const std::int64_t first = waiting_rows();
  for (std::size_t i = 0; i < kParts; ++i) {
    if (parts_[i].given) parts_[i].rows.slice(first, first + rows).copy_from(batch[i]);
  }
  batches_.push_back(first + rows);
}

bool CountedLater::looks_as_before(const std::array<Tensor, kParts>& batch) const {
  const Tensor& predicted = batch[1];
  if (predicted.device().is_cpu() || predicted.rank() == 0) return false;
  if (predicted.shape()[0] > capacity_) return false;
  for (std::size_t i = 0; i < kParts; ++i) {
    const Tensor& part = batch[i];
    const Part& before = parts_[i];
    if (part.defined() != before.given) return false;
    if (!part.defined()) continue;
    if (part.rank() == 0 || part.shape()[0] != predicted.shape()[0] ||
        part.dtype() != before.spec.dtype || part.device() != before.spec.device ||
        without_rows(part.shape()) != before.spec.shape)
      return false;
  }
  return true;
}

// Makes room for batches like this one, where it is on a GPU and is small enough to wait.
void CountedLater::remember(const std::array<Tensor, kParts>& batch) {
  capacity_ = 0;
  parts_ = {};
  const Tensor& predicted = batch[1];
  if (predicted.device().is_cpu() || predicted.rank() == 0) return;
  std::int64_t bytes = 1;
  for (const Tensor& part : batch) {
    if (!part.defined()) continue;
    if (part.rank() == 0 || part.shape()[0] != predicted.shape()[0] || part.dtype() == string)
      return;
    bytes = std::max(bytes, part.bytes());
  }
  const std::int64_t together = std::min(kMostBytes / bytes, kMostBatches);
  if (together < 2) return;
  capacity_ = together * predicted.shape()[0];
  for (std::size_t i = 0; i < kParts; ++i) {
    if (!batch[i].defined()) continue;
    const Shape shape = without_rows(batch[i].shape());
    parts_[i] = {
        true,
        {shape, batch[i].dtype(), batch[i].device()},
        Tensor::empty(Shape{capacity_}.joined(shape), batch[i].dtype(), batch[i].device())};
  }
}

void CountedLater::settle() const {
  if (batches_.empty()) return;
  const std::vector<std::int64_t> batches = std::move(batches_);
  batches_.clear();
  std::array<Tensor, kParts> all;
  for (std::size_t i = 0; i < kParts; ++i) {
    if (parts_[i].given) all[i] = parts_[i].rows.slice(0, batches.back()).to(Device{});
  }
  std::int64_t first = 0;
  for (const std::int64_t last : batches) {
    const auto part = [&](std::size_t i) {
      return all[i].defined() ? all[i].slice(first, last) : Tensor();
    };
    // What waits belongs to the metric's value already: to readers nothing changes.
    const_cast<CountedLater*>(this)->count(part(0), part(1), part(2));
    first = last;
  }
}

}  // namespace keratin::metrics
