#include "kernels/optimizer/optimizer.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using kernels::Update;
using kernels::UpdatedTensor;
using kernels::UpdateShape;

// The weights of Dense layers 784 > 512 > 512 > 10, and one of 4 million.
const std::vector<std::int64_t> mlp = {784 * 512, 512, 512 * 512, 512, 512 * 10, 10};
constexpr std::int64_t kMlp = 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10,
                       kLarge = 4096 * 1024;

std::vector<UpdateShape> shapes() {
  std::vector<UpdateShape> all;
  for (const std::int64_t size : {kMlp, kLarge}) {
    all.push_back({.update = Update::sgd, .size = size, .learning_rate = 1e-3});
    all.push_back({.update = Update::sgd, .size = size, .learning_rate = 1e-3, .momentum = 0.9});
    all.push_back({.update = Update::rmsprop,
                   .size = size,
                   .learning_rate = 1e-3,
                   .rho = 0.9,
                   .epsilon = 1e-7});
    all.push_back({.update = Update::adam,
                   .size = size,
                   .learning_rate = 1e-3,
                   .beta_1 = 0.9,
                   .beta_2 = 0.999,
                   .epsilon = 1e-7});
    for (const Update update : {Update::adagrad, Update::adadelta, Update::adamax, Update::nadam,
                                Update::lion, Update::ftrl, Update::lamb}) {
      UpdateShape s = all.back();
      s.update = update;
      s.rho = 0.95;
      all.push_back(s);
    }
  }
  return all;
}

UpdateShape large_adam() {
  return {.update = Update::adam,
          .size = 100'000'000,
          .learning_rate = 1e-3,
          .beta_1 = 0.9,
          .beta_2 = 0.999,
          .epsilon = 1e-7};
}

const bool update_row = add_ladder(
    kernels::update_ladder<float>, shapes(),
    [](Buffers& b, const UpdateShape& s) {
      std::vector<UpdatedTensor<float>> tensors;
      for (const std::int64_t size : s.size == kMlp ? mlp : std::vector{s.size}) {
        UpdatedTensor<float> t{
            .w = b.inout<float>(size), .g = b.input<float>(size), .slots = {}, .size = size};
        if (s.momentum != 0 || s.update != Update::sgd) t.slots[0] = b.output<float>(size);
        const bool two =
            s.update >= Update::adam && s.update != Update::adagrad && s.update != Update::lion;
        if (two) t.slots[1] = b.output<float>(size);
        tensors.push_back(t);
      }
      return std::tuple(tensors);
    },
    {}, {large_adam()});

}  // namespace
}  // namespace keratin::bench
