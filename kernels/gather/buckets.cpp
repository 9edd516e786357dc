#include <algorithm>

#include "kernels/gather/gather.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {

// The table is cut into ranges of rows (by the shape alone); a counting sort puts the positions i
// into the range of their index, in order. A piece of work then adds all positions of its range:
// no two pieces touch the same row, and an element's terms come in the reference's order.
template <class T, class I>
void scatter_add_buckets(const T* dy, const I* index, T* dtable, const GatherShape& s) {
  constexpr std::int64_t kBuckets = 64, kSmall = 32768;
  if (s.outer == 0 || s.count == 0 || s.cols == 0) return;
  if (s.outer * s.count * s.cols <= kSmall) {
    scatter_add_reference(dy, index, dtable, s);
    return;
  }
  const std::int64_t range = (s.table_rows + kBuckets - 1) / kBuckets;  // rows
  std::array<std::int64_t, kBuckets + 1> start{};
  for (std::int64_t i = 0; i < s.count; ++i) {
    ++start[static_cast<std::size_t>(static_cast<std::int64_t>(index[i]) / range + 1)];
  }
  for (std::size_t b = 1; b < start.size(); ++b) start[b] += start[b - 1];
  const Scratch scratch(static_cast<std::size_t>(s.count) * sizeof(std::int64_t));
  std::int64_t* const positions = scratch.as<std::int64_t>();
  std::array<std::int64_t, kBuckets + 1> fill = start;
  for (std::int64_t i = 0; i < s.count; ++i) {
    const auto bucket = static_cast<std::size_t>(static_cast<std::int64_t>(index[i]) / range);
    positions[fill[bucket]++] = i;
  }
  parallel_for(s.outer * kBuckets, grain_for(s.count * s.cols / kBuckets),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t piece = first; piece < last; ++piece) {
                   const std::int64_t o = piece / kBuckets;
                   const auto bucket = static_cast<std::size_t>(piece % kBuckets);
                   for (std::int64_t k = start[bucket]; k < start[bucket + 1]; ++k) {
                     const std::int64_t i = positions[k];
                     const auto row = static_cast<std::int64_t>(index[i]);
                     const T* from = dy + (o * s.count + i) * s.cols;
                     T* to = dtable + (o * s.table_rows + row) * s.cols;
                     for (std::int64_t c = 0; c < s.cols; ++c) to[c] += from[c];
                   }
                 }
               });
}

template void scatter_add_buckets(const float*, const std::int32_t*, float*, const GatherShape&);
template void scatter_add_buckets(const float*, const std::int64_t*, float*, const GatherShape&);
template void scatter_add_buckets(const double*, const std::int32_t*, double*, const GatherShape&);
template void scatter_add_buckets(const double*, const std::int64_t*, double*, const GatherShape&);

}  // namespace keratin::kernels::cpu
