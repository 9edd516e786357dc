#include "kernels/reduce/combine.cuh"
#include "kernels/reduce/found.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = kReduceThreads;
constexpr std::int64_t kPiece = 2048;  // of nothing but the shape

// The winners of pieces of the axis, [outer, pieces, inner]; of one piece its place is the result.
template <class T>
struct Winners {
  T* values;  // nullptr: nobody asks
  std::int64_t* places;
};

// A block a piece of 2^log_width columns; `from` are the places of x, nullptr where they count from
// 0 along the axis.
template <class T>
__global__ void __launch_bounds__(kThreads)
    arg_reduce_kernel(const T* x, const std::int64_t* from, Winners<T> to, ArgReduceShape s,
                      Tiling t) {
  KERATIN_SHARED(T, values, [kThreads]);
  KERATIN_SHARED(std::int64_t, places, [kThreads]);
  const int thread = static_cast<int>(threadIdx.x), width = 1 << t.log_width;
  const int height = kThreads >> t.log_width, row = thread >> t.log_width;
  for (std::int64_t block = blockIdx.x; block < t.blocks; block += gridDim.x) {
    const Tiling::Part part = t.part_of(block, thread, s.reduced);
    const std::int64_t first = part.first + row;
    const bool any = part.column < s.inner && first < part.last;
    Found<T> best{T(0), -1};  // nothing found
    if (any) {
      const std::int64_t at = part.outer * s.reduced * s.inner + part.column;
#pragma unroll 4
      for (std::int64_t r = first; r < part.last; r += height) {
        const std::int64_t i = at + r * s.inner;
        const Found<T> next{x[i], from != nullptr ? from[i] : r};
        if (r == first || precedes(next, best, s.largest)) best = next;
      }
    }
    values[thread] = best.value;
    places[thread] = best.place;
    __syncthreads();
    for (int half = height / 2; half > 0; half /= 2) {
      if (row < half) {
        const int over = thread + half * width;
        const Found<T> other{values[over], places[over]};
        if (other.place >= 0 && precedes(other, best, s.largest)) {
          best = other;
          values[thread] = best.value;
          places[thread] = best.place;
        }
      }
      __syncthreads();
    }
    if (row == 0 && part.column < s.inner) {
      const std::int64_t i = part.index * s.inner + part.column;
      if (to.values != nullptr) to.values[i] = best.value;
      to.places[i] = best.place;
    }
    __syncthreads();
  }
}

template <class T>
void launch(const T* x, const std::int64_t* from, const Winners<T>& to, const ArgReduceShape& s,
            std::int64_t piece, const Stream& stream) {
  const Tiling t = tiling_of(s.outer, s.inner, (s.reduced + piece - 1) / piece, piece);
  constexpr auto kernel = arg_reduce_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(t.blocks, 1), kThreads, 0, stream, x, from, to, s, t);
}

}  // namespace

bool arg_reduce_block_applies(const ArgReduceShape& s) { return s.reduced >= 64; }
bool arg_reduce_split_applies(const ArgReduceShape& s) {
  return s.reduced >= 2 * kPiece && s.outer * s.inner <= 65536;
}

template <class T>
void arg_reduce_block(const T* x, std::int64_t* y, const ArgReduceShape& s, const Stream& stream) {
  if (s.outer * s.inner == 0) return;
  launch<T>(x, nullptr, {nullptr, y}, s, s.reduced, stream);
}

template <class T>
void arg_reduce_split(const T* x, std::int64_t* y, const ArgReduceShape& s, const Stream& stream) {
  if (s.outer * s.inner == 0) return;
  const std::int64_t pieces = (s.reduced + kPiece - 1) / kPiece;
  const std::int64_t count = s.outer * pieces * s.inner;
  const Scratch values(count * std::int64_t{sizeof(T)}, stream);
  const Scratch places(count * std::int64_t{sizeof(std::int64_t)}, stream);
  launch<T>(x, nullptr, {values.as<T>(), places.as<std::int64_t>()}, s, kPiece, stream);
  const ArgReduceShape rest{s.largest, s.outer, pieces, s.inner};
  launch<T>(values.as<T>(), places.as<std::int64_t>(), {nullptr, y}, rest, pieces, stream);
}

#define KERATIN_INSTANTIATE(T)                                                                   \
  template void arg_reduce_block(const T*, std::int64_t*, const ArgReduceShape&, const Stream&); \
  template void arg_reduce_split(const T*, std::int64_t*, const ArgReduceShape&, const Stream&);
KERATIN_FOR_EACH_REDUCED(KERATIN_INSTANTIATE)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cuda
