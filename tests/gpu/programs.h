// What the tests of whole programs on an emulated GPU share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/error.h"
#include "nn/layers/dense.h"
#include "nn/model/model.h"
#include "nn/model/sequential.h"
#include "tensor/random.h"
#include "tests/gpu/both_devices.h"

namespace keratin::tests {

inline Tensor classes(std::int64_t count, std::int64_t of) {
  std::vector<std::int32_t> labels(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    labels[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i * 7 % 5 % of);
  return Tensor::from(labels);
}

inline std::vector<float> weights_of(const Model& model) {
  std::vector<float> all;
  for (const Tensor& weight : model.get_weights()) {
    CHECK(weight.device() == Device{});
    const auto values = weight.to_vector<float>();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

inline Model perceptron(const std::string& activation = "softmax") {
  return Sequential({Input({.shape = {6}}), layers::Dense({.units = 5, .activation = "relu"}),
                     layers::Dense({.units = 3, .activation = activation})});
}

struct Run {
  History history;
  std::vector<float> first, last, said;
};

// The same program on a device: made, compiled, trained, asked.
template <class Make>
Run trained(const char* device, Make make, const CompileOptions& compile, const Tensors& x,
            const Tensors& y, const FitOptions& fit) {
  set_device(device);
  set_random_seed(5);
  Model model = make();
  model.compile(compile);
  Run run;
  run.first = weights_of(model);
  run.history = model.fit(x, y, fit);
  // What preprocessing layers learned stays on the CPU with them.
  for (const Variable& weight : model.trainable_variables())
    CHECK(weight.value().device().text() == device);
  run.last = weights_of(model);
  const Tensors said = model.predict(x, {.batch_size = 4, .verbose = 0});
  CHECK(said.device() == Device{});
  run.said = said.to_vector<float>();
  return run;
}

inline const FitOptions kShort = {.batch_size = 4, .epochs = 2, .verbose = 0};

// On the GPU as on the CPU, and twice the same there.
template <class Make>
void check_same(Make make, const std::function<CompileOptions()>& compile, const Tensors& x,
                const Tensors& y, const FitOptions& fit, Tolerance tolerance) {
  const Run cpu = trained("cpu", make, compile(), x, y, fit);
  const Run gpu = trained("cuda:0", make, compile(), x, y, fit);
  const Run again = trained("cuda:0", make, compile(), x, y, fit);
  CHECK(gpu.first == cpu.first);  // drawn on the CPU
  CHECK(difference(gpu.last, cpu.last, tolerance) == "");
  CHECK(difference(gpu.said, cpu.said, tolerance) == "");
  CHECK(again.last == gpu.last);
  CHECK(again.said == gpu.said);
  for (const auto& [name, values] : cpu.history.history) {
    CAPTURE(name);
    REQUIRE(gpu.history.history.contains(name));
    CHECK(difference(gpu.history.history.at(name), values, tolerance) == "");
    CHECK(gpu.history.history.at(name) == again.history.history.at(name));
  }
}

inline std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

inline bool holds(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return true;
  MESSAGE(text);
  return false;
}

}  // namespace keratin::tests
