// What goes wrong on a GPU is an error with operation and shapes, and the process goes on.
#include "autograd/ops/add.h"
#include "autograd/ops/exp.h"
#include "autograd/ops/matmul.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/gpu/programs.h"

namespace keratin::tests {

TEST_CASE(
    "gpu: a launch that fails is named with its operation and shape, and the process goes on" *
    doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  const Tensor x = normal({3, 4}, 1), there = x.to("cuda");
  cuda_emulation::fail_launch(cudaErrorLaunchOutOfResources);
  const std::string error = error_of([&] { (void)exp(there); });
  CHECK(holds(error, "unary exp [12], rung \"vectors\": "));
  CHECK(holds(error, "failed: cudaErrorLaunchOutOfResources"));
  CHECK(error.find("lost to this process") == std::string::npos);
  CHECK(difference(exp(there).to_vector<float>(), exp(x).to_vector<float>(),
                   {.rel = 1e-5, .abs = 1e-6}) == "");

  // In the middle of a step: the model is as usable as before.
  set_device("cuda");
  Sequential model({Input({.shape = {4}}), layers::Dense({.units = 2})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor y = normal({3, 2}, 2);
  for (const int launch : {0, 2, 5, 9}) {
    cuda_emulation::fail_launch(cudaErrorLaunchOutOfResources, launch);
    CHECK(holds(error_of([&] { model.train_on_batch(x, y); }), "cudaErrorLaunchOutOfResources"));
  }
  CHECK(model.train_on_batch(x, y).contains("loss"));
}

TEST_CASE("gpu: after a fault of the device it is said that nothing goes on there" *
          doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  const Tensor x = normal({3, 4}, 1), there = x.to("cuda");
  cuda_emulation::fail_launch(cudaErrorIllegalAddress);
  const std::string error = error_of([&] { (void)exp(there).to_vector<float>(); });
  CHECK(holds(error, "cudaErrorIllegalAddress"));
  CHECK(holds(error, "The GPU is lost to this process: end it, and start again from a backup."));
  CHECK(holds(error_of([&] { synchronize(); }), "cudaErrorIllegalAddress"));
  CHECK(exp(x).size() == 12);  // the CPU goes on
  cuda_emulation::mend();
  CHECK(exp(there).to_vector<float>().size() == 12);
}

TEST_CASE("gpu: out of memory says for what, and what to do; the process goes on" *
          doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  set_device("cuda");
  cuda_emulation::set_machine(
      {.devices = 1, .driver_version = 13000, .memory = std::size_t{1} << 20});
  Sequential model({Input({.shape = {64}}), layers::Dense({.units = 512, .name = "wide"})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const std::string error = error_of([&] {
    model.predict(normal({512, 64}, 1), {.batch_size = 512, .verbose = 0});
  });
  CHECK(
      holds(error, "wide: f32[512, 512]: cuda:0: out of memory: 1048576 bytes (1 MiB) asked for"));
  CHECK(holds(error, "held by this process"));
  CHECK(holds(error, "free of 1 MiB. Use smaller batches, or end other programs on this GPU."));
  CHECK(model.predict(normal({8, 64}, 1), {.verbose = 0}).shape() == Shape{8, 512});
  cuda_emulation::set_machine({});
}

TEST_CASE("gpu: operands on two devices, strings, and layers with weights elsewhere") {
  const WithEmulatedGpu gpu;
  const Tensor here = normal({2, 3}, 1), there = here.to("cuda");
  CHECK(error_of([&] {
          (void)matmul(here.reshaped({3, 2}), there);
        }) ==
        "matmul: operands on different devices: f32[3, 2] on cpu and f32[2, 3] on cuda:0; expected "
        "one device. Use .to(\"cpu\") on one of them.");
  CHECK(holds(error_of([] {
                (void)Tensor::strings({"a", "b"}).to("cuda");
              }),
              "to: string[2] cannot go to cuda:0: strings live on the CPU"));
}

}  // namespace keratin::tests
