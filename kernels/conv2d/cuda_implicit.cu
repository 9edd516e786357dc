#include "kernels/conv2d/pass.cuh"
#include "kernels/error.h"
#include "kernels/gemm/sums.cuh"
#include "kernels/reduce/combine.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kTile = kSumsTile, kDepth = kSumsDepth, kPerThread = kSumsPerThread,
              kThreads = kSumsThreads;
constexpr int kLoads = kTile * kDepth / kThreads;  // elements of each operand that a thread fetches
constexpr std::int64_t kPiece = 4096;              // pixels of a weight gradient's partial sum

// The matrix product of gemm's registers, 64 x 64 a block and 4 x 4 a thread, over operands that are
// gathered on the way into shared memory: no matrix of windows is written.
template <class Pass>
__global__ void __launch_bounds__(kThreads, 2)
    implicit_kernel(Pass pass, typename Pass::Index across, typename Pass::Index piece) {
  using T = typename Pass::Scalar;
  using I = typename Pass::Index;
  KERATIN_SHARED(T, tile_a, [kDepth][kTile + 1]);
  KERATIN_SHARED(T, tile_b, [kDepth][kTile + 1]);
  const int t = static_cast<int>(threadIdx.x), x = t % 16, y = t / 16;
  const I tile = static_cast<I>(blockIdx.x);
  const I first_row = tile / across * kTile, first_column = tile % across * kTile;
  const I first = static_cast<I>(blockIdx.y) * piece;
  const I last = first + piece < pass.k() ? first + piece : pass.k();
  // Of A, neighbouring threads take neighbouring k: channels of one pixel. Of B, columns.
  const int depth_a = t % kDepth, row_a = t / kDepth, depth_b = t / kTile, column_b = t % kTile;
  constexpr int kRowStep = kThreads / kDepth, kDepthStep = kThreads / kTile;
  for (I group = static_cast<I>(blockIdx.z); group < pass.s.groups;
       group += static_cast<I>(gridDim.z)) {
    decltype(pass.row(0)) rows[kLoads];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) rows[i] = pass.row(first_row + row_a + i * kRowStep);
    T sums[kPerThread][kPerThread] = {};
    for (I k = first; k < last; k += kDepth) {
      const bool inside = k + depth_a < last;
      const auto depth = pass.depth(k + depth_a);
#pragma unroll
      for (int i = 0; i < kLoads; ++i) {
        tile_a[depth_a][row_a + i * kRowStep] = inside ? pass.a(rows[i], depth, group) : T(0);
        const I k_b = k + depth_b + i * kDepthStep;
        tile_b[depth_b + i * kDepthStep][column_b] =
            k_b < last ? pass.b(k_b, first_column + column_b, group) : T(0);
      }
      __syncthreads();
      add_products(sums, tile_a, tile_b, x, y);
      __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < kPerThread; ++i)
#pragma unroll
      for (int j = 0; j < kPerThread; ++j)
        pass.store(first_row + y + 16 * i, first_column + x + 16 * j, sums[i][j], group,
                   blockIdx.y);
  }
}

template <class Pass>
void launch(const Pass& pass, const Conv2dShape& s, std::int64_t pieces, std::int64_t piece,
            const Stream& stream) {
  using I = typename Pass::Index;
  if (pass.m() == 0) return;
  const std::int64_t across = (std::int64_t{pass.n()} + kTile - 1) / kTile;
  const std::int64_t tiles = (std::int64_t{pass.m()} + kTile - 1) / kTile * across;
  if (tiles > 0x7fffffff || pieces > 65535) {
    throw ShapeError("conv2d: " + s.text() + " is more than one launch can do; split the batch");
  }
  constexpr auto kernel = implicit_kernel<Pass>;
  const dim3 grid(static_cast<unsigned>(tiles), static_cast<unsigned>(pieces),
                  blocks_for(s.groups, 1));
  KERATIN_LAUNCH(kernel, grid, kThreads, 0, stream, pass, static_cast<I>(across),
                 static_cast<I>(piece));
}

}  // namespace

/// Of narrow groups a tile would be idle.
bool conv2d_implicit_applies(const Conv2dShape& s) { return s.groups == 1 || s.group_out() >= 16; }

bool conv2d_narrow_fits(const Conv2dShape& s) {
  const std::int64_t below = s.pad_top + (s.out_h - 1) * s.stride_h + s.kernel_h * s.dilation_h;
  const std::int64_t right = s.pad_left + (s.out_w - 1) * s.stride_w + s.kernel_w * s.dilation_w;
  return fits_in_32_bits(std::max(
      {s.in_size(), s.out_size(), s.weight_size(), below, right, s.in_h + below, s.in_w + right}));
}
bool conv2d_narrow_applies(const Conv2dShape& s) {
  return conv2d_implicit_applies(s) && conv2d_narrow_fits(s);
}

template <class T, class I>
void conv2d_implicit(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s,
                     const Stream& stream) {
  launch(forward_pass<I>(x, w, y, e, s), s, 1, s.depth(), stream);
}
template <class T, class I>
void conv2d_input_gradient_implicit(const T* dy, const T* w, T* dx, const Conv2dShape& s,
                                    const Stream& stream) {
  launch(input_gradient_pass<I>(dy, w, dx, s), s, 1, s.kernel_h * s.kernel_w * s.group_out(),
         stream);
}
template <class T, class I>
void conv2d_weight_gradient_implicit(const T* x, const T* dy, T* dw, const Conv2dShape& s,
                                     const Stream& stream) {
  const std::int64_t pixels = s.batch * s.out_h * s.out_w;
  const std::int64_t pieces = pixels <= kPiece ? 1 : (pixels + kPiece - 1) / kPiece;
  if (pieces == 1) return launch(weight_gradient_pass<I>(x, dy, dw, s), s, 1, kPiece, stream);
  const Scratch parts(pieces * s.weight_size() * std::int64_t{sizeof(T)}, stream);
  launch(weight_gradient_pass<I>(x, dy, parts.as<T>(), s), s, pieces, kPiece, stream);
  const ReduceShape joined{Reduction::sum, 1, pieces, s.weight_size()};
  reduce_pieces(parts.as<T>(), dw, joined, 1, pieces, stream);
}

#define KERATIN_CONV2D_IMPLICIT(T, I)                                                             \
  template void conv2d_implicit<T, I>(const T*, const T*, T*, const Epilogue<T>&,                 \
                                      const Conv2dShape&, const Stream&);                         \
  template void conv2d_input_gradient_implicit<T, I>(const T*, const T*, T*, const Conv2dShape&,  \
                                                     const Stream&);                              \
  template void conv2d_weight_gradient_implicit<T, I>(const T*, const T*, T*, const Conv2dShape&, \
                                                      const Stream&);
KERATIN_CONV2D_IMPLICIT(float, std::int64_t)
KERATIN_CONV2D_IMPLICIT(float, std::int32_t)
KERATIN_CONV2D_IMPLICIT(double, std::int64_t)
KERATIN_CONV2D_IMPLICIT(double, std::int32_t)
#undef KERATIN_CONV2D_IMPLICIT

}  // namespace keratin::kernels::cuda
