#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/several.cuh"
#include "kernels/elementwise/bfloat16.h"
#include "kernels/elementwise/element.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256, kWide = 8;  // elements of 16 bytes
using Wide = Several<BFloat16, kWide>;

// Computed in float32, each result rounded once. 16 bytes a load where all arrays lie at multiples
// of them; the last few one by one.
template <Unary op>
__global__ void __launch_bounds__(kThreads)
    unary_kernel(const BFloat16* x, BFloat16* y, std::int64_t size, bool aligned) {
  const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t vectors = aligned ? size / kWide : 0;
  for (std::int64_t i = first; i < vectors; i += step) {
    Wide v = reinterpret_cast<const Wide*>(x)[i];
#pragma unroll
    for (int k = 0; k < kWide; ++k) v.at[k] = narrowed<BFloat16>(element_of(op, widened(v.at[k])));
    reinterpret_cast<Wide*>(y)[i] = v;
  }
  for (std::int64_t i = vectors * kWide + first; i < size; i += step)
    y[i] = narrowed<BFloat16>(element_of(op, widened(x[i])));
}

__device__ __forceinline__ Wide load(const BFloat16* x, std::int64_t i, bool repeated) {
  if (!repeated) return reinterpret_cast<const Wide*>(x)[i];
  Wide same;
#pragma unroll
  for (int k = 0; k < kWide; ++k) same.at[k] = *x;
  return same;
}

// Operands that step by one element, or stay at one number.
template <Binary op>
__global__ void __launch_bounds__(kThreads)
    binary_kernel(const BFloat16* a, const BFloat16* b, BFloat16* y, std::int64_t size, bool one_a,
                  bool one_b, bool aligned) {
  const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t vectors = aligned ? size / kWide : 0;
  for (std::int64_t i = first; i < vectors; i += step) {
    Wide p = load(a, i, one_a);
    const Wide q = load(b, i, one_b);
#pragma unroll
    for (int k = 0; k < kWide; ++k)
      p.at[k] = narrowed<BFloat16>(element_of(op, widened(p.at[k]), widened(q.at[k])));
    reinterpret_cast<Wide*>(y)[i] = p;
  }
  for (std::int64_t i = vectors * kWide + first; i < size; i += step)
    y[i] = narrowed<BFloat16>(element_of(op, widened(a[one_a ? 0 : i]), widened(b[one_b ? 0 : i])));
}

// Any broadcasting: places in a and b by divisions.
__global__ void __launch_bounds__(kThreads)
    broadcast_kernel(const BFloat16* a, const BFloat16* b, BFloat16* y, BinaryShape s,
                     std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    std::int64_t rest = i, at_a = 0, at_b = 0;
    for (int axis = s.rank; axis-- > 0;) {
      const auto at = static_cast<std::size_t>(axis);
      const std::int64_t index = rest % s.sizes[at];
      rest /= s.sizes[at];
      at_a += index * s.a[at];
      at_b += index * s.b[at];
    }
    y[i] = narrowed<BFloat16>(element_of(s.op, widened(a[at_a]), widened(b[at_b])));
  }
}

}  // namespace

void unary_bfloat16_vectors(const BFloat16* x, BFloat16* y, const UnaryShape& s,
                            const Stream& stream) {
  if (s.size == 0) return;
  const bool aligned = is_aligned<Wide>(x) && is_aligned<Wide>(y);
  with_constant<Unary::round>(s.op, [&]<Unary op>() {
    constexpr auto kernel = unary_kernel<op>;
    KERATIN_LAUNCH(kernel, blocks_for((s.size + kWide - 1) / kWide, kThreads, 8192), kThreads, 0,
                   stream, x, y, s.size, aligned);
  });
}

void binary_bfloat16_naive(const BFloat16* a, const BFloat16* b, BFloat16* y, const BinaryShape& s,
                           const Stream& stream) {
  const std::int64_t size = s.size();
  if (size == 0) return;
  KERATIN_LAUNCH(broadcast_kernel, blocks_for(size, kThreads), kThreads, 0, stream, a, b, y, s,
                 size);
}

void binary_bfloat16_vectors(const BFloat16* a, const BFloat16* b, BFloat16* y,
                             const BinaryShape& s, const Stream& stream) {
  const std::int64_t size = s.size();
  if (size == 0) return;
  const bool one_a = s.a[0] == 0, one_b = s.b[0] == 0;
  const bool aligned =
      (one_a || is_aligned<Wide>(a)) && (one_b || is_aligned<Wide>(b)) && is_aligned<Wide>(y);
  with_constant<Binary::sigmoid_cross_entropy>(s.op, [&]<Binary op>() {
    constexpr auto kernel = binary_kernel<op>;
    KERATIN_LAUNCH(kernel, blocks_for((size + kWide - 1) / kWide, kThreads, 8192), kThreads, 0,
                   stream, a, b, y, size, one_a, one_b, aligned);
  });
}

}  // namespace keratin::kernels::cuda
