// Devices, their memory and whole operations on an emulated GPU; errors where there is none.
#include "tensor/device.h"

#include "autograd/ops/add.h"
#include "autograd/ops/dense.h"
#include "autograd/ops/exp.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/relu.h"
#include "autograd/ops/subtract.h"
#include "kernels/device_run.h"
#include "kernels/error.h"
#include "kernels/reduce/reduce.h"
#include "tensor/memory_report.h"
#include "tests/cuda_emulation/emulated_gpu.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/support.h"

#include <algorithm>
#include <functional>

namespace keratin::tests {
namespace {

// Another machine until the end of scope.
class Machine {
 public:
  explicit Machine(cuda_emulation::Machine machine) { cuda_emulation::set_machine(machine); }
  ~Machine() { cuda_emulation::set_machine({}); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
};

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool holds(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return true;
  MESSAGE(text);
  return false;
}

Tensor random(const Shape& shape, std::uint64_t seed) {
  return Tensor::from(normal_values<float>(shape.size(), seed), shape);
}

}  // namespace

TEST_CASE("gpu: why there is none" * doctest::skip(on_real_gpu())) {
  kernels::Accelerator* const before = kernels::set_accelerator(nullptr);
  CHECK(!gpu_available());
  CHECK(holds(error_of([] { set_device("cuda"); }),
              "set_device: \"cuda\": this build has no CUDA kernels"));
  kernels::set_accelerator(before);
  const WithEmulatedGpu gpu;
  {
    const Machine none({.devices = 0, .driver_version = 0});
    CHECK(!gpu_available());
    CHECK(holds(error_of([] { set_device("cuda"); }), "no NVIDIA driver is installed"));
  }
  {
    const Machine old({.devices = 1, .driver_version = 12040});
    CHECK(!gpu_available());
    CHECK(holds(error_of([] { (void)zeros({1}).to("cuda"); }),
                "to: \"cuda\": the NVIDIA driver is too old: it supports CUDA 12.4, this build "
                "needs 13.0"));
  }
  {
    const Machine none({.devices = 0});
    CHECK(holds(error_of([] { set_device("cuda"); }), "no GPU is there"));
  }
  CHECK(gpu_available());
  CHECK(holds(error_of([] { set_device("cuda:1"); }), "GPUs go from cuda:0 to cuda:0"));
  for (const char* name : {"cuda:", "cuda:x", "cuda:-1", "gpu", ""})
    CHECK(holds(error_of([&] { set_device(name); }), "unknown device"));
  set_device("cuda");
  CHECK(device().text() == "cuda:0");
}

TEST_CASE("gpu: tensors there and back") {
  const WithEmulatedGpu gpu;
  const Tensor x = random({3, 5}, 1), there = x.to("cuda");
  CHECK(there.device().text() == "cuda:0");
  CHECK(there.to("cuda:0").shares_storage_with(there));
  CHECK(there.to("cpu").to_vector<float>() == x.to_vector<float>());
  CHECK(there.to_vector<float>() == x.to_vector<float>());
  CHECK(there[1].copy().to_vector<float>() == x[1].to_vector<float>());
  CHECK(there[1].copy().device() == there.device());
  CHECK(there.item<float>({2, 4}) == x.item<float>({2, 4}));
  Tensor y = zeros({3, 5});
  y.copy_from(there);
  CHECK(y.to_vector<float>() == x.to_vector<float>());
  const Tensor none = zeros({0, 2}).to("cuda");
  CHECK(none.to("cpu").shape() == Shape{0, 2});
  CHECK(holds(error_of([] { (void)Tensor::strings({"a"}).to("cuda"); }),
              "cannot go to cuda:0: strings live on the CPU"));
}

TEST_CASE("gpu: more at once than the pinned memory that it goes through") {
  const WithEmulatedGpu gpu;
  std::vector<Tensor> here, there;
  for (int i = 0; i < 6; ++i) {
    here.push_back(Tensor::from(normal_values<float>(3 << 20, static_cast<std::uint64_t>(i))));
    there.push_back(here.back().to("cuda"));
  }
  for (std::size_t i = 0; i < here.size(); ++i)
    CHECK(there[i].to_vector<float>() == here[i].to_vector<float>());
}

TEST_CASE("gpu: memory, and none left" * doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  const Machine small({.devices = 1, .driver_version = 13000, .memory = std::size_t{1} << 20});
  const std::int64_t before = gpu_memory_stats().bytes_in_use;
  {
    const Tensor x = zeros({1000}).to("cuda");
    CHECK(gpu_memory_stats().bytes_in_use == before + 4000);
    CHECK(gpu_memory_stats("cuda:0").bytes_total == 1 << 20);
    const std::string error = error_of([] { (void)zeros({1 << 20}).to("cuda"); });
    CHECK(holds(error, "cuda:0: out of memory: 4194304 bytes (4 MiB) asked for"));
    CHECK(holds(error, "free of 1 MiB"));
    CHECK(x.item<float>({999}) == 0);  // the process goes on
  }
  CHECK(gpu_memory_stats().bytes_in_use == before);
  CHECK_THROWS_AS(gpu_memory_stats("cpu"), DeviceError);
}

TEST_CASE("gpu: the memory report counts tensors there, and names the GPU") {
  const WithEmulatedGpu gpu;
  const auto of_gpu = [](const MemoryReport& report) {
    for (const DeviceMemory& device : report.devices)
      if (device.device == "cuda:0") return device;
    return DeviceMemory{};
  };
  const DeviceMemory before = of_gpu(memory_report());
  const std::int64_t here = memory_report().devices[0].bytes_in_use;
  {
    const Tensor x = Tensor::from(normal_values<float>(100'000, 1)).to("cuda");
    const MemoryReport report = memory_report({.largest = 1000});
    const DeviceMemory now = of_gpu(report);
    CHECK(now.device == "cuda:0");
    CHECK(now.tensors == before.tensors + 1);
    CHECK(now.bytes_in_use == before.bytes_in_use + 400'000);
    CHECK(now.peak_bytes_in_use >= now.bytes_in_use);
    CHECK(now.bytes_held >= now.bytes_in_use);
    CHECK(now.system_allocations == before.system_allocations + 1);
    CHECK(now.bytes_free > 0);
    CHECK(now.bytes_free + now.bytes_in_use <= now.bytes_total);
    CHECK(report.devices[0].bytes_in_use == here);
    CHECK(std::count_if(report.largest.begin(), report.largest.end(), [](const auto& tensor) {
            return tensor.device == "cuda:0" && tensor.shape == Shape{100'000} &&
                   tensor.bytes == 400'000;
          }) == 1);
    CHECK(holds(report.text(), " free of "));
    CHECK(holds(report.text(), "f32[100000]"));
    CHECK(holds(report.text(), ", on cuda:0\n"));
  }
  const DeviceMemory after = of_gpu(memory_report());
  CHECK(after.tensors == before.tensors);
  CHECK(after.bytes_in_use == before.bytes_in_use);
}

TEST_CASE("gpu: operations and their gradients") {
  const WithEmulatedGpu gpu;
  const Tensor a = random({7, 9}, 1), b = random({9, 5}, 2), bias = random({5}, 3);
  const auto close = [](const Tensor& actual, const Tensor& expected) {
    CHECK(actual.device().text() == "cuda:0");
    CHECK(difference(actual.to_vector<float>(), expected.to_vector<float>(),
                     {.rel = 1e-5, .abs = 1e-5}) == "");
  };
  const Tensor on_a = a.to("cuda"), on_b = b.to("cuda"), on_bias = bias.to("cuda");
  close(exp(on_a) + on_a * 2.0, exp(a) + a * 2.0);
  close(matmul(on_a, on_b) + on_bias, matmul(a, b) + bias);
  close(dense(on_a, on_b, on_bias, {.activation = kernels::Activation::relu}),
        dense(a, b, bias, {.activation = kernels::Activation::relu}));
  synchronize();

  const auto gradient = [](const Tensor& x) {
    const Variable v(x, true);
    const Variable y = exp(v) * v;
    y.backward(Tensor::from(normal_values<float>(x.size(), 9), x.shape()).to(x.device()));
    return v.grad();
  };
  close(gradient(on_a), gradient(a));
}

TEST_CASE("gpu: operands on two devices, and operations without kernels") {
  const WithEmulatedGpu gpu;
  const Tensor here = random({2, 3}, 1), there = here.to("cuda");
  CHECK(error_of([&] { (void)(here + there); }) ==
        "add: operands on different devices: f32[2, 3] on cpu and f32[2, 3] on cuda:0; expected "
        "one device. Use .to(\"cpu\") on one of them.");
  Variable v(here.to("cuda"), false);
  v.assign_add(2.0);
  CHECK(v.value().item<float>({1, 1}) == here.item<float>({1, 1}) + 2);
  CHECK(holds(error_of([&] { v.assign_add(here); }), "assign_add: operands on different devices"));
  CHECK(holds(error_of([&] { (void)there.data<float>(); }),
              "data: f32[2, 3] is on cuda:0, where the CPU cannot read"));
  // No ladder of the library is without one: an operation of this test's own.
  static constexpr auto ladder =
      kernels::Ladder{"tests", "half", [](const kernels::ReduceShape&) { return kernels::Cost{}; },
                      std::array{kernels::Rung<kernels::ReduceFn<float>>{
                          "reference", "", kernels::always,
                          [](const float*, float*, const kernels::ReduceShape&) {}}}};
  float x = 0, y = 0;
  const kernels::ReduceShape shape{kernels::Reduction::sum, 2, 3, 1};
  CHECK(holds(
      error_of([&] { kernels::run(kernels::accelerator()->stream(0), ladder, &x, &y, shape); }),
      "half: no CUDA kernel takes " + shape.text()));
}

}  // namespace keratin::tests
