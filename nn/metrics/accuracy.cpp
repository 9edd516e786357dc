#include "nn/metrics/accuracy.h"

#include <fmt/format.h>

#include "autograd/elementwise.h"
#include "autograd/ops/sum.h"
#include "kernels/reduce/reduce.h"
#include "tensor/cast.h"
#include "tensor/recording.h"

namespace keratin::metrics {
namespace {

// Class numbers of the largest along the last axis, [...] int64, where x is.
Tensor best_class(const Tensor& x) {
  const std::int64_t classes = x.shape().back();
  if (classes == 0) throw ShapeError(fmt::format("accuracy: {} has no classes", x.spec().text()));
  Tensor y = Tensor::empty(x.shape().slice(0, x.rank() - 1), int64, x.device());
  dispatch_numbers("accuracy", x.dtype(), [&]<class T> {
    kernels::run(y.stream(), kernels::arg_reduce_ladder<T>, x.on_device<T>(),
                 y.mutable_on_device<std::int64_t>(),
                 kernels::ArgReduceShape{true, y.size(), classes, 1});
  });
  return y;
}

Tensor equal(const char* metric, const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) {
    throw ShapeError(fmt::format("{}: targets are {}, predictions {}; they do not fit", metric,
                                 a.spec().text(), b.spec().text()));
  }
  if (b.device().is_cpu()) return detail::mask(kernels::Binary::equal, a, b);
  // Kernels of GPUs compare float32, which has all class numbers up to 2^24.
  return detail::mask(kernels::Binary::equal, cast(a, float32), cast(b, float32));
}

// Targets where the predictions are.
Tensor beside(const Tensor& y_true, const Tensor& y_pred) { return y_true.to(y_pred.device()); }

Tensor without_last_one(const Tensor& x, std::int64_t rank) {
  return x.rank() == rank + 1 && x.shape().back() == 1 ? x.reshaped(x.shape().slice(0, rank)) : x;
}

Tensor matches_exactly(const Tensor& y_true, const Tensor& y_pred) {
  const Tensor y = without_last_one(beside(y_true, y_pred), y_pred.rank());
  return equal("accuracy", cast(y, y_pred.dtype()), y_pred);
}

Tensor matches_binary(const Tensor& y_true, const Tensor& y_pred, double threshold) {
  const Tensor said =
      detail::mask(kernels::Binary::greater, y_pred, detail::operand(threshold, y_pred));
  Tensor y = without_last_one(beside(y_true, y_pred), y_pred.rank());
  if (y.rank() + 1 == said.rank() && said.shape().back() == 1) y = y.reshaped(said.shape());
  return equal("binary_accuracy", cast(y, said.dtype()), said);
}

Tensor matches_categorical(const Tensor& y_true, const Tensor& y_pred) {
  const Tensor best = detail::computed_each_run(y_true, [y_true] { return best_class(y_true); });
  return equal("categorical_accuracy", beside(best, y_pred), best_class(y_pred));
}

Tensor matches_sparse(const Tensor& y_true, const Tensor& y_pred) {
  const Tensor said = best_class(y_pred);
  const Tensor y = without_last_one(beside(y_true, y_pred), said.rank());
  return equal("sparse_categorical_accuracy", cast(y, int64), said);
}

// Is the score of each true class among the k best? Fewer than k scores are larger.
Tensor matches_top_k(const Tensor& classes, const Tensor& y_pred, int k) {
  const std::vector<std::int64_t> labels = classes.to_vector<std::int64_t>();
  const std::vector<float> scores = y_pred.to_vector<float>();
  const auto width = static_cast<std::size_t>(y_pred.shape().back());
  std::vector<float> right(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= static_cast<std::int64_t>(width)) continue;
    const float mine = scores[i * width + static_cast<std::size_t>(labels[i])];
    int larger = 0;
    for (std::size_t j = 0; j < width; ++j) larger += scores[i * width + j] > mine;
    right[i] = larger < k ? 1.0f : 0.0f;
  }
  return Tensor::from(right, classes.shape());
}

