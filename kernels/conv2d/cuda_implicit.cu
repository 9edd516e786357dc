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
__global__ void __launch_bounds__(kThreads)
    implicit_kernel(Pass pass, std::int64_t across, std::int64_t piece) {
  KERATIN_SHARED(float, tile_a, [kDepth][kTile + 1]);
  KERATIN_SHARED(float, tile_b, [kDepth][kTile + 1]);
  const int t = static_cast<int>(threadIdx.x), x = t % 16, y = t / 16;
  const std::int64_t first_row = blockIdx.x / across * kTile;
  const std::int64_t first_column = blockIdx.x % across * kTile;
  const std::int64_t first = blockIdx.y * piece;
  const std::int64_t last = first + piece < pass.k() ? first + piece : pass.k();
  for (std::int64_t group = blockIdx.z; group < pass.s.groups; group += gridDim.z) {
    // Of A, neighbouring threads take neighbouring k: channels of one pixel.
    decltype(pass.row(0)) rows[kLoads];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) rows[i] = pass.row(first_row + (t + i * kThreads) / kDepth);
    float sums[kPerThread][kPerThread] = {};
    for (std::int64_t k = first; k < last; k += kDepth) {
#pragma unroll
      for (int i = 0; i < kLoads; ++i) {
        const int at = t + i * kThreads;
        const std::int64_t k_a = k + at % kDepth, k_b = k + at / kTile;
        tile_a[at % kDepth][at / kDepth] = k_a < last ? pass.a(rows[i], k_a, group) : 0;
        tile_b[at / kTile][at % kTile] =
            k_b < last ? pass.b(k_b, first_column + at % kTile, group) : 0;
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
void launch(const Pass& pass, std::int64_t pieces, std::int64_t piece, const Stream& stream) {
  if (pass.m() == 0) return;
  const std::int64_t across = (pass.n() + kTile - 1) / kTile;
  const std::int64_t tiles = (pass.m() + kTile - 1) / kTile * across;
  if (tiles > 0x7fffffff || pieces > 65535) {
    throw ShapeError("conv2d: " + pass.s.text() +
                     " is more than one launch can do; split the batch");
  }
  constexpr auto kernel = implicit_kernel<Pass>;
  const dim3 grid(static_cast<unsigned>(tiles), static_cast<unsigned>(pieces),
                  blocks_for(pass.s.groups, 1));
  KERATIN_LAUNCH(kernel, grid, kThreads, 0, stream, pass, across, piece);
}

}  // namespace

/// Of narrow groups a tile would be idle.
bool conv2d_implicit_applies(const Conv2dShape& s) { return s.groups == 1 || s.group_out() >= 16; }

void conv2d_implicit(const float* x, const float* w, float* y, const Epilogue<float>& e,
                     const Conv2dShape& s, const Stream& stream) {
  launch(forward_pass(x, w, y, e, s), 1, s.depth(), stream);
}
void conv2d_input_gradient_implicit(const float* dy, const float* w, float* dx,
                                    const Conv2dShape& s, const Stream& stream) {
  const InputGradient pass{dy, w, dx, s};
  launch(pass, 1, pass.k(), stream);
}
void conv2d_weight_gradient_implicit(const float* x, const float* dy, float* dw,
                                     const Conv2dShape& s, const Stream& stream) {
  const std::int64_t pixels = s.batch * s.out_h * s.out_w;
  const std::int64_t pieces = pixels <= kPiece ? 1 : (pixels + kPiece - 1) / kPiece;
  if (pieces == 1) return launch(WeightGradient{x, dy, dw, s}, 1, kPiece, stream);
  const Scratch parts(pieces * s.weight_size() * std::int64_t{sizeof(float)}, stream);
  launch(WeightGradient{x, dy, parts.floats(), s}, pieces, kPiece, stream);
  const ReduceShape joined{Reduction::sum, 1, pieces, s.weight_size()};
  reduce_pieces(parts.floats(), dw, joined, 1, pieces, stream);
}

}  // namespace keratin::kernels::cuda
