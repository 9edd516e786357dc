// Below the layers: tensors, gradients, a training loop by hand, and a look at what ran.
//
//   internals OUT      OUT, a folder that exists, gets what ran as files

#include <keratin/keratin.h>

#include <fmt/core.h>

#include <optional>
#include <string>

namespace kt = keratin;

// A layer of one's own: weights in build(), the computation in call().
class Scale : public kt::Layer {
 public:
  void build(const kt::Shape& input) override {
    gain_ = add_weight({.shape = {input.back()}, .initializer = "ones", .name = "gain"});
  }
  kt::Variable call(const kt::Variable& x, kt::CallContext) override { return x * gain_; }

 private:
  kt::Variable gain_;
};

// A callback of one's own.
class Stopwatch : public kt::Callback {
 public:
  void on_epoch_begin(int, kt::Logs&) override { started_ = kt::now(); }
  void on_epoch_end(int epoch, kt::Logs& logs) override {
    fmt::print("epoch {} loss {:.4f} in {:.2f} s\n", epoch, logs.at("loss"), kt::now() - started_);
  }

 private:
  double started_ = 0;
};

int main(int argc, char** argv) try {
  if (argc != 2) return fmt::print(stderr, "usage: internals OUT\n"), 2;
  const std::string out = argv[1];
  kt::set_random_seed(42);

  // Reverse-mode differentiation of ordinary code.
  kt::Variable w(kt::randn({3, 2})), b(kt::zeros({2}));
  kt::Tensor x = kt::randn({8, 3}), y = kt::randn({8, 2});
  kt::Variable loss = kt::mean(kt::square(kt::tanh(kt::matmul(x, w) + b) - y));
  loss.backward();
  fmt::print("{}\n{}\n", w.grad(), b.grad());

  // Every gradient can be held against finite differences in double precision.
  kt::GradCheck check = kt::gradcheck(
      [&](const kt::Variable& v) { return kt::mean(kt::square(kt::tanh(kt::matmul(x, v)))); },
      w.value());
  fmt::print("largest relative error {:.1e}\n", check.max_relative_error);

  // The loop that fit() runs, written out: learn the sum of each row.
  kt::Tensor sums = kt::sum(x, {.axis = -1, .keepdims = true});
  kt::Sequential net({
      kt::layers::Dense({.units = 16, .activation = "gelu"}),
      kt::make_layer<Scale>(),
      kt::layers::Dense({.units = 1}),
  });
  auto mse = kt::losses::MeanSquaredError();
  auto adam = kt::optimizers::Adam({.learning_rate = kt::optimizers::schedules::CosineDecay(
                                        {.initial_learning_rate = 1e-2, .decay_steps = 200})});
  for (int step = 0; step < 200; ++step) {
    kt::Variable l = mse(sums, net(x, {.training = true}));
    l.backward();
    adam.apply_gradients(net.trainable_variables());  // takes the gradients and clears them
  }

  // Or fit() itself, with callbacks of one's own, fed by a generator: each epoch starts from a fresh copy of it.
  auto batches = kt::data::from_generator([n = 0]() mutable -> std::optional<kt::Example> {
    if (n++ >= 64) return std::nullopt;
    kt::Tensor a = kt::randn({32, 3});
    return kt::Example{a, kt::sum(a, {.axis = -1, .keepdims = true})};
  });
  net.compile({.optimizer = "adam", .loss = "mse"});
  net.fit(batches, {.epochs = 3,
                    .verbose = 0,
                    .callbacks = {
                        kt::make_callback<Stopwatch>(),
                        kt::callbacks::LambdaCallback(
                            {.on_train_end = [](const kt::Logs&) { fmt::print("done\n"); }}),
                    }});

  // What ran: every kernel call of one training step, its shapes, the rung chosen, its time,
  // FLOP/s and bytes/s against this machine's measured peaks.
  kt::Trace trace = kt::trace([&] { net.train_on_batch(x, sums); });
  fmt::print("{}", trace.table());
  trace.write_chrome(out + "/step.json");  // opens in Perfetto and chrome://tracing
  trace.write_report(out + "/step.html");  // time line, tape and roofline in one page
} catch (const kt::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
