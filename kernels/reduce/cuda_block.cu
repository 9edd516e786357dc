#include "kernels/reduce/combine.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = kReduceThreads;

template <Reduction op, class X, class Y>
__global__ void __launch_bounds__(kThreads)
    reduce_kernel(const X* x, Y* y, ReduceShape s, Tiling t) {
  using T = Computed<X>;
  KERATIN_SHARED(T, values, [kThreads]);
  const int thread = static_cast<int>(threadIdx.x), width = 1 << t.log_width;
  const int height = kThreads >> t.log_width, row = thread >> t.log_width;
  for (std::int64_t block = blockIdx.x; block < t.blocks; block += gridDim.x) {
    const Tiling::Part part = t.part_of(block, thread, s.reduced);
    T value = start_of<op, T>();
    if (part.column < s.inner) {
      const X* const from = x + part.outer * s.reduced * s.inner + part.column;
#pragma unroll 4
      for (std::int64_t r = part.first + row; r < part.last; r += height)
        value = combined<op>(value, widened(from[r * s.inner]));
    }
    values[thread] = value;
    __syncthreads();
    for (int half = height / 2; half > 0; half /= 2) {
      if (row < half) values[thread] = combined<op>(values[thread], values[thread + half * width]);
      __syncthreads();
    }
    if (row == 0 && part.column < s.inner)
      y[part.index * s.inner + part.column] = narrowed<Y>(values[thread]);
    __syncthreads();
  }
}

}  // namespace

template <class X, class Y>
void reduce_pieces(const X* x, Y* y, const ReduceShape& s, std::int64_t pieces, std::int64_t piece,
                   const Stream& stream) {
  if (s.outer * s.inner == 0) return;
  const Tiling t = tiling_of(s.outer, s.inner, pieces, piece);
  with_constant<Reduction::min>(s.op, [&]<Reduction op>() {
    constexpr auto kernel = reduce_kernel<op, X, Y>;
    KERATIN_LAUNCH(kernel, blocks_for(t.blocks, 1), kThreads, 0, stream, x, y, s, t);
  });
}

bool reduce_block_applies(const ReduceShape& s) { return s.reduced >= 64; }

template <class X, class Y>
void reduce_block(const X* x, Y* y, const ReduceShape& s, const Stream& stream) {
  reduce_pieces(x, y, s, 1, s.reduced, stream);
}

#define KERATIN_INSTANTIATE(X, Y)                                                           \
  template void reduce_pieces(const X*, Y*, const ReduceShape&, std::int64_t, std::int64_t, \
                              const Stream&);                                               \
  template void reduce_block(const X*, Y*, const ReduceShape&, const Stream&);
KERATIN_FOR_EACH_REDUCTION(KERATIN_INSTANTIATE)
template void reduce_pieces(const float*, BFloat16*, const ReduceShape&, std::int64_t, std::int64_t,
                            const Stream&);
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cuda
