#include <cstring>

#include "kernels/copy/copy.h"

namespace keratin::kernels::cpu {

void strided_copy_reference(const void* x, void* y, const CopyShape& s) {
  const auto bytes = static_cast<std::size_t>(s.element_size);
  const std::int64_t size = s.size();
  for (std::int64_t i = 0; i < size; ++i) {
    std::int64_t rest = i, from = s.x_offset, to = s.y_offset;
    for (auto k = static_cast<std::size_t>(s.rank); k-- > 0;) {
      from += rest % s.sizes[k] * s.x_strides[k];
      to += rest % s.sizes[k] * s.y_strides[k];
      rest /= s.sizes[k];
    }
    std::memcpy(static_cast<char*>(y) + to * s.element_size,
                static_cast<const char*>(x) + from * s.element_size, bytes);
  }
}

// Each element of y is the one of x at its index less `before`, or the value where that is outside.
void pad_reference(const void* x, void* y, const void* value, const PadShape& s) {
  const auto bytes = static_cast<std::size_t>(s.element_size);
  const std::int64_t size = s.y_size();
  for (std::int64_t i = 0; i < size; ++i) {
    std::int64_t rest = i, from = 0, stride = 1;
    bool inside = true;
    for (auto k = static_cast<std::size_t>(s.rank); k-- > 0;) {
      const std::int64_t width = s.before[k] + s.sizes[k] + s.after[k];
      const std::int64_t at = rest % width - s.before[k];
      inside = inside && at >= 0 && at < s.sizes[k];
      from += at * stride;
      stride *= s.sizes[k];
      rest /= width;
    }
    std::memcpy(static_cast<char*>(y) + i * s.element_size,
                inside ? static_cast<const char*>(x) + from * s.element_size : value, bytes);
  }
}

template <class I>
void one_hot_reference(const I* index, void* y, const void* one, const OneHotShape& s) {
  const auto bytes = static_cast<std::size_t>(s.element_size);
  char* to = static_cast<char*>(y);
  for (std::int64_t i = 0; i < s.count; ++i) {
    for (std::int64_t column = 0; column < s.depth; ++column, to += bytes) {
      if (static_cast<std::int64_t>(index[i]) == column) {
        std::memcpy(to, one, bytes);
      } else {
        std::memset(to, 0, bytes);
      }
    }
  }
}

template void one_hot_reference(const std::int32_t*, void*, const void*, const OneHotShape&);
template void one_hot_reference(const std::int64_t*, void*, const void*, const OneHotShape&);

}  // namespace keratin::kernels::cpu
