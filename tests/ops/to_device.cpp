#include "autograd/ops/to_device.h"

#include "autograd/ops/exp.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sum.h"
#include "tests/cuda_emulation/emulated_gpu.h"
#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("to_device") {
  check({.op = "to_device",
         .run = [](const auto& x) { return to_device(x[0], Device{}); },
         .inputs = points(),
         .values = [](const TensorList& x) { return numbers_of(x[0]); },
         .accepts = Accepts::anything});
}

TEST_CASE("to_device: to a GPU and back, the gradient the other way") {
  const WithEmulatedGpu emulated;
  const Device gpu = Device::named("cuda");
  const Tensor x = Tensor::from(normal_values<float>(12, 1), {3, 4});
  const Variable here(x), there = to_device(here, gpu);
  CHECK(there.value().device() == gpu);
  CHECK(bits_of(there.value().to("cpu")) == bits_of(x));
  const Variable y = to_device(exp(there) * there, Device{});
  CHECK(y.value().device() == Device{});
  sum(y).backward();
  CHECK(here.grad().device() == Device{});
  const Variable only_here(x);
  sum(exp(only_here) * only_here).backward();
  CHECK(difference(here.grad().to_vector<float>(), only_here.grad().to_vector<float>(),
                   {.rel = 1e-5, .abs = 1e-6}) == "");
  CHECK(complaint<DTypeError>([&] { return to_device(Tensor::strings({"a"}), gpu); },
                              {"strings live on the CPU"}) == "");
}

}  // namespace keratin::tests
