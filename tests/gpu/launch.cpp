// What goes wrong in a kernel is an error that names the operation and its shape.
#include <doctest/doctest.h>

#include <string>

#include "kernels/device_run.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/error.h"
#include "tests/cuda_emulation/emulated_gpu.h"

namespace keratin::tests {
namespace {

// A GPU on which every call fails afterwards, as after a fault of a kernel.
TEST_CASE("gpu: an error names the operation, its rung and its shape") {
  const WithEmulatedGpu gpu;
  std::string seen;
  {
    const kernels::UnaryShape shape{kernels::Unary::exp, 12};
    const kernels::detail::DeviceCall call("unary", "vectors", &shape, [](const void* s) {
      return static_cast<const kernels::UnaryShape*>(s)->text();
    });
    try {  // no such device
      emulated_gpu().properties(7);
    } catch (const Error& error) {
      seen = error.what();
    }
  }
  CHECK(seen.find("unary exp [12], rung \"vectors\": ") == 0);
  CHECK(seen.find("cudaErrorInvalidDevice") != std::string::npos);
  CHECK(seen.find("KERATIN_CUDA_SYNC=1") != std::string::npos);
  CHECK(kernels::detail::DeviceCall::current().empty());
}

TEST_CASE("gpu: rungs chosen by hand; names of the CPU's are passed over") {
  const WithEmulatedGpu gpu;
  const kernels::UnaryShape shape{kernels::Unary::exp, 12};
  const auto picked = [&](const char* choice) {
    kernels::set_kernel_choice(choice);
    const std::string name =
        kernels::detail::pick_on_device(kernels::unary_ladder<float>, shape).name;
    kernels::set_kernel_choice("");
    return name;
  };
  CHECK(picked("") == "vectors");
  CHECK(picked("unary=naive") == "naive");
  CHECK(picked("*=naive") == "naive");
  CHECK(picked("unary=simd") == "vectors");
  CHECK_THROWS_AS(picked("unary=fastest"), ValueError);
  kernels::set_kernel_choice("");
}

}  // namespace
}  // namespace keratin::tests
