// What goes wrong in a kernel is an error that names the operation and its shape.
#include <doctest/doctest.h>

#include <string>

#include "kernels/device_run.h"
#include "kernels/dropout/dropout.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/error.h"
#include "kernels/optimizer/optimizer.h"
#include "kernels/random/random.h"
#include "tests/gpu/both_devices.h"

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
    const std::string name = kernels::detail::pick_on_device(emulated_gpu().stream(0),
                                                             kernels::unary_ladder<float>, shape)
                                 .name;
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

// Of the kernel that is chosen: what it makes of `shape`.
template <class T, class Fn, std::size_t N, class Shape>
std::vector<T> drawn(const kernels::Ladder<Fn, N>& ladder, const Shape& shape) {
  Tensor y = ones({shape.size}, dtype_of<T>).to("cuda");
  if constexpr (std::is_same_v<Shape, kernels::RandomShape>) {
    kernels::run(y.stream(), ladder, y.mutable_on_device<T>(), shape);
  } else {
    kernels::run(y.stream(), ladder, y.on_device<T>(), y.mutable_on_device<T>(), shape);
  }
  return y.to_vector<T>();
}

TEST_CASE("gpu: kernels read the random stream and the numbers of a step from memory") {
  const WithEmulatedGpu gpu;
  const Tensor shift = Tensor::scalar(5, int64).to("cuda");
  const auto* const five = reinterpret_cast<const std::uint64_t*>(shift.on_device<std::int64_t>());
  for (const char* choice : {"", "*=naive"}) {
    CAPTURE(choice);
    kernels::set_kernel_choice(choice);
    using kernels::Distribution;
    for (const auto distribution : {Distribution::uniform, Distribution::normal}) {
      const auto random = [&](kernels::PhiloxKey key) {
        return drawn<float>(kernels::random_ladder<float>,
                            kernels::RandomShape{distribution, 37, key});
      };
      CHECK(random({.seed = 3, .stream = 4, .shift = five}) == random({.seed = 3, .stream = 9}));
      CHECK(random({.seed = 3, .stream = 4}) != random({.seed = 3, .stream = 9}));
    }
    const auto dropout = [&](kernels::PhiloxKey key) {
      return drawn<double>(kernels::dropout_ladder<double>, kernels::DropoutShape{37, 0.5, key});
    };
    CHECK(dropout({.seed = 3, .stream = 4, .shift = five}) == dropout({.seed = 3, .stream = 9}));
    for (const auto update :
         {kernels::Update::adam, kernels::Update::nadam, kernels::Update::lamb}) {
      const auto updated = [&](const kernels::UpdateShape& shape) {
        Tensor w = normal({37}, 1).to("cuda"), g = normal({37}, 2).to("cuda");
        Tensor m = normal({37}, 3).to("cuda"), v = ones({37}).to("cuda");
        const kernels::UpdatedTensor<float> one{
            w.mutable_on_device<float>(),
            g.on_device<float>(),
            {m.mutable_on_device<float>(), v.mutable_on_device<float>(), nullptr},
            37};
        kernels::run(w.stream(), kernels::update_ladder<float>, std::span(&one, 1), shape);
        return w.to_vector<float>();
      };
      kernels::UpdateShape shape{.update = update, .size = 37, .learning_rate = 0.1};
      shape.decay = 0.01, shape.beta_1 = 0.9, shape.beta_2 = 0.99, shape.epsilon = 1e-7;
      shape.mean_share = 1.1, shape.gradient_share = 0.2, shape.square_scale = 1.3;
      const auto values = kernels::step_values(shape);
      const Tensor there =
          Tensor::from(std::vector<double>(values.begin(), values.end())).to("cuda");
      const std::vector<float> expected = updated(shape);
      shape.learning_rate = shape.decay = shape.mean_share = shape.gradient_share = 77;
      shape.square_scale = 77;
      CHECK(updated(shape) != expected);
      shape.each_step = there.on_device<double>();
      CHECK(updated(shape) == expected);
    }
  }
  kernels::set_kernel_choice("");
}

}  // namespace
}  // namespace keratin::tests
