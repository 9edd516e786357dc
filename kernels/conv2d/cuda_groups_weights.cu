#include "kernels/conv2d/phase.cuh"
#include "kernels/reduce/combine.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kTaps = 3;               // along each axis, that a thread takes together
constexpr std::int64_t kSegment = 64;  // pixels of a row of dy that a thread walks along
constexpr std::int64_t kPiece = 64;    // segments of a partial sum: of nothing but the shape

template <class T>
struct Sums {
  const T *x, *dy;
  T* dw;  // [pieces, kernel_h, kernel_w, group_in, out_c]
  Axis rows, columns;
  std::int32_t in_c, out_c, segments, log_lanes;
  Divisor<std::int32_t> by_group_in, by_group_out, by_tap_columns, by_segments, by_out_h;
  std::int32_t depths;  // (tiles of taps) x group_in
  std::int64_t weights;
};

// 3 x 3 taps of an output channel and one of its input channels a thread; its segments of the
// piece's dy, whose products are then added over the threads of the block in their order.
template <class T>
__global__ void __launch_bounds__(kNarrowThreads, 2) weights_kernel(Sums<T> f) {
  KERATIN_SHARED(T, values, [kTaps * kTaps][kNarrowThreads]);
  const int thread = static_cast<int>(threadIdx.x), lanes = 1 << f.log_lanes;
  const int lines = kNarrowThreads / lanes, line = thread >> f.log_lanes;
  const std::int32_t channel =
      static_cast<std::int32_t>(blockIdx.x) * lanes + (thread & (lanes - 1));
  const std::int32_t first_segment = static_cast<std::int32_t>(blockIdx.y * kPiece);
  const bool slides = f.columns.stride == 1 && f.columns.dilation == 1;
  for (std::int64_t z = blockIdx.z; z < f.depths; z += gridDim.z) {
    const auto [tile, from] = f.by_group_in(static_cast<std::int32_t>(z));
    const auto [tile_row, tile_column] = f.by_tap_columns(tile);
    const std::int32_t p = tile_row * kTaps, q = tile_column * kTaps;
    T sums[kTaps][kTaps] = {};
    for (std::int32_t at = first_segment + line;
         channel < f.out_c && at < f.segments && at < first_segment + kPiece; at += lines) {
      const T* const x = f.x + f.by_group_out.quotient(channel) * f.by_group_in.value() + from;
      const auto [row, segment] = f.by_segments(at);
      const auto [image, i] = f.by_out_h(row);
      const std::int32_t first = segment * static_cast<std::int32_t>(kSegment);
      const std::int32_t end = first + static_cast<std::int32_t>(kSegment);
      const std::int32_t last = end < f.columns.out ? end : f.columns.out;
      const T* source[kTaps];  // rows of x; nullptr outside
#pragma unroll
      for (int k = 0; k < kTaps; ++k) {
        const std::int32_t r = i * f.rows.stride + (p + k) * f.rows.dilation - f.rows.pad;
        const bool inside = p + k < f.rows.taps && r >= 0 && r < f.rows.in;
        source[k] = inside ? x + (image * f.rows.in + r) * f.columns.in * f.in_c : nullptr;
      }
      T window[kTaps][kTaps] = {};
      for (std::int32_t j = first; j < last; ++j) {
        const int known = slides && j > first ? kTaps - 1 : 0;  // columns, from the pixel before
        const T dy = f.dy[(row * f.columns.out + j) * f.out_c + channel];
#pragma unroll
        for (int l = 0; l < kTaps; ++l) {
          const std::int32_t c =
              j * f.columns.stride + (q + l) * f.columns.dilation - f.columns.pad;
          const bool inside =
              c >= 0 && c < f.columns.in;  // the next tap has it, if this one is none
#pragma unroll
          for (int k = 0; k < kTaps; ++k) {
            if (l < known) {
              window[k][l] = window[k][l + 1 < kTaps ? l + 1 : l];
            } else {
              window[k][l] = inside && source[k] != nullptr ? source[k][c * f.in_c] : 0;
            }
            sums[k][l] += window[k][l] * dy;
          }
        }
      }
    }
#pragma unroll
    for (int k = 0; k < kTaps * kTaps; ++k) values[k][thread] = sums[k / kTaps][k % kTaps];
    __syncthreads();
    for (int at = thread; at < kTaps * kTaps * lanes; at += kNarrowThreads) {
      const int tap = at >> f.log_lanes, lane = at & (lanes - 1);
      const std::int32_t row = p + tap / kTaps, column = q + tap % kTaps;
      const std::int32_t to = static_cast<std::int32_t>(blockIdx.x) * lanes + lane;
      if (row >= f.rows.taps || column >= f.columns.taps || to >= f.out_c) continue;
      T sum = 0;
      for (int other = 0; other < lines; ++other) sum += values[tap][other * lanes + lane];
      const std::int32_t place = (row * f.columns.taps + column) * f.by_group_in.value() + from;
      f.dw[blockIdx.y * f.weights + std::int64_t{place} * f.out_c + to] = sum;
    }
    __syncthreads();
  }
}

}  // namespace

