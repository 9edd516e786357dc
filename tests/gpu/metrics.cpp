// Metrics that only the CPU counts, with batches that wait on an emulated GPU; and those of the k
// best, which the GPU counts.
#include <bit>
#include <cmath>
#include <map>

#include "kernels/run.h"
#include "nn/metrics/accuracy.h"
#include "nn/metrics/auc.h"
#include "nn/metrics/confusion.h"
#include "nn/metrics/f_score.h"
#include "nn/metrics/iou.h"
#include "nn/metrics/regression.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/gpu/both_devices.h"

namespace keratin::tests {
namespace {

struct Batch {
  Tensor y_true, y_pred, weight;
};

// Ones and zeros, and scores from 0 to 1.
Batch batch(std::int64_t rows, std::uint64_t seed) {
  std::vector<float> y = normal_values<float>(rows * 3, seed), p = y;
  for (std::size_t i = 0; i < y.size(); ++i) {
    p[i] = 1 / (1 + std::exp(-y[i]));
    y[i] = y[(i * 5 + 1) % y.size()] > 0 ? 1.0F : 0.0F;
  }
  return {Tensor::from(y, {rows, 3}), Tensor::from(p, {rows, 3}),
          Tensor::from(normal_values<float>(rows, seed + 1), {rows})};
}

// As integers: a NaN is itself then.
std::vector<std::uint32_t> bits(const MetricRef& metric) {
  std::vector<std::uint32_t> all;
  for (const float value : metric.result().to_vector<float>())
    all.push_back(std::bit_cast<std::uint32_t>(value));
  return all;
}

const std::vector<std::pair<const char*, MetricRef (*)()>> kMetrics = {
    {"AUC", [] { return MetricRef(metrics::AUC({.multi_label = true})); }},
    {"Precision",
     [] {
       return MetricRef(metrics::Precision({.thresholds = {0.2, 0.7}}));
     }},
    {"Recall", [] { return MetricRef(metrics::Recall({.top_k = 2})); }},
    {"F1Score", [] { return MetricRef(metrics::F1Score()); }},
    {"R2Score", [] { return MetricRef(metrics::R2Score()); }}};

}  // namespace

TEST_CASE("gpu: metrics that the CPU counts, to the bit, whoever reads when") {
  const WithEmulatedGpu gpu;
  const Device there = Device::named("cuda");
  for (const auto& [name, make] : kMetrics) {
    CAPTURE(std::string(name));
    const MetricRef here = make(), away = make();
    const auto update = [](MetricRef metric, const Batch& b, bool weighted, Device device) {
      metric.update_state(b.y_true, b.y_pred.to(device), weighted ? b.weight.to(device) : Tensor());
    };
    for (int round = 0; round < 2; ++round) {
      std::uint64_t seed = 1;
      for (const std::int64_t rows : {4, 4, 2, 4, 7, 7, 3, 1}) {
        const bool weighted = seed > 5;  // what waits until then has none
        update(here, batch(rows, seed), weighted, Device{});
        update(away, batch(rows, seed), weighted, there);
        if (++seed == 4) CHECK(bits(here) == bits(away));
      }
      if (round == 0) {  // what waits is forgotten
        MetricRef(here).reset_state();
        MetricRef(away).reset_state();
        CHECK(bits(here) == bits(away));
      }
    }
    CHECK(bits(here) == bits(away));
    CHECK(here.metric()->variables().size() == away.metric()->variables().size());
  }
}

TEST_CASE("gpu: metrics that the CPU counts let batches wait, and say at once what is wrong" *
          doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  const Device there = Device::named("cuda");
  metrics::Precision metric;
  const Batch b = batch(4, 1);
  const Tensor y = b.y_true.to(there), p = b.y_pred.to(there);
  metric.update_state(y, p);
  const std::int64_t before = cuda_emulation::waits();
  for (int i = 0; i < 2000; ++i) metric.update_state(y, p);
  // 1024 batches are as many as may wait: targets and predictions are fetched once.
  CHECK(cuda_emulation::waits() - before <= 2);
  metrics::TruePositives all;
  for (int i = 0; i < 2001; ++i) all.update_state(b.y_true, b.y_pred);
  metrics::TruePositives waited;
  for (int i = 0; i < 2001; ++i) waited.update_state(y, p);
  CHECK(bits(waited) == bits(all));
  CHECK_THROWS_WITH_AS(metric.update_state(b.y_true.slice(0, 2).to(there), p),
                       doctest::Contains("they do not fit"), ShapeError);
}

TEST_CASE("gpu: is the class among the k best? Classes that are none, ties and NaN too") {
  const WithEmulatedGpu gpu;
  const Device there = Device::named("cuda");
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const Tensor scores =
      Tensor::from(std::vector<float>{0.1F, 0.5F, 0.5F, 0.2F, 0.4F, 0.3F, 0.2F, 0.1F,  //
                                      kNaN, 0.3F, 0.2F, 0.1F, 0, 0, 0, 0},
                   {4, 4});
  const auto share = [&](std::vector<std::int32_t> labels, int k, Device device) {
    metrics::SparseTopKCategoricalAccuracy metric({.k = k});
    metric.update_state(Tensor::from(labels), scores.to(device));
    return metric.result().item<float>();
  };
  for (const Device device : {Device{}, there}) {
    CHECK(share({1, 0, 1, 3}, 1, device) == 1.0F);  // ties count, and what NaN leads
    CHECK(share({3, 2, 3, 0}, 2, device) == 0.25F);
    CHECK(share({3, 2, 3, 0}, 3, device) == 1.0F);
    CHECK(share({-1, 4, 9, 0}, 4, device) == 0.25F);
  }
}

namespace {

// How often which kernels of the reductions' room were called.
class Reductions : public kernels::TraceSink {
 public:
  Reductions() : before_(kernels::set_trace_sink(this)) {}
  ~Reductions() override { kernels::set_trace_sink(before_); }
  Reductions(const Reductions&) = delete;
  Reductions& operator=(const Reductions&) = delete;
  void record(const kernels::KernelCall& call) override {
    if (std::string(call.room) == "reduce") ++calls[call.op];
  }
  std::map<std::string, int> calls;

