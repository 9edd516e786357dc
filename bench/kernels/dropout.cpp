#include "kernels/dropout/bfloat16.h"

#include "bench/harness.h"

namespace keratin::bench {

const bool dropout_row =
    add_ladder(kernels::dropout_ladder<float>,
               {{128 * 512, 0.5, {.seed = 1}}, {4096 * 1024, 0.5, {.seed = 1}}},
               [](Buffers& b, const kernels::DropoutShape& s) {
                 return std::tuple(b.input<float>(s.size), b.output<float>(s.size));
               });

const bool dropout_bfloat16_row = add_ladder(
    kernels::dropout_ladder<kernels::BFloat16>,
    {{128 * 512, 0.5, {.seed = 1}}, {4096 * 1024, 0.5, {.seed = 1}}},
    [](Buffers& b, const kernels::DropoutShape& s) {
      return std::tuple(b.input<kernels::BFloat16>(s.size), b.output<kernels::BFloat16>(s.size));
    },
    {.tolerance = 0.01});

}  // namespace keratin::bench
