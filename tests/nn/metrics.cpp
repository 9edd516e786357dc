#include "nn/metric.h"

#include "autograd/ops/sum.h"
#include "nn/metrics/accuracy.h"
#include "nn/metrics/mean.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

double result_of(const MetricRef& metric) { return metric.result().item<double>(); }

TEST_CASE("metrics: shapes that do not fit are refused") {
  struct Row {
    const char* metric;
    Shape y_true, y_pred;
  };
  const Row rows[] = {
      {"binary_accuracy", {8, 2}, {8, 1}},
      {"binary_accuracy", {4}, {8, 1}},
      {"categorical_accuracy", {8}, {8, 3}},
      {"categorical_accuracy", {4, 3}, {8, 3}},
      {"sparse_categorical_accuracy", {4}, {8, 3}},
      {"sparse_categorical_accuracy", {8, 3}, {8, 3}},
      {"sparse_top_k_categorical_accuracy", {4}, {8, 3}},
      {"top_k_categorical_accuracy", {4, 3}, {8, 3}},
      {"sparse_categorical_accuracy", {8}, {8, 0}},
      {"mse", {8}, {8, 3}},
      {"mae", {8, 1}, {8, 3}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.metric);
    CAPTURE(row.y_true.text());
    MetricRef metric = row.metric;
    CHECK_THROWS_AS(metric.update_state(zeros(row.y_true), zeros(row.y_pred)), ShapeError);
    CHECK(result_of(metric) == 0);  // nothing was counted
  }
}

TEST_CASE("metrics: sample weights that do not fit") {
  for (const Shape& wrong : {Shape{3}, Shape{}, Shape{1}, Shape{4, 2}, Shape{4, 3, 2}}) {
    CAPTURE(wrong.text());
    metrics::Mean mean;
    CHECK_THROWS_WITH_AS(mean.update_state({}, ones({4, 3}), ones(wrong)),
                         doctest::Contains("sample_weight is f32["), ShapeError);
    CHECK(result_of(mean) == 0);
  }
}

TEST_CASE("metrics: NaN stays in the mean until reset; as a score it is never the largest") {
  metrics::Mean mean;
  mean.update_state(Tensor::numbers({1, std::nan("")}));
  mean.update_state(Tensor::numbers({1, 2}));
  CHECK(std::isnan(result_of(mean)));
  mean.reset_state();
  mean.update_state(Tensor::numbers({1, 2}));
  CHECK(result_of(mean) == 1.5);

  MetricRef binary = "binary_accuracy";
  binary.update_state(Tensor::numbers({1, 0}, {2, 1}), Tensor::numbers({std::nan(""), 0}, {2, 1}));
  CHECK(result_of(binary) == 0.5);  // NaN > 0.5 is false
}

TEST_CASE("metrics: names and directions") {
  const std::pair<const char*, const char*> rows[] = {
      {"accuracy", "up"},
      {"acc", "up"},
      {"binary_accuracy", "up"},
      {"sparse_top_k_categorical_accuracy", "up"},
      {"mse", "down"},
      {"mae", "down"},
      {"binary_crossentropy", "down"},
  };
  for (const auto& [name, direction] : rows) {
    CAPTURE(name);
    const MetricRef metric = name;
    CHECK(metric.name() == name);  // as it was typed
    CHECK(metric.metric()->direction() == direction);
  }
  CHECK(metrics::Mean({.name = "m"}).metric()->direction().empty());
  CHECK(metrics::SparseCategoricalAccuracy().name() == "sparse_categorical_accuracy");
  CHECK(metrics::BinaryAccuracy({.name = "b"}).name() == "b");
  CHECK_FALSE(MetricRef().given());
  CHECK_THROWS_WITH_AS(metrics::TopKCategoricalAccuracy({.k = 0}), doctest::Contains("k is 0"),
                       ValueError);
}

TEST_CASE("metrics: targets of any number type") {
  for (const DType dtype : {uint8, int32, int64, float32, float64}) {
    CAPTURE(name_of(dtype));
    MetricRef sparse = "sparse_categorical_accuracy", binary = "binary_accuracy";
    sparse.update_state(Tensor::numbers({1, 0}, {2}, dtype),
                        Tensor::numbers({0, 1, 1, 0}, {2, 2}, float64));
    CHECK(result_of(sparse) == 1);
    binary.update_state(Tensor::numbers({1, 0}, {2}, dtype), Tensor::numbers({0.9, 0.1}, {2, 1}));
    CHECK(result_of(binary) == 1);
  }
}

// The mean of how far predictions are too high, from variables as a user would write it.
class Bias : public Metric {
 public:
  Bias() : Metric("bias") {}
  void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor&) override {
    total_.assign_add(sum(y_pred).item<double>() - sum(y_true).item<double>());
    count_.assign_add(y_true.size());
  }
  Tensor result() const override {
    return Tensor::scalar(total_.value().item<double>() / count_.value().item<double>());
  }

 private:
  Variable total_ = add_variable({.name = "total"}), count_ = add_variable({.name = "count"});
};

TEST_CASE("metrics: one of the user's own") {
  MetricRef bias = make_metric<Bias>();
  CHECK(bias.name() == "bias");
  CHECK(bias.metric()->variables().size() == 2);
  for (int epoch = 0; epoch < 2; ++epoch) {
    bias.update_state(Tensor::numbers({1, 2}), Tensor::numbers({2, 4}));
    CHECK(result_of(bias) == 1.5);
    bias.update_state(Tensor::numbers({1, 2}), Tensor::numbers({1, 1}));
    CHECK(result_of(bias) == 0.5);
    bias.reset_state();
  }
}

}  // namespace
}  // namespace keratin::tests