 private:
  kernels::TraceSink* before_;
};

}  // namespace

TEST_CASE("gpu: accuracy is counted by one kernel: the CPU's numbers, ties and NaN too") {
  const WithEmulatedGpu gpu;
  const Device there = Device::named("cuda");
  std::vector<float> scores = normal_values<float>(40 * 5, 9, 1.5);
  for (float& score : scores) score = std::nearbyint(score);
  for (std::size_t i = 3; i < scores.size(); i += 29)
    scores[i] = std::numeric_limits<float>::quiet_NaN();
  const Tensor p = Tensor::from(scores, {40, 5});
  std::vector<float> numbers, one_hot(200);
  for (std::size_t i = 0; i < 40; ++i) {
    numbers.push_back(static_cast<float>(i * 3 % 5));
    one_hot[i * 5 + i * 3 % 5] = 1;
  }
  const Tensor classes = Tensor::from(numbers), spread = Tensor::from(one_hot, {40, 5}),
               weight = Tensor::from(normal_values<float>(40, 10));
  const auto check = [&](auto make, const Tensor& y, bool weighted) {
    auto here = make(), away = make();
    const Reductions seen;
    for (int round = 0; round < 3; ++round) {
      const Tensor w = weighted ? weight : Tensor();
      here.update_state(y, p, w);
      away.update_state(round == 1 ? y.to(there) : y, p.to(there),
                        weighted ? w.to(there) : Tensor());
    }
    CHECK(seen.calls.count("matches") == (weighted ? 0 : 1));
    const float expected = here.result().template item<float>();
    const float counted = away.result().template item<float>();
    if (weighted) {
      CHECK(std::fabs(counted - expected) <= 1e-6 * std::fabs(expected));
    } else {
      CHECK(expected > 0);
      CHECK(expected < 1);
      CHECK(counted == expected);
    }
  };
  const auto sparse = [] { return metrics::SparseCategoricalAccuracy(); };
  const auto categorical = [] { return metrics::CategoricalAccuracy(); };
  const auto resolved = [] { return make_metric<metrics::ResolvedAccuracy>("accuracy"); };
  for (const DType dtype : {float32, uint8, int32, int64}) {
    for (const Shape& shape : {Shape{40}, Shape{40, 1}}) {
      const Tensor y = cast(classes, dtype).reshaped(shape);
      check(sparse, y, false);
      check(resolved, y, false);
      check(sparse, y, true);
    }
  }
  check(categorical, spread, false);
  check(resolved, spread, false);
  check(categorical, spread, true);
  metrics::SparseCategoricalAccuracy wrong;
  CHECK_THROWS_WITH_AS(wrong.update_state(classes.slice(0, 7).to(there), p.to(there)),
                       doctest::Contains("they do not fit"), ShapeError);
}

}  // namespace keratin::tests
