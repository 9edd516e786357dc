#include "nn/inspect/trace.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "autograd/ops/matmul.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/square.h"
#include "autograd/ops/sum.h"
#include "data/dataset.h"
#include "kernels/error.h"
#include "kernels/run.h"
#include "nn/inspect/cells.h"
#include "nn/inspect/trace_data.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/flatten.h"
#include "nn/layers/pooling.h"
#include "nn/model/sequential.h"
#include "tensor/memory_report.h"
#include "tensor/random.h"

namespace keratin::tests {
namespace {

Tensor images(std::int64_t count) { return randn({count, 12, 12, 1}); }
Tensor labels(std::int64_t count) {
  Tensor y = zeros({count}, int32);
  for (std::int64_t i = 0; i < count; ++i)
    y.mutable_data<std::int32_t>()[i] = static_cast<std::int32_t>(i % 3);
  return y;
}

Sequential small_net() {
  Sequential net(
      {layers::Conv2D({.filters = 4, .kernel_size = 3, .name = "conv"}),
       layers::BatchNormalization({.name = "norm"}),
       layers::MaxPooling2D({.pool_size = 2, .name = "pool"}), layers::Flatten({.name = "flat"}),
       layers::Dense({.units = 3, .activation = "softmax", .name = "head"})},
      "net");
  net.compile(
      {.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  return net;
}

Trace traced_step() {
  Sequential net = small_net();
  const Tensor x = images(8), y = labels(8);
  net.train_on_batch(x, y);
  return trace([&] { net.train_on_batch(x, y); });
}

// Names in the order of their first call, each once.
std::vector<std::string> in_order(const Trace& trace, const std::string& phase,
                                  std::string TraceCall::*name) {
  std::vector<std::string> names;
  for (const TraceCall& call : trace.calls()) {
    if (!phase.empty() && call.phase != phase) continue;
    if (std::find(names.begin(), names.end(), call.*name) == names.end())
      names.push_back(call.*name);
  }
  return names;
}

using Names = std::vector<std::string>;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string temporary(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("keratin_trace_" + name)).string();
}

struct Removed {
  explicit Removed(const std::string& name) : path(temporary(name)) {}
  ~Removed() { std::filesystem::remove(path); }
  std::string path;
};

constexpr kernels::Peak kPeak{.flops = 1e11,
                              .bandwidth = 2e10,
                              .outer_cache_bytes = 1e6,
                              .outer_cache_bandwidth = 4e10,
                              .inner_cache_bytes = 1e5,
                              .inner_cache_bandwidth = 1e11};

}  // namespace

TEST_CASE("trace: phases and layers of a training step, in order") {
  const Trace step = traced_step();
  Names phases = in_order(step, "", &TraceCall::phase);
  std::erase(phases, "other");
  CHECK(phases == Names{"forward", "loss", "backward", "update", "metrics"});
  CHECK(in_order(step, "forward", &TraceCall::layer) == Names{"conv", "norm", "pool", "head"});
  CHECK(in_order(step, "loss", &TraceCall::layer) == Names{"sparse_categorical_crossentropy"});
  Names back = in_order(step, "backward", &TraceCall::layer);
  REQUIRE(!back.empty());
  CHECK(back[0] == "sparse_categorical_crossentropy");
  back.erase(back.begin());
  CHECK(back == Names{"head", "pool", "norm", "conv"});
  CHECK(in_order(step, "update", &TraceCall::layer) == Names{"adam"});
  const Names kernels = in_order(step, "forward", &TraceCall::kernel);
  CHECK(std::count(kernels.begin(), kernels.end(), "conv2d") == 1);
  CHECK(std::count(kernels.begin(), kernels.end(), "max_pool2d") == 1);
}

TEST_CASE("trace: calls have times, costs and shapes, and follow each other") {
  const Trace step = traced_step();
  double last = 0;
  CHECK(step.seconds() > 0);
  for (const TraceCall& call : step.calls()) {
    CAPTURE(call.kernel);
    CHECK(call.start >= last);
    CHECK(call.seconds >= 0);
    CHECK(call.start + call.seconds <= step.seconds() + 1e-9);
    CHECK(call.rung != "");
    CHECK(call.threads >= 1);
    CHECK(call.thread == 0);
    CHECK(call.bytes_in_use > 0);
    CHECK(call.bytes_held >= call.bytes_in_use);
    last = call.start;
  }
  const auto conv = std::find_if(step.calls().begin(), step.calls().end(),
                                 [](const TraceCall& call) { return call.kernel == "conv2d"; });
  REQUIRE(conv != step.calls().end());
  CHECK(conv->op == "conv2d");
  CHECK(conv->flops == 2.0 * 8 * 10 * 10 * 4 * 9);
  CHECK(conv->shape.find("12") != std::string::npos);
  CHECK(step.share_of_roofline(*conv) > 0);
}

TEST_CASE("trace: each call of a gradient is matched to its way there") {
  const Trace step = traced_step();
  std::set<std::string> matched;
  for (const TraceCall& call : step.calls()) {
    CAPTURE(fmt::format("{} of {} in {}", call.kernel, call.layer, call.phase));
    CHECK(call.forward.has_value() == (call.phase == "backward"));
    if (!call.forward) continue;
    const TraceCall& there = step.calls()[*call.forward];
    CHECK(there.phase != "backward");
    CHECK(there.layer == call.layer);
    CHECK(there.op == call.op);
    CHECK(there.start < call.start);
    matched.insert(there.kernel + " " + call.kernel);
  }
  CHECK(matched.count("conv2d conv2d_weight_gradient") == 1);
  CHECK(matched.count("max_pool2d max_pool2d_gradient") == 1);
}

TEST_CASE("trace: two calls of one layer have each its own way back") {
  layers::Dense dense({.units = 4, .name = "twice"});
  const Variable x(randn({2, 4}));
  dense(x);
  const Trace both = trace([&] { sum(square(dense(dense(x)))).backward(); });
  std::map<std::size_t, int> back;
  for (const TraceCall& call : both.calls())
    if (call.forward && call.layer == "twice") ++back[*call.forward];
  CHECK(back.size() == 2);
}

TEST_CASE("trace: operations outside of layers, and layers within layers") {
  const Variable w(randn({3, 2}));
  const Trace plain = trace([&] { sum(matmul(Variable(randn({4, 3})), w)).backward(); });
  CHECK(in_order(plain, "", &TraceCall::layer) == Names{""});
  CHECK(in_order(plain, "", &TraceCall::phase) == Names{"other", "backward"});

  Sequential inner({layers::Dense({.units = 3, .name = "dense"})}, "inner");
  Sequential outer({inner, layers::Dense({.units = 2, .name = "head"})}, "outer");
  outer(randn({2, 4}));
  const Trace nested = trace([&] { outer(randn({2, 4})); });
  CHECK(in_order(nested, "forward", &TraceCall::layer) == Names{"inner/dense", "head"});
  // Beside another layer the model's name tells something.
  layers::Dense alone({.units = 2, .name = "alone"});
  const Trace beside = trace([&] { alone(outer(randn({2, 4}))); });
  CHECK(in_order(beside, "forward", &TraceCall::layer) ==
        Names{"outer/inner/dense", "outer/head", "alone"});
  inner.layer()->set_name("renamed");
  const Trace renamed = trace([&] { outer(randn({2, 4})); });
  CHECK(in_order(renamed, "forward", &TraceCall::layer) == Names{"renamed/dense", "head"});
}

TEST_CASE("trace: changes no result") {
  const auto weights_after = [](bool traced) {
    set_random_seed(3);
    Sequential net = small_net();
    const Tensor x = images(8), y = labels(8);
    const auto steps = [&] {
      for (int i = 0; i < 3; ++i) net.train_on_batch(x, y);
    };
    if (traced) {
      trace(steps);
    } else {
      steps();
    }
    return net.get_weights();
  };
  const auto with = weights_after(true), without = weights_after(false);
  REQUIRE(with.size() == without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    CHECK(std::equal(with[i].data<float>(), with[i].data<float>() + with[i].size(),
                     without[i].data<float>()));
  }
}

TEST_CASE("trace: what the function throws comes out, and the next trace works; none within one") {
  CHECK_THROWS_AS(trace([] { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK(!kernels::tracing());
  CHECK_THROWS_WITH_AS(trace([] { trace([] {}); }),
                       "trace: another trace runs, in this program only one can at a time; call it "
                       "after that one, not within",
                       ValueError);
  CHECK_THROWS_WITH_AS(trace({}), "trace: there is no function to call", ValueError);
  const Trace empty = trace([] {});
  CHECK(empty.calls().empty());
  CHECK(empty.table().find("0 kernel calls") == 0);
}

TEST_CASE("trace: kernels of other threads, which began before and end after") {
  std::atomic<bool> stop = false;
  std::atomic<int> rounds = 0;
  std::thread worker([&] {
    const Tensor x = randn({64, 64});
    while (!stop) {
      static_cast<void>(square(x));
      ++rounds;
    }
  });
  const Tensor rows = randn({64, 16});
  const data::Dataset batches = data::from_tensor_slices(rows)
                                    .map(
                                        [](const Example& e) {
                                          return Example{square(e.x.get(0)), {}, {}};
                                        },
                                        {.num_parallel_calls = 2})
                                    .batch(8)
                                    .prefetch(2);
  for (int turn = 0; turn < 4; ++turn) {
    const int before = rounds;
    const Trace one = trace([&] {
      for (const Example& batch : batches) static_cast<void>(square(batch.x.get(0)));
      while (rounds == before) std::this_thread::yield();
    });
    std::set<int> threads;
    int mapped = 0;
    for (const TraceCall& call : one.calls()) {
      threads.insert(call.thread);
      mapped +=
          call.op == "square" && call.shape.find("16") != std::string::npos && call.thread != 0;
      CHECK((call.phase == (call.thread == 0 ? "other" : "data") || call.phase == "data"));
    }
    CHECK(threads.size() >= 2);
    CHECK(mapped >= 64);
  }
  stop = true;
  worker.join();
}

TEST_CASE("trace: the table") {
  const TraceData data{.calls = {{.layer = "conv",
                                  .phase = "forward",
                                  .op = "conv2d",
                                  .kernel = "conv2d",
                                  .rung = "direct",
                                  .shape = "[8, 12, 12, 1] 3x3 -> [8, 10, 10, 4]",
                                  .start = 1e-6,
                                  .seconds = 2e-6,
                                  .flops = 1e5,
                                  .bytes = 2e4},
                                 {.layer = "conv",
                                  .phase = "backward",
                                  .op = "conv2d",
                                  .kernel = "conv2d_weight_gradient",
                                  .rung = "direct",
                                  .shape = "[8, 12]",
                                  .start = 4e-6,
                                  .seconds = 6e-6,
                                  .flops = 2e5,
                                  .bytes = 2e5,
                                  .forward = 0}},
                       .seconds = 16e-6,
                       .processor = "a processor, AVX2, 2 threads"};
  const std::string wide = detail::trace_table(data, kPeak, 120);
  CHECK(wide ==
        R"(2 kernel calls in 8.00 us, 50% of the 16.0 us that it took
a processor, AVX2, 2 threads
roof: 100 GFLOP/s; 20 GB/s from memory, 40 up to 1.0 MB, 100 up to 100.0 KB

  # layer kernel                 rung   shape                                   time    % GFLOP/s GB/s roof
── forward · 2.00 us ──────────────────────────────────────────────────────────────────────────────────────
  0 conv  conv2d                 direct [8, 12, 12, 1] 3x3 -> [8, 10, 10, 4] 2.00 us 25.0    50.0 10.0  50%
── backward · 6.00 us ─────────────────────────────────────────────────────────────────────────────────────
1←0 conv  conv2d_weight_gradient direct [8, 12]                              6.00 us 75.0    33.3 33.3  83%

layer   forward  backward      both     %
───────────────────────────────────────────────────────────────────────────────────────────────────────────
conv    2.00 us   6.00 us   8.00 us 100.0 █████████████████████████████████████████████████████████████████
)");
  for (const std::int64_t columns : {80, 100, 120}) {
    const std::string text = detail::trace_table(data, kPeak, columns);
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      CHECK(detail::cell_width(text.substr(begin, end - begin)) <= columns);
  }
  // Many calls: those alike in one row.
  TraceData many = data;
  for (int i = 0; i < 300; ++i) many.calls.push_back(data.calls[0]);
  const std::string grouped = detail::trace_table(many, kPeak, 120);
  CHECK(grouped.find("301x") != std::string::npos);
  CHECK(std::count(grouped.begin(), grouped.end(), '\n') < 16);
}

TEST_CASE("trace: the file for Perfetto is valid and whole") {
  const Trace step = traced_step();
  const Removed file("step.json");
  step.write_chrome(file.path);
  const nlohmann::json json = nlohmann::json::parse(read(file.path));
  std::map<std::string, int> kinds;
  std::size_t kernels = 0;
  std::map<int, int> arrows;
  for (const auto& event : json.at("traceEvents")) {
    const auto kind = event.at("ph").get<std::string>();
    ++kinds[kind];
    CHECK(event.at("pid") == 1);
    CHECK(event.contains("name"));
    if (kind == "X") {
      CHECK(event.at("dur").get<double>() >= 0);
      kernels += event.contains("args") && event.at("args").contains("rung");
    }
    if (kind == "s" || kind == "f") arrows[event.at("id").get<int>()] += kind == "s" ? 1 : 10;
  }
  CHECK(kernels == step.calls().size());
  CHECK(kinds["C"] == static_cast<int>(step.calls().size()));
  CHECK(kinds["X"] > static_cast<int>(kernels));  // and the layers
  CHECK(!arrows.empty());
  for (const auto& [id, ends] : arrows) CHECK(ends == 11);
  CHECK_THROWS_AS(step.write_chrome("/nowhere/step.json"), FileError);
  CHECK_THROWS_WITH_AS(step.write_report("/nowhere/step.html"),
                       doctest::Contains("write_report: /nowhere/step.html: "), FileError);
}

TEST_CASE("trace: strings in JSON") {
  CHECK(detail::json_string("a\"b\\c") == R"("a\"b\\c")");
  for (const std::string_view text : {"\n\x01", "\xff\xfe", "größer", "</script>"}) {
    const nlohmann::json parsed = nlohmann::json::parse(detail::json_string(text));
    CHECK(parsed.is_string());
  }
}

TEST_CASE("trace: the report is one page that holds all calls and needs no network") {
  TraceData data{.calls = {{.layer = "</script><b>",
                            .phase = "forward",
                            .kernel = "gemm",
                            .rung = "simd",
                            .shape = "[1, 2, 3]",
                            .seconds = 1e-6,
                            .flops = 12,
                            .bytes = 44}},
                 .seconds = 2e-6,
                 .processor = "a \"processor\""};
  data.calls.push_back(data.calls[0]);
  data.calls[1].forward = 0;
  const std::string page = detail::trace_report(data, kPeak);
  CHECK(page.find("</script><b>") == std::string::npos);
  for (const char* outside : {"http://", "https://", "src=", "@import", "url(\"", "<link"}) {
    const auto at = page.find(outside);
    // The name of SVG's elements is no address that anybody goes to.
    CHECK((at == std::string::npos || page.compare(at, 26, "http://www.w3.org/2000/svg") == 0));
  }
  for (const char* part : {"id=\"timeline\"", "id=\"roofline\"", "id=\"memory\"", "id=\"five\"",
                           "id=\"layers\"", "id=\"all\"", "prefers-color-scheme: dark"}) {
    CAPTURE(part);
    CHECK(page.find(part) != std::string::npos);
  }
  const std::string begin = "id=\"data\">";
  const auto first = page.find(begin) + begin.size();
  const nlohmann::json json =
      nlohmann::json::parse(page.substr(first, page.find("</script>", first) - first));
  REQUIRE(json.at("calls").size() == 2);
  CHECK(json.at("fields").size() == json.at("calls")[0].size());
  CHECK(json.at("calls")[0][0] == "</script><b>");
  CHECK(json.at("calls")[1][14] == 0);
  CHECK(json.at("peak").at("flops") == 1e11);
}

TEST_CASE("trace: times and sizes in words") {
  using detail::bytes_text;
  using detail::time_text;
  CHECK(time_text(0) == "0.00 us");
  CHECK(time_text(9.996e-6) == "10.0 us");
  CHECK(time_text(123.4e-6) == "123 us");
  CHECK(time_text(999.6e-6) == "1.00 ms");
  CHECK(time_text(12.34) == "12.3 s");
  CHECK(bytes_text(999) == "999 B");
  CHECK(bytes_text(1500) == "1.5 KB");
  CHECK(bytes_text(2'500'000'000) == "2.50 GB");
}

}  // namespace keratin::tests
