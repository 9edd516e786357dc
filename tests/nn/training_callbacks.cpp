// SwapEMAWeights and RemoteMonitor.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "data/http_post.h"
#include "keratin.h"
#include "tests/data/files.h"
#include "tests/data/server.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;
using optimizers::SGD;

const Tensor kX = Tensor::numbers({1, 2, 3, 4, 5, 6, 7, 8}, {4, 2});
const Tensor kY = Tensor::numbers({0.1, 0.2, 0.3, 0.4}, {4, 1});

Sequential compiled(const OptimizerRef& optimizer) {
  Sequential model({Input({.shape = {2}}),
                    layers::Dense({.units = 1, .use_bias = false, .kernel_initializer = "ones"})});
  model.compile({.optimizer = optimizer, .loss = "mse"});
  return model;
}
OptimizerRef averaging() {
  return SGD({.learning_rate = 0.01, .use_ema = true, .ema_momentum = 0.8});
}
std::vector<double> kernel(const Model& model) {
  return model.get_weights()[0].to_vector<double>();
}
double loss_of(const std::vector<double>& weights) {
  Sequential model = compiled("sgd");
  model.set_weights({Tensor::from(weights, {2, 1})});
  return model.evaluate(kX, kY, {.verbose = 0}).at("loss");
}
// The average of what weights were after each step.
struct Average {
  std::vector<double> values;
  void add(const std::vector<double>& weights) {
    if (values.empty()) values = weights;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += 0.2 * (weights[i] - values[i]);
  }
};

CallbackRef noting(Average& average, Model& model) {
  return callbacks::LambdaCallback(
      {.on_train_batch_end = [&](std::int64_t, Logs&) { average.add(kernel(model)); }});
}

// What LambdaCallback has not.
class TestHooks final : public Callback {
 public:
  explicit TestHooks(
      std::function<void()> begin, std::function<void()> batch_end = [] {})
      : begin_(std::move(begin)), batch_end_(std::move(batch_end)) {}
  void on_test_begin(Logs&) override { begin_(); }
  void on_test_batch_end(std::int64_t, Logs&) override { batch_end_(); }

 private:
  std::function<void()> begin_, batch_end_;
};

}  // namespace

TEST_CASE("SwapEMAWeights: validation sees the averages, training its own weights") {
  Sequential model = compiled(averaging()), plain = compiled(averaging());
  Average average;
  std::vector<double> expected;
  const FitOptions options = {
      .batch_size = 2, .epochs = 4, .verbose = 0, .validation_data = {kX, kY}, .shuffle = false};
  FitOptions with = options;
  with.callbacks = {noting(average, model),
                    make_callback<TestHooks>([&] { expected.push_back(loss_of(average.values)); }),
                    callbacks::SwapEMAWeights()};
  const History history = model.fit(kX, kY, with);
  CHECK(difference(history.history.at("val_loss"), expected, {1e-5, 1e-7}) == "");
  const History other = plain.fit(kX, kY, options);
  CHECK(other.history.at("loss") == history.history.at("loss"));
  CHECK(other.history.at("val_loss") != history.history.at("val_loss"));
  // At the end fit leaves the averages in the model, with the callback or without.
  CHECK(difference(kernel(model), average.values, {1e-6, 1e-7}) == "");
  CHECK(kernel(plain) == kernel(model));
}

TEST_CASE("SwapEMAWeights: with swap_on_epoch later callbacks save the averages") {
  const TemporaryFolder folder;
  Sequential model = compiled(averaging()), plain = compiled(averaging());
  Average average;
  int epochs = 0;
  const FitOptions options = {.batch_size = 2, .epochs = 5, .verbose = 0, .shuffle = false};
  FitOptions with = options;
  with.callbacks = {noting(average, model), callbacks::SwapEMAWeights({.swap_on_epoch = true}),
                    callbacks::LambdaCallback({.on_epoch_end = [&](int epoch, Logs&) {
                      ++epochs;
                      CHECK(difference(kernel(model), average.values, {1e-6, 1e-7}) == "");
                      if (epoch == 3)
                        model.stop_training();  // not the last epoch that was asked for
                    }})};
  const History history = model.fit(kX, kY, with);
  CHECK(epochs == 4);
  CHECK(difference(kernel(model), average.values, {1e-6, 1e-7}) == "");
  std::vector<double> losses = plain.fit(kX, kY, options).history.at("loss");
  losses.pop_back();
  CHECK(history.history.at("loss") == losses);
}

