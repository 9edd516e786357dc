#include "nn/metrics/accuracy.h"

#include <fmt/format.h>

#include <limits>

#include "autograd/elementwise.h"
#include "autograd/ops/max.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/where.h"
#include "kernels/reduce/matches.h"
#include "kernels/reduce/reduce.h"
#include "tensor/cast.h"
#include "tensor/compare.h"
#include "tensor/one_hot.h"
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
Tensor beside(const Tensor& y_true, const Tensor& y_pred) {
  return detail::read_only_on(y_pred.device(), y_true);
}

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

// The classes of one-hot targets, where the predictions are.
Tensor classes_of(const Tensor& y_true, const Tensor& y_pred) {
  return beside(detail::computed_each_run(y_true, [y_true] { return best_class(y_true); }), y_pred);
}

Tensor matches_categorical(const Tensor& y_true, const Tensor& y_pred) {
  return equal("categorical_accuracy", classes_of(y_true, y_pred), best_class(y_pred));
}

Tensor matches_sparse(const Tensor& y_true, const Tensor& y_pred) {
  const Tensor said = best_class(y_pred);
  const Tensor y = without_last_one(beside(y_true, y_pred), said.rank());
  return equal("sparse_categorical_accuracy", said.device().is_cpu() ? cast(y, int64) : y, said);
}

// Does one kernel count matches: on a GPU, of f32 [samples, classes]?
bool is_counted(const Tensor& y_pred) {
  constexpr std::int64_t kMost = std::int64_t{1} << 24;  // what float32 counts exactly
  return !y_pred.device().is_cpu() && y_pred.dtype() == float32 && y_pred.rank() == 2 &&
         y_pred.shape()[0] <= kMost && y_pred.shape()[1] > 0;
}

// How many samples have the class that `classes`, beside the predictions, says; f32. Not defined()
// where they do not fit.
Tensor counted(const Tensor& classes, const Tensor& y_pred) {
  const Tensor labels = without_last_one(classes, 1);
  if (labels.shape() != Shape{y_pred.shape()[0]}) return {};
  Tensor count = Tensor::empty({}, float32, y_pred.device());
  const auto run = [&]<class I>(const I* numbers) {
    kernels::run(count.stream(), kernels::matches_ladder<I>, y_pred.on_device<float>(), numbers,
                 count.mutable_on_device<float>(),
                 kernels::MatchesShape{y_pred.shape()[0], y_pred.shape()[1]});
    return count;
  };
  if (labels.dtype() == float32) return run(labels.on_device<float>());
  if (labels.dtype() == uint8) return run(labels.on_device<std::uint8_t>());
  if (labels.dtype() == int32) return run(labels.on_device<std::int32_t>());
  if (labels.dtype() == int64) return run(labels.on_device<std::int64_t>());
  return {};
}

Tensor counted_sparse(const Tensor& y_true, const Tensor& y_pred) {
  return is_counted(y_pred) ? counted(beside(y_true, y_pred), y_pred) : Tensor();
}
Tensor counted_categorical(const Tensor& y_true, const Tensor& y_pred) {
  return is_counted(y_pred) ? counted(classes_of(y_true, y_pred), y_pred) : Tensor();
}

// Is the score of each true class among the k best? Fewer than k scores are larger.
Tensor matches_top_k(const Tensor& classes, const Tensor& y_pred, int k) {
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  const Tensor scores = cast(y_pred, float32);  // [..., classes]
  const Shape& shape = scores.shape();
  const Tensor numbers = cast(classes, int64).reshaped(shape.slice(0, shape.rank() - 1));
  const Tensor is_true = one_hot(numbers, shape.back(), {.dtype = boolean});  // [..., classes]
  const Tensor mine = max(where(is_true, scores, kNone), {.axis = -1, .keepdims = true});
  const Tensor larger = sum(cast(greater(scores, mine), float32), {.axis = -1});
  const Tensor known = max(cast(is_true, float32), {.axis = -1});  // 0: no such class
  return known * cast(less(larger, k), float32);
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
    const Tensor classes = sparse_ ? without_last_one(beside(y_true, y_pred), y_pred.rank() - 1)
                                   : classes_of(y_true, y_pred);
    if (classes.size() * y_pred.shape().back() != y_pred.size()) {
      throw ShapeError(fmt::format("{}: targets are {}, predictions {}; they do not fit", name(),
                                   y_true.spec().text(), y_pred.spec().text()));
    }
    MeanMetric::update_state({}, matches_top_k(classes, y_pred, k_), sample_weight);
  }
  std::string direction() const override { return "up"; }
  bool reads_mask() const override { return true; }

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
                                              matches_categorical, counted_categorical)) {
  set_origin("CategoricalAccuracy", o);
}
SparseCategoricalAccuracy::SparseCategoricalAccuracy(const MetricOptions& o)
    : MetricRef(std::make_shared<MatchMetric>(name_or(o.name, "sparse_categorical_accuracy"),
                                              matches_sparse, counted_sparse)) {
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
  if (last != 1 && !sample_weight.defined()) {
    const Tensor count =
        sparse ? counted_sparse(y_true, y_pred) : counted_categorical(y_true, y_pred);
    if (count.defined()) return add_sum(count, y_pred.shape()[0]);
  }
  MeanMetric::update_state({},
                           last == 1 ? matches_binary(y_true, y_pred, 0.5)
                           : sparse  ? matches_sparse(y_true, y_pred)
                                     : matches_categorical(y_true, y_pred),
                           sample_weight);
}

}  // namespace keratin::metrics
