// The same computation on the CPU and on the emulated GPU.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/variable.h"
#include "tensor/cast.h"
#include "tests/cuda_emulation/emulated_gpu.h"
#include "tests/support.h"

namespace keratin::tests {

using Inputs = std::vector<Variable>;

inline constexpr Tolerance kClose{.rel = 2e-5, .abs = 2e-5};

inline Tensor normal(const Shape& shape, std::uint64_t seed = 1) {
  return Tensor::from(normal_values<float>(shape.size(), seed), shape);
}

/// What an operation gives, and the gradients of its inputs, on one device.
struct Computed {
  std::vector<Tensor> tensors;
  static Computed of(const std::function<Variable(const Inputs&)>& f,
                     const std::vector<Tensor>& inputs, Device device) {
    Inputs x;
    for (const Tensor& input : inputs) x.emplace_back(input.to(device), is_floating(input.dtype()));
    const Variable y = f(x);
    Computed all{{y.value()}};
    if (!y.requires_grad()) return all;
    const Tensor dy = cast(normal(y.shape(), 77), y.dtype());
    y.backward(dy.to(device));
    for (const Variable& variable : x)
      if (variable.requires_grad()) all.tensors.push_back(variable.grad());
    return all;
  }
};

/// Checks for the same values, and the same bits in any order of threads.
inline void check_same(const std::function<Variable(const Inputs&)>& f,
                       const std::vector<Tensor>& inputs, Tolerance tolerance = {0, 0}) {
  const WithEmulatedGpu gpu;
  const Device there = Device::named("cuda");
  const Computed expected = Computed::of(f, inputs, Device{});
  std::vector<std::vector<double>> first;
  for (int round = 0; round < 3; ++round) {  // an order of threads each
    INFO("threads ", std::string(use_next_emulated_order()));
    const Computed actual = Computed::of(f, inputs, there);
    REQUIRE(actual.tensors.size() == expected.tensors.size());
    for (std::size_t i = 0; i < actual.tensors.size(); ++i) {
      CAPTURE(i);
      const Tensor &mine = actual.tensors[i], &want = expected.tensors[i];
      CHECK(mine.device() == there);
      CHECK(mine.shape() == want.shape());
      CHECK(mine.dtype() == want.dtype());
      const auto values = mine.to_vector<double>();
      CHECK(difference(values, want.to_vector<double>(), tolerance) == "");
      if (round == 0) first.push_back(values);
      CHECK(values == first[i]);
    }
  }
}

}  // namespace keratin::tests
