#include <fmt/format.h>

#include <algorithm>

#include "kernels/gather/gather.h"

namespace keratin::kernels {

std::string GatherShape::text() const {
  const std::string front = outer == 1 ? "" : fmt::format("{}, ", outer);
  return fmt::format("[{}{}, {}] by [{}], {} bytes", front, table_rows, cols, count, element_size);
}

std::string IndexShape::text() const { return fmt::format("[{}] into {} rows", count, table_rows); }

namespace cpu {

template <class I>
void first_bad_index_reference(const I* index, std::int64_t* place, const IndexShape& s) {
  const auto bad = [&](I row) { return row < 0 || static_cast<std::int64_t>(row) >= s.table_rows; };
  const I* const found = std::find_if(index, index + s.count, bad);
  *place = found == index + s.count ? -1 : found - index;
}
template void first_bad_index_reference(const std::int32_t*, std::int64_t*, const IndexShape&);
template void first_bad_index_reference(const std::int64_t*, std::int64_t*, const IndexShape&);

template <class I>
void gather_reference(const void* table, const I* index, void* y, const GatherShape& s) {
  const std::int64_t width = s.cols * s.element_size;  // bytes
  for (std::int64_t o = 0; o < s.outer; ++o) {
    for (std::int64_t i = 0; i < s.count; ++i) {
      const auto row = static_cast<std::int64_t>(index[i]);
      const char* from = static_cast<const char*>(table) + (o * s.table_rows + row) * width;
      char* to = static_cast<char*>(y) + (o * s.count + i) * width;
      for (std::int64_t byte = 0; byte < width; ++byte) to[byte] = from[byte];
    }
  }
}

template <class T, class I>
void scatter_add_reference(const T* dy, const I* index, T* dtable, const GatherShape& s) {
  for (std::int64_t o = 0; o < s.outer; ++o) {
    for (std::int64_t i = 0; i < s.count; ++i) {
      const auto row = static_cast<std::int64_t>(index[i]);
      for (std::int64_t c = 0; c < s.cols; ++c) {
        dtable[(o * s.table_rows + row) * s.cols + c] += dy[(o * s.count + i) * s.cols + c];
      }
    }
  }
}

template void gather_reference(const void*, const std::int32_t*, void*, const GatherShape&);
template void gather_reference(const void*, const std::int64_t*, void*, const GatherShape&);
template void scatter_add_reference(const float*, const std::int32_t*, float*, const GatherShape&);
template void scatter_add_reference(const float*, const std::int64_t*, float*, const GatherShape&);
template void scatter_add_reference(const double*, const std::int32_t*, double*,
                                    const GatherShape&);
template void scatter_add_reference(const double*, const std::int64_t*, double*,
                                    const GatherShape&);

}  // namespace cpu
}  // namespace keratin::kernels