TEST_CASE("SwapEMAWeights: evaluate and predict, and give back what was there") {
  Sequential model = compiled(averaging());
  Average average;
  const auto swap = callbacks::SwapEMAWeights();
  // Nothing was averaged yet.
  const double before = model.evaluate(kX, kY, {.verbose = 0}).at("loss");
  CHECK(model.evaluate(kX, kY, {.verbose = 0, .callbacks = {swap}}).at("loss") == before);
  std::vector<double> own;
  for (int step = 0; step < 3; ++step) {
    model.train_on_batch(kX, kY);
    own = kernel(model);
    average.add(own);
  }
  const double seen = model.evaluate(kX, kY, {.verbose = 0, .callbacks = {swap}}).at("loss");
  CHECK(seen == doctest::Approx(loss_of(average.values)));
  CHECK(kernel(model) == own);
  const Tensor y = model.predict(kX, {.verbose = 0, .callbacks = {swap}});
  const Tensor wanted = matmul(kX, cast(Tensor::from(average.values, {2, 1}), float32));
  CHECK(difference(y.to_vector<double>(), wanted.to_vector<double>(), {1e-5, 1e-6}) == "");
  CHECK(kernel(model) == own);
}

TEST_CASE("SwapEMAWeights: an optimizer without averages, and an exception on the way") {
  Sequential without = compiled("adam");
  const auto swap = callbacks::SwapEMAWeights();
  const char* text = "SwapEMAWeights: the optimizer, adam, keeps no averages";
  CHECK_THROWS_WITH_AS(without.fit(kX, kY, {.verbose = 0, .callbacks = {swap}}), Contains(text),
                       ValueError);
  CHECK_THROWS_WITH_AS(without.evaluate(kX, kY, {.verbose = 0, .callbacks = {swap}}),
                       Contains(text), ValueError);
  // Thrown in mid-validation: the model has its own weights again.
  Sequential model = compiled(averaging());
  std::vector<double> own;
  const auto breaking = make_callback<TestHooks>([] {}, [] { throw ValueError("enough"); });
  const auto watching = callbacks::LambdaCallback(
      {.on_train_batch_end = [&](std::int64_t, Logs&) { own = kernel(model); }});
  CHECK_THROWS_AS(model.fit(kX, kY,
                            {.epochs = 3,
                             .verbose = 0,
                             .callbacks = {swap, watching, breaking},
                             .validation_data = {kX, kY}}),
                  ValueError);
  CHECK(kernel(model) == own);
}

TEST_CASE("SwapEMAWeights: a backup with the averages in the model") {
  const TemporaryFolder folder;
  const FitOptions options = {.batch_size = 2, .epochs = 4, .verbose = 0, .shuffle = false};
  Sequential whole = compiled(averaging());
  const auto swap = [] { return callbacks::SwapEMAWeights({.swap_on_epoch = true}); };
  FitOptions with = options;
  with.callbacks = {swap()};
  whole.fit(kX, kY, with);
  with.callbacks = {swap(), callbacks::BackupAndRestore({.backup_dir = folder / "backup"}),
                    callbacks::LambdaCallback({.on_epoch_begin = [](int epoch, Logs&) {
                      if (epoch == 2) throw ValueError("enough");
                    }})};
  Sequential broken = compiled(averaging());
  CHECK_THROWS_AS(broken.fit(kX, kY, with), ValueError);
  with.callbacks = {swap(), callbacks::BackupAndRestore({.backup_dir = folder / "backup"})};
  Sequential resumed = compiled(averaging());
  resumed.fit(kX, kY, with);
  CHECK(kernel(resumed) == kernel(whole));
}

