#include "kernels/reduce/reduce.h"

#include "bench/harness.h"
#include "kernels/reduce/bfloat16.h"
#include "kernels/reduce/matches.h"
#include "kernels/reduce/relu.h"

namespace keratin::bench {
namespace {

using kernels::Reduction;

// All of a tensor, rows, columns; the bias gradient of a convolution; the mean of three colours.
const bool reduce_row =
    add_ladder(kernels::reduce_ladder<float>,
               {{Reduction::sum, 1, 4096 * 1024, 1},
                {Reduction::sum, 4096, 1024, 1},
                {Reduction::sum, 1, 4096, 1024},
                {Reduction::max, 4096, 1024, 1},
                {Reduction::max, 1, 4096, 1024},
                {Reduction::sum, 1, 100352, 32},
                {Reduction::sum, 1, 1'000'000, 3},
                {Reduction::sum, 32, 784, 64},
                {Reduction::sum, 32768, 10, 1}},
               [](Buffers& b, const kernels::ReduceShape& s) {
                 return std::tuple(b.input<float>(s.outer * s.reduced * s.inner),
                                   b.output<float>(s.outer * s.inner));
               },
               {}, {{Reduction::sum, 1, 1 << 27, 1}});

const bool reduce_bfloat16_row =
    add_ladder(kernels::reduce_ladder<kernels::BFloat16>,
               {{Reduction::sum, 1, 100352, 32},
                {Reduction::sum, 1, 128, 512},
                {Reduction::sum, 4096, 1024, 1}},
               [](Buffers& b, const kernels::ReduceShape& s) {
                 return std::tuple(b.input<kernels::BFloat16>(s.outer * s.reduced * s.inner),
                                   b.output<kernels::BFloat16>(s.outer * s.inner));
               },
               {.tolerance = 0.01});

const bool wide_reduce_row = add_ladder(
    kernels::wide_reduce_ladder, {{Reduction::sum, 128, 64, 64}, {Reduction::sum, 32, 784, 64}},
    [](Buffers& b, const kernels::ReduceShape& s) {
      return std::tuple(b.input<kernels::BFloat16>(s.outer * s.reduced * s.inner),
                        b.output<float>(s.outer * s.inner));
    });

// Images of a convolution with 32 channels, of one with 64, a dense layer.
template <class T>
bool add_relu_sums(RowOptions options) {
  return add_ladder(kernels::relu_sums_ladder<T>, {{86528, 32}, {15488, 64}, {128, 512}},
                    [](Buffers& b, const kernels::ReluSumsShape& s) {
                      return std::tuple(b.input<T>(s.rows * s.cols), b.input<T>(s.rows * s.cols),
                                        b.output<T>(s.rows * s.cols), b.output<T>(s.cols));
                    },
                    options, {{1 << 21, 64}});
}
const bool relu_sums_rows =
    add_relu_sums<float>({}) && add_relu_sums<kernels::BFloat16>({.tolerance = 0.01});

const bool arg_reduce_row = add_ladder(
    kernels::arg_reduce_ladder<float>,
    {{true, 32768, 10, 1}, {true, 4096, 1024, 1}, {true, 64, 64, 1024}, {true, 1, 4194304, 1}},
    [](Buffers& b, const kernels::ArgReduceShape& s) {
      return std::tuple(b.input<float>(s.outer * s.reduced * s.inner),
                        b.output<std::int64_t>(s.outer * s.inner));
    });

const bool matches_row =
    add_ladder(kernels::matches_ladder<std::int32_t>, {{128, 10}, {8192, 10}, {4096, 1000}},
               [](Buffers& b, const kernels::MatchesShape& s) {
                 return std::tuple(b.input<float>(s.rows * s.classes),
                                   b.indices<std::int32_t>(s.rows, s.classes), b.output<float>(1));
               });

}  // namespace
}  // namespace keratin::bench
