// Elements that one access reads or writes together.
#pragma once

#include <cstdint>

namespace keratin::kernels::cuda {

/// `n` elements side by side: an access of up to 16 bytes, or several of 16.
template <class T, int n>
struct alignas(n * sizeof(T) < 16 ? n * sizeof(T) : 16) Several {
  T at[n];
};

template <class Wide>
bool is_aligned(const void* place) {
  return reinterpret_cast<std::uintptr_t>(place) % alignof(Wide) == 0;
}

}  // namespace keratin::kernels::cuda
