#include "kernels/random/random.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using kernels::Distribution;

const std::vector<kernels::RandomShape> shapes = {
    {Distribution::uniform, 4096 * 1024, {.seed = 1}},
    {Distribution::normal, 4096 * 1024, {.seed = 1}},
    {Distribution::truncated_normal, 4096 * 1024, {.seed = 1}}};

template <class T>
bool add_random() {
  return add_ladder(
      kernels::random_ladder<T>, shapes,
      [](Buffers& b, const kernels::RandomShape& s) { return std::tuple(b.output<T>(s.size)); });
}

const bool random_row = add_random<float>();

}  // namespace
}  // namespace keratin::bench
