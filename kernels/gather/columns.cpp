#include "kernels/gather/gather.h"
#include "kernels/parallel.h"

namespace keratin::kernels::cpu {

// Each piece of work is a block of columns of one outer, and adds all rows in order there: no two
// pieces touch the same element, and an element's terms come in the reference's order.
template <class T, class I>
void scatter_add_columns(const T* dy, const I* index, T* dtable, const GatherShape& s) {
  constexpr std::int64_t kBlock = 64;  // columns: whole cache lines of an aligned table
  const std::int64_t blocks = (s.cols + kBlock - 1) / kBlock;
  if (s.outer == 0 || s.count == 0 || blocks == 0) return;
  parallel_for(s.outer * blocks, grain_for(s.count * kBlock), [&](auto first, auto last) {
    while (first < last) {  // neighbouring blocks of one outer together
      const std::int64_t o = first / blocks, block = first % blocks;
      const std::int64_t next = block + (last - first) < blocks ? last : first - block + blocks;
      const std::int64_t begin = block * kBlock;
      const std::int64_t end =
          begin + (next - first) * kBlock < s.cols ? begin + (next - first) * kBlock : s.cols;
      const T* from = dy + o * s.count * s.cols;
      T* table = dtable + o * s.table_rows * s.cols;
      for (std::int64_t i = 0; i < s.count; ++i, from += s.cols) {
        T* to = table + static_cast<std::int64_t>(index[i]) * s.cols;
        for (std::int64_t c = begin; c < end; ++c) to[c] += from[c];
      }
      first = next;
    }
  });
}

template void scatter_add_columns(const float*, const std::int32_t*, float*, const GatherShape&);
template void scatter_add_columns(const float*, const std::int64_t*, float*, const GatherShape&);
template void scatter_add_columns(const double*, const std::int32_t*, double*, const GatherShape&);
template void scatter_add_columns(const double*, const std::int64_t*, double*, const GatherShape&);

}  // namespace keratin::kernels::cpu
