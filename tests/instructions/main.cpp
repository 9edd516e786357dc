// Hot kernels, for counting their instructions: keratin_instructions NAME runs one, twice, the
// second time within keratin_counted(). `check` beside this file counts what that one takes. As
// valgrind knows AVX2 but not AVX-512, Highway is held to AVX2 at the most.
#include <fmt/format.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/batch_normalization/batch_normalization.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/gemm/gemm.h"
#include "kernels/optimizer/optimizer.h"
#include "kernels/peak.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/reduce/reduce.h"
#include "kernels/run.h"
#include "kernels/softmax/softmax.h"

// By this name valgrind is told when to count.
extern "C" void keratin_counted(const std::function<void()>& f);
extern "C" [[gnu::noinline]] void keratin_counted(const std::function<void()>& f) { f(); }

namespace keratin::kernels {
namespace {

std::vector<float> values(std::int64_t count) {
  std::mt19937 generator(42);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> all(static_cast<std::size_t>(count));
  for (float& value : all) value = uniform(generator);
  return all;
}

Conv2dShape convolution() {
  return {.batch = 4,
          .in_h = 16,
          .in_w = 16,
          .in_c = 32,
          .out_h = 14,
          .out_w = 14,
          .out_c = 32,
          .kernel_h = 3,
          .kernel_w = 3};
}

Pool2dShape pooling() {
  return {.batch = 8, .in_h = 26, .in_w = 26, .channels = 32, .out_h = 13, .out_w = 13};
}

using Run = std::function<void()>;

const std::map<std::string_view, Run (*)()>& kernels_by_name() {
  static const std::map<std::string_view, Run (*)()> all = {
      {"gemm",
       [] {
         const GemmShape s = gemm_shape(192, 192, 192);
         return Run(
             [s, a = values(s.m * s.k), b = values(s.k * s.n), c = values(s.m * s.n)]() mutable {
               run(gemm_ladder<float>, a.data(), b.data(), c.data(), Epilogue<float>{}, s);
             });
       }},
      {"conv2d",
       [] {
         const Conv2dShape s = convolution();
         return Run([s, x = values(s.in_size()), w = values(s.weight_size()),
                     bias = values(s.out_c), y = values(s.out_size())]() mutable {
           const Epilogue<float> e{bias.data(), Activation::relu};
           run(conv2d_ladder<float>, x.data(), w.data(), y.data(), e, s);
         });
       }},
      {"conv2d_input_gradient",
       [] {
         const Conv2dShape s = convolution();
         return Run([s, dy = values(s.out_size()), w = values(s.weight_size()),
                     dx = values(s.in_size())]() mutable {
           run(conv2d_input_gradient_ladder<float>, dy.data(), w.data(), dx.data(), s);
         });
       }},
      {"conv2d_weight_gradient",
       [] {
         const Conv2dShape s = convolution();
         return Run([s, x = values(s.in_size()), dy = values(s.out_size()),
                     dw = values(s.weight_size())]() mutable {
           run(conv2d_weight_gradient_ladder<float>, x.data(), dy.data(), dw.data(), s);
         });
       }},
      {"max_pool2d",
       [] {
         const Pool2dShape s = pooling();
         return Run([s, x = values(s.in_size()), y = values(s.out_size())]() mutable {
           run(max_pool2d_ladder<float>, x.data(), y.data(), nullptr, s);
         });
       }},
      {"max_pool2d_winners",
       [] {
         Pool2dShape s = pooling();
         s.winner_bytes = 1;
         return Run([s, x = values(s.in_size()), y = values(s.out_size()),
                     winners = std::vector<std::uint8_t>(
                         static_cast<std::size_t>(s.out_size()))]() mutable {
           run(max_pool2d_ladder<float>, x.data(), y.data(), winners.data(), s);
         });
       }},
      {"softmax",
       [] {
         const SoftmaxShape s{512, 100};
         return Run([s, x = values(s.rows * s.cols), y = values(s.rows * s.cols)]() mutable {
           run(softmax_ladder<float>, x.data(), y.data(), s);
         });
       }},
      {"batch_norm_gradient",
       [] {
         const BatchNormShape s{2048, 32, 1e-3};
         return Run([s, x = values(s.rows * s.channels), dy = values(s.rows * s.channels),
                     mean = values(s.channels),
                     variance = std::vector<float>(static_cast<std::size_t>(s.channels), 1.0f),
                     gamma = values(s.channels), dx = values(s.rows * s.channels),
                     dgamma = values(s.channels), dbeta = values(s.channels)]() mutable {
           run(batch_norm_gradient_ladder<float>, x.data(), dy.data(), mean.data(), variance.data(),
               gamma.data(), dx.data(), dgamma.data(), dbeta.data(), s);
         });
       }},
      {"tanh",
       [] {
         const UnaryShape s{Unary::tanh, 65536};
         return Run([s, x = values(s.size), y = values(s.size)]() mutable {
           run(unary_ladder<float>, x.data(), y.data(), s);
         });
       }},
      {"add_bias",
       [] {
         const std::vector<std::int64_t> a = {1024, 64}, b = {64};
         const BinaryShape s = make_binary_shape(Binary::add, a, b);
         return Run([s, x = values(65536), bias = values(64), y = values(65536)]() mutable {
           run(binary_ladder<float>, x.data(), bias.data(), y.data(), s);
         });
       }},
      {"reduce_columns",
       [] {
         const ReduceShape s{Reduction::sum, 1, 2048, 32};
         return Run([s, x = values(s.reduced * s.inner), y = values(s.inner)]() mutable {
           run(reduce_ladder<float>, x.data(), y.data(), s);
         });
       }},
      {"adam", [] {
         const UpdateShape s{.update = Update::adam,
                             .size = 65536,
                             .learning_rate = 1e-3,
                             .beta_1 = 0.9,
                             .beta_2 = 0.999,
                             .epsilon = 1e-7};
         return Run([s, w = values(s.size), g = values(s.size), m = values(s.size),
                     v = std::vector<float>(static_cast<std::size_t>(s.size), 0.1f)]() mutable {
           const std::array tensors = {UpdatedTensor<float>{.w = w.data(),
                                                            .g = g.data(),
                                                            .slots = {m.data(), v.data(), nullptr},
                                                            .size = s.size}};
           run(update_ladder<float>, std::span<const UpdatedTensor<float>>(tensors), s);
         });
       }}};
  return all;
}

}  // namespace
}  // namespace keratin::kernels

int main(int argc, char** argv) {
  using keratin::kernels::kernels_by_name;
#if HWY_ARCH_X86
  // All that are better than AVX2: their bits are lower.
  hwy::DisableTargets(HWY_AVX2 - 1);
#endif
  const std::string_view wanted = argc == 2 ? argv[1] : "";
  if (wanted == "--list") {
    for (const auto& [name, make] : kernels_by_name()) fmt::print("{}\n", name);
    return 0;
  }
  if (wanted == "--instruction-set") {
    fmt::print("{}\n", keratin::kernels::instruction_set());
    return 0;
  }
  const auto found = kernels_by_name().find(wanted);
  if (found == kernels_by_name().end()) {
    fmt::print(stderr, "usage: keratin_instructions --list | --instruction-set | NAME\n");
    return 2;
  }
  const std::function<void()> kernel = found->second();
  kernel();  // fills stocks of memory and tables
  keratin_counted(kernel);
  return 0;
}