TEST_CASE("BackupAndRestore: a folder that goes is made again") {
  const TemporaryFolder folder;
  const std::string backups = folder / "backup";
  const auto vanish = callbacks::LambdaCallback({.on_epoch_begin = [&](int epoch, Logs&) {
    if (epoch == 1) std::filesystem::remove_all(backups);
  }});
  Sequential model = compiled("sgd");
  model.fit(kX, kY,
            {.epochs = 3,
             .verbose = 0,
             .callbacks = {vanish, callbacks::BackupAndRestore(
                                       {.backup_dir = backups, .delete_checkpoint = false})}});
  CHECK(std::filesystem::exists(backups + "/latest.backup"));
  std::filesystem::resize_file(backups + "/latest.backup", 1000);
  CHECK_THROWS_WITH_AS(
      model.fit(
          kX, kY,
          {.verbose = 0, .callbacks = {callbacks::BackupAndRestore({.backup_dir = backups})}}),
      Contains("remove it to start anew"), FileError);
}

TEST_CASE("RemoteMonitor: sends the logs of each epoch") {
  const Environment direct("no_proxy", "127.0.0.1");
  const std::string fine = http("200 OK", length(2), "ok");
  for (const bool json : {false, true}) {
    CAPTURE(json);
    Server server({fine, fine});
    Sequential model = compiled("sgd");
    const History history =
        model.fit(kX, kY,
                  {.epochs = 2,
                   .verbose = 0,
                   .callbacks = {callbacks::RemoteMonitor({.root = server.root(),
                                                           .path = "/logs/",
                                                           .field = "a field",
                                                           .headers = {{"X-Key", "s3cret"}},
                                                           .send_as_json = json})}});
    REQUIRE(server.requests().size() == 2);
    for (std::size_t epoch = 0; epoch < 2; ++epoch) {
      const std::string& request = server.requests()[epoch];
      CHECK(request.starts_with("POST /logs/ HTTP/1.1\r\n"));
      CHECK(request.find("\r\nX-Key: s3cret\r\n") != std::string::npos);
      const std::string text = request.substr(request.find("\r\n\r\n") + 4);
      const nlohmann::json expected = {{"epoch", epoch},
                                       {"loss", history.history.at("loss")[epoch]}};
      if (json) {
        CHECK(request.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
        CHECK(nlohmann::json::parse(text) == expected);
      } else {
        CHECK(request.find("\r\nContent-Type: application/x-www-form-urlencoded\r\n") !=
              std::string::npos);
        CHECK(text.starts_with(fmt::format("a+field=%7B%22epoch%22%3A+{}%2C+%22loss%22", epoch)));
      }
    }
  }
}

TEST_CASE("RemoteMonitor: a server that is not there, or says no, ends no training") {
  const Environment direct("no_proxy", "127.0.0.1");
  std::string nobody;
  {
    const Server gone({});
    nobody = gone.url("");
  }
  CHECK(data::send({.url = nobody, .headers = {}, .body = ""}) != "");
  Sequential model = compiled("sgd");
  const auto fit = [&](const std::string& root) {
    return model.fit(kX, kY,
                     {.epochs = 3,
                      .verbose = 0,
                      .callbacks = {callbacks::RemoteMonitor({.root = root, .path = ""})}});
  };
  CHECK(fit(nobody).epoch.size() == 3);
  const Server refusing({http("404 Not Found", length(0), "")});
  CHECK(fit(refusing.url("")).epoch.size() == 3);
  Server moved({http("302 Found", "Location: http://127.0.0.1:1/\r\n" + length(0), "")});
  CHECK(data::send({.url = moved.url(""), .headers = {}, .body = "x"}) ==
        "the server answered 302");
  Server silent({""});
  CHECK(data::send({.url = silent.url(""), .headers = {}, .body = "x"}) != "");

  CHECK_THROWS_WITH_AS(callbacks::RemoteMonitor({.root = "file:///etc"}),
                       Contains("expected http:// or https://"), ValueError);
  CHECK_THROWS_WITH_AS(callbacks::RemoteMonitor({.headers = {{"X", "a\r\nY: b"}}}),
                       Contains("expected one line"), ValueError);
  CHECK(data::form_of("d", "a b&c=ü/~") == "d=a+b%26c%3D%C3%BC%2F~");
}

}  // namespace keratin::tests
