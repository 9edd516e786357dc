#include <cstring>
#include <numeric>

#include "kernels/copy/copy.h"
#include "kernels/cuda/element_size.cuh"
#include "kernels/cuda/narrow.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kMostBytes = 16;  // of an access

struct alignas(kMostBytes) Sixteen {
  std::uint64_t at[2];
};

// Calls f with a type of 1, 2, 4, 8 or 16 bytes, which is filled with the element at `value`.
template <class F>
void with_unit(int bytes, int element_size, const void* value, F f) {
  const auto call = [&](auto unit) {
    for (std::size_t at = 0; at < sizeof(unit); at += static_cast<std::size_t>(element_size))
      std::memcpy(reinterpret_cast<char*>(&unit) + at, value,
                  static_cast<std::size_t>(element_size));
    f(unit);
  };
  if (bytes == kMostBytes) return call(Sixteen{});
  with_element_size(bytes, call);
}

// The axes of a padding, innermost first; an axis that is not padded is one with the next outer.
struct Padding {
  int rank = 0;
  Divisor<std::int32_t> whole[PadShape::kMaxRank];
  std::int32_t before[PadShape::kMaxRank] = {}, sizes[PadShape::kMaxRank] = {};
};

struct Axis {
  std::int64_t size, before, after;
};

// Sizes in units of `unit` elements of the innermost axis.
Padding padding_of(const Axis* axes, int rank, std::int64_t unit) {
  Padding p;
  p.rank = rank;
  for (int k = 0; k < rank; ++k) {
    const std::int64_t by = k == 0 ? unit : 1;
    p.sizes[k] = static_cast<std::int32_t>(axes[k].size / by);
    p.before[k] = static_cast<std::int32_t>(axes[k].before / by);
    p.whole[k] = Divisor<std::int32_t>((axes[k].size + axes[k].before + axes[k].after) / by);
  }
  return p;
}

template <class T>
__global__ void __launch_bounds__(kNarrowThreads)
    pad_kernel(const T* x, T* y, T value, Padding p, std::int32_t items) {
  each_item(items, [&](std::int32_t i) {
    std::int32_t rest = i, from = 0, stride = 1;
    bool inside = true;
    for (int k = 0; k < p.rank; ++k) {
      const auto [outer, place] = p.whole[k](rest);
      const std::int32_t index = place - p.before[k];
      rest = outer;
      inside = inside && index >= 0 && index < p.sizes[k];
      from += index * stride;
      stride *= p.sizes[k];
    }
    y[i] = inside ? x[from] : value;
  });
}

// n elements of y a thread, which may belong to several rows.
template <class T, int n, class I>
__global__ void __launch_bounds__(kNarrowThreads)
    one_hot_kernel(const I* index, T* y, T one, Divisor<std::int32_t> depth, std::int32_t items,
                   std::int32_t size) {
  each_item(items, [&](std::int32_t i) {
    auto [row, column] = depth(i * n);
    const int left = size - i * n < n ? size - i * n : n;
    I at = index[row];
    Several<T, n> all;
#pragma unroll
    for (int k = 0; k < n; ++k) {
      if (k < left) {
        if (column == depth.value()) {
          column = 0;
          at = index[++row];
        }
        all.at[k] = at == column ? one : T(0);
        ++column;
      }
    }
    if (left == n) {
      reinterpret_cast<Several<T, n>*>(y)[i] = all;
    } else {
#pragma unroll
      for (int k = 0; k < n; ++k)
        if (k < left) y[i * n + k] = all.at[k];
    }
  });
}

bool is_aligned_to(const void* place, int bytes) {
  return reinterpret_cast<std::uintptr_t>(place) % static_cast<std::uintptr_t>(bytes) == 0;
}

}  // namespace

bool pad_wide_applies(const PadShape& s) { return fits_in_32_bits(s.y_size()); }

void pad_wide(const void* x, void* y, const void* value, const PadShape& s, const Stream& stream) {
  if (s.y_size() == 0) return;
  if (s.x_size() == 0 || s.rank == 0) return pad_naive(x, y, value, s, stream);
  Axis axes[PadShape::kMaxRank];
  int rank = 0;
  for (int k = s.rank; k-- > 0;) {
    const auto axis = static_cast<std::size_t>(k);
    const std::int64_t size = s.sizes[axis], before = s.before[axis], after = s.after[axis];
    if (rank > 0 && axes[rank - 1].before == 0 && axes[rank - 1].after == 0) {
      const std::int64_t inner = axes[rank - 1].size;
      axes[rank - 1] = {size * inner, before * inner, after * inner};
    } else {
      axes[rank++] = {size, before, after};
    }
  }
  // As many bytes an access as the innermost axis and both places allow.
  int bytes = kMostBytes;
  const std::int64_t ends = std::gcd(std::gcd(axes[0].size, axes[0].before), axes[0].after);
  while (bytes > s.element_size && ((ends * s.element_size) % bytes != 0 ||
                                    !is_aligned_to(x, bytes) || !is_aligned_to(y, bytes)))
    bytes /= 2;
  const std::int64_t unit = bytes / s.element_size;
  const auto items = static_cast<std::int32_t>(s.y_size() / unit);
  with_unit(bytes, s.element_size, value, [&]<class T>(T filled) {
    constexpr auto kernel = pad_kernel<T>;
    KERATIN_LAUNCH(kernel, blocks_of_items(items), kNarrowThreads, 0, stream,
                   static_cast<const T*>(x), static_cast<T*>(y), filled,
                   padding_of(axes, rank, unit), items);
  });
}

bool one_hot_wide_applies(const OneHotShape& s) { return fits_in_32_bits(s.count * s.depth); }

template <class I>
void one_hot_wide(const I* index, void* y, const void* one, const OneHotShape& s,
                  const Stream& stream) {
  const std::int64_t size = s.count * s.depth;
  if (size == 0) return;
  if (!is_aligned_to(y, kMostBytes)) return one_hot_naive(index, y, one, s, stream);
  with_element_size(s.element_size, [&]<class T>(T element) {
    constexpr int n = kMostBytes / static_cast<int>(sizeof(T));
    constexpr auto kernel = one_hot_kernel<T, n, I>;
    const std::int64_t items = (size + n - 1) / n;
    std::memcpy(&element, one, sizeof(T));
    KERATIN_LAUNCH(kernel, blocks_of_items(items), kNarrowThreads, 0, stream, index,
                   static_cast<T*>(y), element, Divisor<std::int32_t>(s.depth),
                   static_cast<std::int32_t>(items), static_cast<std::int32_t>(size));
  });
}
template void one_hot_wide(const std::int32_t*, void*, const void*, const OneHotShape&,
                           const Stream&);
template void one_hot_wide(const std::int64_t*, void*, const void*, const OneHotShape&,
                           const Stream&);

}  // namespace keratin::kernels::cuda
