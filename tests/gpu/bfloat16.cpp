// bfloat16 on the emulated GPU beside the CPU's: products take it as it is.
#include <set>
#include <string>

#include "autograd/ops/add.h"
#include "autograd/ops/conv2d.h"
#include "autograd/ops/dense.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/relu.h"
#include "autograd/ops/subtract.h"
#include "kernels/run.h"
#include "tests/gpu/both_devices.h"

namespace keratin::tests {
namespace {

// Sums of float32 in another order, rounded to 8 digits.
constexpr Tolerance kRounded{.rel = 1.0 / 128, .abs = 0.02};

class Kernels : public kernels::TraceSink {
 public:
  Kernels() : before_(kernels::set_trace_sink(this)) {}
  ~Kernels() { kernels::set_trace_sink(before_); }
  Kernels(const Kernels&) = delete;
  Kernels& operator=(const Kernels&) = delete;
  void record(const kernels::KernelCall& call) override {
    seen.insert(std::string(call.op) + ' ' + call.rung);
  }
  std::set<std::string> seen;

 private:
  kernels::TraceSink* before_;
};

Tensor narrow(const Shape& shape, std::uint64_t seed) {
  return cast(normal(shape, seed), bfloat16);
}

std::set<std::string> kernels_of(const std::function<Variable(const Inputs&)>& f,
                                 const std::vector<Tensor>& inputs) {
  const WithEmulatedGpu gpu;
  const Kernels kernels;
  Computed::of(f, inputs, Device::named("cuda"));
  return kernels.seen;
}

}  // namespace

TEST_CASE("gpu: dense, matmul and conv2d of bfloat16 and their gradients are the CPU's") {
  const auto with_relu = [](const Inputs& x) {
    return dense(x[0], x[1], x[2], {.activation = kernels::Activation::relu});
  };
  const std::vector<Tensor> operands = {narrow({20, 33}, 1), narrow({33, 10}, 2), narrow({10}, 3)};
  check_same(with_relu, operands, kRounded);
  const auto product = [](const Inputs& x) { return matmul(x[0], x[1], {.transpose_b = true}); };
  check_same(product, {narrow({3, 18, 40}, 4), narrow({24, 40}, 5)}, kRounded);
  const auto convolution = [](const Inputs& x) {
    return conv2d(x[0], x[1], x[2], {.padding = "same", .activation = kernels::Activation::relu});
  };
  const std::vector<Tensor> image = {narrow({2, 6, 7, 8}, 6), narrow({3, 3, 8, 16}, 7),
                                     narrow({16}, 8)};
  check_same(convolution, image, kRounded);

  const auto of_dense = kernels_of(with_relu, operands);
  CHECK(of_dense.count("gemm_bfloat16 mma") == 1);
  CHECK(of_dense.count("binary_bfloat16 vectors") == 1);
  const auto of_convolution = kernels_of(convolution, image);
  for (const char* pass : {"conv2d", "conv2d_input_gradient", "conv2d_weight_gradient"})
    CHECK(of_convolution.count(std::string(pass) + "_bfloat16 mma") == 1);
  for (const auto* const seen : {&of_dense, &of_convolution}) {
    for (const std::string& one : *seen) {
      CAPTURE(one);
      CHECK(one.rfind("gemm ", 0) != 0);
      CHECK(one.rfind("conv2d ", 0) != 0);
    }
  }
}

TEST_CASE("gpu: element-wise operations on bfloat16 are the CPU's, to the bit") {
  check_same([](const Inputs& x) { return relu(x[0] + x[1]); },
             {narrow({7, 33}, 9), narrow({7, 33}, 10)});
  check_same([](const Inputs& x) { return x[0] - x[1]; }, {narrow({5, 40}, 11), narrow({40}, 12)},
             kRounded);
  const auto seen = kernels_of([](const Inputs& x) { return relu(x[0]); }, {narrow({64}, 13)});
  CHECK(seen.count("unary_bfloat16 vectors") == 1);
  CHECK(seen.count("binary_bfloat16 vectors") == 1);
}

}  // namespace keratin::tests
