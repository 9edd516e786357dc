#include <cstring>

#include "kernels/gather/gather.h"
#include "kernels/parallel.h"

namespace keratin::kernels::cpu {

namespace {

// Rows of one element: a load and a store each.
template <class T, class I>
void gather_elements(const void* table, const I* index, void* y, std::int64_t count) {
  const T* from = static_cast<const T*>(table);
  T* to = static_cast<T*>(y);
  for (std::int64_t i = 0; i < count; ++i) to[i] = from[index[i]];
}

// Rows of `width` bytes. Where the next rows lie is known early: the first lines of a row are asked
// for a few rows ahead, and the processor's own prefetcher takes over within it.
template <class I>
void gather_wide(const char* table, const I* index, char* y, std::int64_t width,
                 std::int64_t count) {
  constexpr std::int64_t kAhead = 4;
  for (std::int64_t i = 0; i < count; ++i) {
    if (i + kAhead < count) {
      const char* next = table + static_cast<std::int64_t>(index[i + kAhead]) * width;
      __builtin_prefetch(next);
      if (width > 64) __builtin_prefetch(next + 64);
    }
    std::memcpy(y + i * width, table + static_cast<std::int64_t>(index[i]) * width,
                static_cast<std::size_t>(width));
  }
}

}  // namespace

template <class I>
void gather_rows(const void* table, const I* index, void* y, const GatherShape& s) {
  const std::int64_t width = s.cols * s.element_size;  // bytes
  if (s.outer == 0 || s.count == 0 || width == 0) return;
  const std::int64_t grain = grain_for(s.cols + 4);
  const std::int64_t pieces = (s.count + grain - 1) / grain;  // of one outer
  parallel_for(s.outer * pieces, grain_for(s.count * s.cols / pieces), [&](auto first, auto last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      const std::int64_t o = piece / pieces, begin = piece % pieces * grain;
      const std::int64_t count = s.count - begin < grain ? s.count - begin : grain;
      const char* from = static_cast<const char*>(table) + o * s.table_rows * width;
      char* to = static_cast<char*>(y) + (o * s.count + begin) * width;
      const I* rows = index + begin;
      if (width == 4 && s.element_size == 4) {
        gather_elements<std::uint32_t>(from, rows, to, count);
      } else if (width == 8 && s.element_size == 8) {
        gather_elements<std::uint64_t>(from, rows, to, count);
      } else {
        gather_wide(from, rows, to, width, count);
      }
    }
  });
}

template void gather_rows(const void*, const std::int32_t*, void*, const GatherShape&);
template void gather_rows(const void*, const std::int64_t*, void*, const GatherShape&);

}  // namespace keratin::kernels::cpu
