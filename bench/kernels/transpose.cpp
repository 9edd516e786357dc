#include "kernels/transpose/transpose.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

kernels::TransposeShape shape(std::vector<std::int64_t> sizes, std::vector<int> perm,
                              int element_size = 4) {
  return kernels::transpose_shape(sizes, perm, element_size);
}

const bool transpose_row =
    add_ladder(kernels::transpose_ladder,
               {shape({512, 784}, {1, 0}), shape({1024, 1024}, {1, 0}), shape({1000, 3000}, {1, 0}),
                shape({32, 32, 32, 64}, {0, 3, 1, 2}), shape({16, 128, 8, 64}, {0, 2, 1, 3}),
                shape({1024, 1024}, {1, 0}, 8), shape({1024, 1024}, {1, 0}, 1)},
               [](Buffers& b, const kernels::TransposeShape& s) {
                 const std::int64_t bytes = s.size() * s.element_size;
                 return std::tuple(b.input<std::uint8_t>(bytes), b.output<std::uint8_t>(bytes));
               });

}  // namespace
}  // namespace keratin::bench
