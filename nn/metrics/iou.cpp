#include "nn/metrics/iou.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "nn/metrics/counted_later.h"
#include "nn/metrics/state.h"
#include "tensor/cast.h"
#include "tensor/compare.h"

namespace keratin::metrics {
namespace {

class IouMetric : public CountedLater {
 public:
  IouMetric(const char* class_name, IoUOptions o)
      : CountedLater(name_or_unique(o.name, class_name)), options_(std::move(o)) {
    if (options_.num_classes < 1 || options_.num_classes > 65536) {
      throw ValueError(fmt::format("{}: num_classes is {}; expected 1 to 65536", class_name,
                                   options_.num_classes));
    }
    if (options_.target_class_ids.empty()) {
      throw ValueError(fmt::format("{}: target_class_ids is missing", class_name));
    }
    for (const int id : options_.target_class_ids) {
      if (id >= 0 && id < options_.num_classes) continue;
      throw ValueError(fmt::format("{}: target class {} is out of range; expected 0 to {}",
                                   class_name, id, options_.num_classes - 1));
    }
    const std::int64_t n = options_.num_classes;
    matrix_ =
        Sums(add_variable({.shape = {n, n}, .dtype = float64, .name = "total_confusion_matrix"}));
  }

  void count(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override {
    const Tensor so = classes(y_true, options_.sparse_y_true);
    const Tensor said = classes(y_pred, options_.sparse_y_pred);
    if (so.size() != said.size()) {
      throw ShapeError(fmt::format("{}: targets are {}, predictions {}; they do not fit", name(),
                                   y_true.spec().text(), y_pred.spec().text()));
    }
    Tensor weights;
    if (sample_weight.defined()) weights = weights_for(name(), sample_weight, so.shape());
    const std::int64_t *t = so.data<std::int64_t>(), *p = said.data<std::int64_t>();
    const auto ignored = [&](std::int64_t i) {
      return options_.ignore_class && t[i] == *options_.ignore_class;
    };
    for (std::int64_t i = 0; i < so.size(); ++i) {  // before anything is counted
      if (ignored(i)) continue;
      require_class("target", t[i], i);
      require_class("prediction", p[i], i);
    }
    for (std::int64_t i = 0; i < so.size(); ++i) {
      if (ignored(i)) continue;
      matrix_.data()[t[i] * options_.num_classes + p[i]] +=
          weights.defined() ? static_cast<double>(weights.data<float>()[i]) : 1.0;
    }
  }

  Tensor counted() const override {
    const std::int64_t n = options_.num_classes;
    double sum = 0, occurring = 0;
    for (const std::int64_t id : options_.target_class_ids) {
      double row = 0, column = 0;
      for (std::int64_t other = 0; other < n; ++other) {
        row += matrix_[id * n + other];
        column += matrix_[other * n + id];
      }
      const double both = matrix_[id * n + id], either = row + column - both;
      if (either <= 1e-9) continue;
      sum += both / (either + 1e-7);
      occurring += 1;
    }
    return Tensor::scalar(sum / (occurring + 1e-7));
  }

  std::string direction() const override { return "up"; }

 private:
  Tensor classes(const Tensor& y, bool sparse) const {
    return sparse ? cast(y, int64) : argmax(y, {.axis = options_.axis});
  }
  void require_class(const char* what, std::int64_t id, std::int64_t at) const {
    if (id >= 0 && id < options_.num_classes) return;
    throw ValueError(fmt::format(
        "{}: {} {} of element {} is out of range; expected 0 to {}{}", name(), what, id, at,
        options_.num_classes - 1,
        options_.sparse_y_pred ? ". For scores of classes set sparse_y_pred = false" : ""));
  }

  IoUOptions options_;
  Sums matrix_;  // [target, prediction]
};

class BinaryIouMetric final : public IouMetric {
 public:
  explicit BinaryIouMetric(const BinaryIoUOptions& o)
      : IouMetric("BinaryIoU",
                  {.num_classes = 2, .target_class_ids = o.target_class_ids, .name = o.name}),
        threshold_(o.threshold) {}
  void count(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override {
    const Tensor said = cast(greater_equal(cast(y_pred, float32), threshold_), int64);
    IouMetric::count(y_true, said, sample_weight);
  }

 private:
  double threshold_;
};

std::vector<int> all_classes(std::int64_t num_classes) {
  if (num_classes < 1 || num_classes > 65536) return {0};  // refused later
  std::vector<int> ids(static_cast<std::size_t>(num_classes));
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

MetricRef iou(const char* class_name, IoUOptions options) {
  return MetricRef(std::make_shared<IouMetric>(class_name, std::move(options)));
}

}  // namespace

IoU::IoU(const IoUOptions& options) : MetricRef(iou("IoU", options)) { set_origin("IoU", options); }

BinaryIoU::BinaryIoU(const BinaryIoUOptions& options)
    : MetricRef(std::make_shared<BinaryIouMetric>(options)) {
  set_origin("BinaryIoU", options);
}

MeanIoU::MeanIoU(const MeanIoUOptions& o)
    : MetricRef(iou("MeanIoU", {.num_classes = o.num_classes,
                                .target_class_ids = all_classes(o.num_classes),
                                .name = o.name,
                                .ignore_class = o.ignore_class,
                                .sparse_y_true = o.sparse_y_true,
                                .sparse_y_pred = o.sparse_y_pred,
                                .axis = o.axis})) {
  set_origin("MeanIoU", o);
}

OneHotIoU::OneHotIoU(const OneHotIoUOptions& o)
    : MetricRef(iou("OneHotIoU", {.num_classes = o.num_classes,
                                  .target_class_ids = o.target_class_ids,
                                  .name = o.name,
                                  .ignore_class = o.ignore_class,
                                  .sparse_y_true = false,
                                  .sparse_y_pred = o.sparse_y_pred,
                                  .axis = o.axis})) {
  set_origin("OneHotIoU", o);
}

OneHotMeanIoU::OneHotMeanIoU(const OneHotMeanIoUOptions& o)
    : MetricRef(iou("OneHotMeanIoU", {.num_classes = o.num_classes,
                                      .target_class_ids = all_classes(o.num_classes),
                                      .name = o.name,
                                      .ignore_class = o.ignore_class,
                                      .sparse_y_true = false,
                                      .sparse_y_pred = o.sparse_y_pred,
                                      .axis = o.axis})) {
  set_origin("OneHotMeanIoU", o);
}

}  // namespace keratin::metrics
