#include "kernels/gather/gather.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

// Embedding tables: words in 64 and 512 columns, and a column of single elements.
const std::vector<kernels::GatherShape> shapes = {
    {1, 20000, 4096, 64}, {1, 20000, 4096, 512}, {1, 1000000, 65536, 1}, {32, 784, 256, 16}};

const bool first_bad_index_row = add_ladder(
    kernels::first_bad_index_ladder<std::int64_t>, {{4096, 20000}, {65536, 1000000}},
    [](Buffers& b, const kernels::IndexShape& s) {
      return std::tuple(b.indices<std::int64_t>(s.count, s.table_rows), b.output<std::int64_t>(1));
    });

const bool gather_row = add_ladder(
    kernels::gather_ladder<std::int64_t>, shapes, [](Buffers& b, const kernels::GatherShape& s) {
      return std::tuple(b.input<float>(s.outer * s.table_rows * s.cols),
                        b.indices<std::int64_t>(s.count, s.table_rows),
                        b.output<float>(s.outer * s.count * s.cols));
    });

const bool scatter_add_row =
    add_ladder(kernels::scatter_add_ladder<float, std::int64_t>, shapes,
               [](Buffers& b, const kernels::GatherShape& s) {
                 return std::tuple(b.input<float>(s.outer * s.count * s.cols),
                                   b.indices<std::int64_t>(s.count, s.table_rows),
                                   b.inout<float>(s.outer * s.table_rows * s.cols));
               });

}  // namespace
}  // namespace keratin::bench
