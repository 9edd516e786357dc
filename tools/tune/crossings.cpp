#include "tools/tune/crossings.h"

#include <memory>

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/winograd.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/gemm/gemm.h"
#include "kernels/softmax/softmax.h"

namespace keratin::tools {
namespace {
using namespace kernels;  // NOLINT: shapes and rungs

using Floats = std::shared_ptr<std::vector<float>>;

// Uneven numbers from -1 to 1: what they are decides no time.
Floats some_floats(std::int64_t count) {
  auto floats = std::make_shared<std::vector<float>>(static_cast<std::size_t>(count));
  std::uint32_t state = 1;
  for (float& x : *floats) {
    state = state * 1664525 + 1013904223;  // Numerical Recipes, 7.1
    x = static_cast<float>(state >> 8) * 0x1p-23F - 1;
  }
  return floats;
}

Crossing products(const GemmShape& s, GemmFn<float> small, GemmFn<float> large,
                  std::int64_t value) {
  const Floats a = some_floats(s.m * s.k), b = some_floats(s.k * s.n), c = some_floats(s.m * s.n);
  const auto with = [=](GemmFn<float> product) {
    return [=] { product(a->data(), b->data(), c->data(), {}, s); };
  };
  return {value, s.text(), with(small), with(large)};
}

Experiment packed(bool trans_a) {
  Experiment e{trans_a ? &Crossovers::packed_transposed_work : &Crossovers::packed_work, false, {}};
  for (const std::int64_t n : {128, 144, 168, 200, 240, 280, 328, 392, 456, 520}) {
    e.crossings.emplace_back([=] {
      return products(gemm_shape(n, n, n, trans_a), cpu::gemm_simd, cpu::gemm_packed, n * n * n);
    });
  }
  return e;
}

Crossing narrow(std::int64_t n, std::int64_t k, bool by_depth) {
  const GemmShape s = gemm_shape(256, n, k);
  return by_depth ? products(s, cpu::gemm_simd, cpu::gemm_dot, k)
                  : products(s, cpu::gemm_dot, cpu::gemm_simd, n);
}

Experiment dot_columns() {
  Experiment e{&Crossovers::dot_columns, true, {}};
  for (std::int64_t n = 1; n <= cpu::kDotColumns; ++n)
    e.crossings.emplace_back([=] { return narrow(n, 784, false); });
  return e;
}

Experiment dot_depth() {
  Experiment e{&Crossovers::dot_depth, false, {}};
  for (const std::int64_t k : {16, 32, 48, 64, 96, 128, 192, 256, 512})
    e.crossings.emplace_back([=] { return narrow(10, k, true); });
  return e;
}

Experiment winograd() {
  Experiment e{&Crossovers::winograd_percent, true, {}};
  struct Images {
    std::int64_t batch, side, in_c, out_c;
  };
  for (const Images i : {Images{8, 28, 32, 32},
                         {1, 6, 32, 32},
                         {1, 8, 64, 64},
                         {1, 13, 64, 64},
                         {2, 14, 64, 32},
                         {8, 7, 64, 64},
                         {8, 8, 128, 128},
                         {1, 16, 128, 128},
                         {1, 7, 256, 256},
                         {4, 5, 64, 64},
                         {8, 32, 64, 64}}) {
    e.crossings.emplace_back([=] {
      const Conv2dShape s{.batch = i.batch,
                          .in_h = i.side,
                          .in_w = i.side,
                          .in_c = i.in_c,
                          .out_h = i.side,
                          .out_w = i.side,
                          .out_c = i.out_c,
                          .kernel_h = 3,
                          .kernel_w = 3,
                          .pad_top = 1,
                          .pad_left = 1};
      const Floats x = some_floats(s.in_size()), w = some_floats(s.weight_size()),
                   y = some_floats(s.out_size());
      const auto with = [=](Conv2dFn<float> convolve) {
        return [=] { convolve(x->data(), w->data(), y->data(), {}, s); };
      };
      const double gain = cpu::winograd_gain(s, s.out_h, s.out_w);
      return Crossing{static_cast<std::int64_t>(100 * gain), s.text(), with(cpu::conv2d_direct),
                      with(cpu::conv2d_winograd)};
    });
  }
  return e;
}

Experiment side_by_side() {
  Experiment e{&Crossovers::side_by_side_columns, true, {}};
  for (const std::int64_t columns : {2, 3, 5, 8, 10, 12, 16, 20, 24, 28, 32}) {
    e.crossings.emplace_back([=] {
      const SoftmaxShape s{.rows = 4096, .cols = columns};
      const Floats x = some_floats(s.rows * s.cols), y = some_floats(s.rows * s.cols);
      const auto with = [=](SoftmaxFn<float> softmax) {
        return [=] { softmax(x->data(), y->data(), s); };
      };
      return Crossing{columns, s.text(), with(cpu::softmax_side_by_side), with(cpu::softmax_exp2)};
    });
  }
  return e;
}

// What is written is read by the next layer: so two operations, one after the other.
Experiment streamed() {
  Experiment e{&Crossovers::streamed_bytes, true, {}};
  for (const std::int64_t mib : {2, 4, 8, 16, 32, 64, 128}) {
    e.crossings.emplace_back([=] {
      const UnaryShape s{.op = Unary::relu, .size = (mib << 20) / 8};
      const Floats x = some_floats(s.size), y = some_floats(s.size), z = some_floats(s.size);
      const auto with = [=](UnaryFn<float> relu) {
        return [=] {
          relu(x->data(), y->data(), s);
          relu(y->data(), z->data(), s);
        };
      };
      return Crossing{mib << 20, s.text(), with(cpu::unary_simd), with(cpu::unary_streamed)};
    });
  }
  return e;
}

}  // namespace

std::vector<Experiment> experiments() {
  return {packed(false), packed(true),   dot_columns(), dot_depth(),
          winograd(),    side_by_side(), streamed()};
}

}  // namespace keratin::tools
