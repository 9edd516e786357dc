#include "kernels/copy/copy.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using Sizes = std::vector<std::int64_t>;

const std::vector<kernels::CopyShape> copies = {
    kernels::copy_into(Sizes{32, 28, 28, 32}, Sizes{32, 28, 28, 64}, Sizes{0, 0, 0, 32},
                       Sizes{1, 1, 1, 1}, 4),  // concatenate along channels
    kernels::copy_into(Sizes{512, 1024}, Sizes{1024, 1024}, Sizes{512, 0}, Sizes{1, 1}, 4),
    kernels::copy_out_of(Sizes{32, 64, 64, 3}, Sizes{32, 64, 64, 3}, Sizes{0, 0, 63, 0},
                         Sizes{1, 1, -1, 1}, 4),  // images, left to right
    kernels::copy_broadcast(Sizes{1024}, Sizes{1024, 1024}, 4),
    kernels::copy_tile(Sizes{256, 256}, Sizes{4, 4}, 4)};

std::int64_t reach(const kernels::CopyShape& s, std::int64_t offset, bool of_x) {
  std::int64_t last = offset;
  for (std::size_t k = 0; k < static_cast<std::size_t>(s.rank); ++k) {
    const std::int64_t stride = of_x ? s.x_strides[k] : s.y_strides[k];
    if (stride > 0) last += stride * (s.sizes[k] - 1);
  }
  return last + 1;
}

const bool strided_copy_row =
    add_ladder(kernels::strided_copy_ladder, copies, [](Buffers& b, const kernels::CopyShape& s) {
      return std::tuple(b.input<std::uint8_t>(reach(s, s.x_offset, true) * s.element_size),
                        b.output<std::uint8_t>(reach(s, s.y_offset, false) * s.element_size));
    });

const bool pad_row = add_ladder(
    kernels::pad_ladder,
    {{.rank = 4,
      .element_size = 4,
      .sizes = {32, 32, 32, 64},
      .before = {0, 1, 1, 0},
      .after = {0, 1, 1, 0}},
     {.rank = 2, .element_size = 4, .sizes = {128, 1000}, .before = {0, 12}, .after = {0, 12}}},
    [](Buffers& b, const kernels::PadShape& s) {
      return std::tuple(b.input<std::uint8_t>(s.x_size() * s.element_size),
                        b.output<std::uint8_t>(s.y_size() * s.element_size),
                        static_cast<const void*>(b.input<double>(1)));
    });

const bool one_hot_row =
    add_ladder(kernels::one_hot_ladder<std::int64_t>, {{128, 10}, {4096, 1000}},
               [](Buffers& b, const kernels::OneHotShape& s) {
                 return std::tuple(b.indices<std::int64_t>(s.count, s.depth),
                                   b.output<float>(s.count * s.depth),
                                   static_cast<const void*>(b.input<float>(1)));
               });

}  // namespace
}  // namespace keratin::bench