bool conv2d_weight_gradient_groups_applies(const Conv2dShape& s) {
  return conv2d_groups_applies(s) &&
         s.batch * s.out_h * ((s.out_w + kSegment - 1) / kSegment) <= 65535 * kPiece;
}

template <class T>
void conv2d_weight_gradient_groups(const T* x, const T* dy, T* dw, const Conv2dShape& s,
                                   const Stream& stream) {
  const auto of = [](std::int64_t count) { return Divisor<std::int32_t>(count); };
  const std::int64_t across = (s.out_w + kSegment - 1) / kSegment;
  const std::int64_t segments = s.batch * s.out_h * across;
  const std::int64_t pieces = std::max<std::int64_t>((segments + kPiece - 1) / kPiece, 1);
  const std::int64_t tap_rows = (s.kernel_h + kTaps - 1) / kTaps;
  const std::int64_t tap_columns = (s.kernel_w + kTaps - 1) / kTaps;
  Sums<T> f{.x = x,
            .dy = dy,
            .dw = dw,
            .rows = row_axis(s),
            .columns = column_axis(s),
            .in_c = narrow(s.in_c),
            .out_c = narrow(s.out_c),
            .segments = narrow(segments),
            .log_lanes = 0,
            .by_group_in = of(s.group_in()),
            .by_group_out = of(s.group_out()),
            .by_tap_columns = of(tap_columns),
            .by_segments = of(across),
            .by_out_h = of(s.out_h),
            .depths = narrow(tap_rows * tap_columns * s.group_in()),
            .weights = s.weight_size()};
  while (f.log_lanes < 5 && (1 << f.log_lanes) < s.out_c) ++f.log_lanes;
  const std::int64_t lanes = std::int64_t{1} << f.log_lanes;
  const dim3 grid(static_cast<unsigned>((s.out_c + lanes - 1) / lanes),
                  static_cast<unsigned>(pieces), blocks_for(f.depths, 1));
  constexpr auto kernel = weights_kernel<T>;
  if (pieces == 1) {
    KERATIN_LAUNCH(kernel, grid, kNarrowThreads, 0, stream, f);
    return;
  }
  const Scratch parts(pieces * f.weights * std::int64_t{sizeof(T)}, stream);
  f.dw = parts.as<T>();
  KERATIN_LAUNCH(kernel, grid, kNarrowThreads, 0, stream, f);
  const ReduceShape joined{Reduction::sum, 1, pieces, f.weights};
  reduce_pieces(parts.as<T>(), dw, joined, 1, pieces, stream);
}

#define KERATIN_CONV2D_GROUPS(T)                                                          \
  template void conv2d_weight_gradient_groups(const T*, const T*, T*, const Conv2dShape&, \
                                              const Stream&);
KERATIN_CONV2D_GROUPS(float)
KERATIN_CONV2D_GROUPS(double)
#undef KERATIN_CONV2D_GROUPS

}  // namespace keratin::kernels::cuda