class BinaryMatch final : public MeanMetric {
 public:
  BinaryMatch(std::string name, double threshold)
      : MeanMetric(std::move(name)), threshold_(threshold) {}
  void update_state(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight) override {
    MeanMetric::update_state({}, matches_binary(y_true, y_pred, threshold_), sample_weight);
  }
  std::string direction() const override { return "up"; }
  bool reads_mask() const override { return true; }

 private:
  double threshold_;
};

class TopKMatch final : public MeanMetric {
 public:
  TopKMatch(std::string name, int k, bool sparse)
      : MeanMetric(std::move(name)), k_(k), sparse_(sparse) {
    if (k < 1) throw ValueError(fmt::format("{}: k is {}; expected at least 1", this->name(), k));
  }
  void update_state(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight) override {
    const Tensor classes =
        sparse_ ? without_last_one(y_true, y_pred.rank() - 1) : best_class(y_true);
    if (classes.size() * y_pred.shape().back() != y_pred.size()) {
      throw ShapeError(fmt::format("{}: targets are {}, predictions {}; they do not fit", name(),
                                   y_true.spec().text(), y_pred.spec().text()));
    }
    MeanMetric::update_state({}, matches_top_k(classes, y_pred, k_), sample_weight);
  }
  std::string direction() const override { return "up"; }
  bool reads_mask() const override { return true; }
  bool on_gpu() const override { return false; }

 private:
  int k_;
  bool sparse_;
};

}  // namespace

Accuracy::Accuracy(const MetricOptions& o)
    : MetricRef(std::make_shared<MatchMetric>(name_or(o.name, "accuracy"), matches_exactly)) {
  set_origin("Accuracy", o);
}
BinaryAccuracy::BinaryAccuracy(const BinaryAccuracyOptions& o)
    : MetricRef(std::make_shared<BinaryMatch>(name_or(o.name, "binary_accuracy"), o.threshold)) {
  set_origin("BinaryAccuracy", o);
}
CategoricalAccuracy::CategoricalAccuracy(const MetricOptions& o)
    : MetricRef(std::make_shared<MatchMetric>(name_or(o.name, "categorical_accuracy"),
                                              matches_categorical)) {
  set_origin("CategoricalAccuracy", o);
}
SparseCategoricalAccuracy::SparseCategoricalAccuracy(const MetricOptions& o)
    : MetricRef(std::make_shared<MatchMetric>(name_or(o.name, "sparse_categorical_accuracy"),
                                              matches_sparse)) {
  set_origin("SparseCategoricalAccuracy", o);
}
TopKCategoricalAccuracy::TopKCategoricalAccuracy(const TopKOptions& o)
    : MetricRef(
          std::make_shared<TopKMatch>(name_or(o.name, "top_k_categorical_accuracy"), o.k, false)) {
  set_origin("TopKCategoricalAccuracy", o);
}
SparseTopKCategoricalAccuracy::SparseTopKCategoricalAccuracy(const TopKOptions& o)
    : MetricRef(std::make_shared<TopKMatch>(name_or(o.name, "sparse_top_k_categorical_accuracy"),
                                            o.k, true)) {
  set_origin("SparseTopKCategoricalAccuracy", o);
}

void ResolvedAccuracy::update_state(const Tensor& y_true, const Tensor& y_pred,
                                    const Tensor& sample_weight) {
  const std::int64_t last = y_pred.rank() == 0 ? 1 : y_pred.shape().back();
  const bool sparse = y_true.rank() < y_pred.rank() || y_true.shape().back() == 1;
  MeanMetric::update_state({},
                           last == 1 ? matches_binary(y_true, y_pred, 0.5)
                           : sparse  ? matches_sparse(y_true, y_pred)
                                     : matches_categorical(y_true, y_pred),
                           sample_weight);
}

}  // namespace keratin::metrics
