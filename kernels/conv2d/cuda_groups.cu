#include "kernels/conv2d/phase.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kRun = 4;    // neighbouring pixels of a phase that a thread takes
constexpr int kLanes = 8;  // threads side by side in channels, at most
constexpr int kRuns = 4;   // and in runs
constexpr int kMostPhases = 65535;

// What a walk reads and writes: x, w and y, or dy, w and dx.
template <class T>
struct Walk {
  const T *from, *w, *bias;  // bias may be nullptr
  T* to;
  bool relu, gradient;
  Axis rows, columns;
  std::int32_t from_h, from_w, from_c, from_group;  // a group's channels
  std::int32_t to_h, to_w, to_c, batch;
  Divisor<std::int32_t> by_to_group;
  std::int32_t w_tap, w_from, w_to, w_group;  // how far apart taps, channels and groups lie in w
};

// How the threads of a block lie over pixels and channels: 2^log_lanes threads side by side in
// channels, 2^log_runs in columns, the rest in rows of all images.
struct Tiles {
  int log_lanes, log_runs;
  Divisor<std::int32_t> by_channels{1}, by_columns{1}, by_height{1};  // tiles; rows of an image
  std::int32_t count = 0;
};

// Adds a row of taps to the sums of kRun pixels from column v on, n channels of each. In the window
// lies what the pixels read at a tap: where neighbours read neighbours it moves on by one column.
template <class T, int n, bool own>
__device__ __forceinline__ void add_row(T (&sums)[kRun][n], const T* line, const T* w,
                                        const Walk<T>& f, const Phase& columns, std::int32_t v) {
  constexpr int kRead = own ? n : 1;
  const bool slides = columns.stride == 1 && columns.dilation == 1;
  T window[kRun][kRead] = {};
  const auto read = [&](T(&at)[kRead], std::int32_t column) {
    if (column >= 0 && column < f.from_w) {
      load<kRead, (kRead > 1)>(line + column * f.from_c, at);
    } else {
#pragma unroll
      for (int c = 0; c < kRead; ++c) at[c] = 0;
    }
  };
  std::int32_t column = v * columns.stride - columns.pad;
  for (std::int32_t tap = 0; tap < columns.taps; ++tap, column += columns.dilation) {
    if (slides && tap > 0) {
#pragma unroll
      for (int t = 0; t + 1 < kRun; ++t)
#pragma unroll
        for (int c = 0; c < kRead; ++c) window[t][c] = window[t + 1][c];
      read(window[kRun - 1], column + kRun - 1);
    } else {
#pragma unroll
      for (int t = 0; t < kRun; ++t) read(window[t], column + t * columns.stride);
    }
    const T* const weights = w + (columns.first_tap + tap * columns.tap_step) * f.w_tap;
    T weight[n];
    if constexpr (own) {
      load<n, (n > 1)>(weights, weight);
    } else {
#pragma unroll
      for (int c = 0; c < n; ++c) weight[c] = weights[c * f.w_to];
    }
#pragma unroll
    for (int t = 0; t < kRun; ++t)
#pragma unroll
      for (int c = 0; c < n; ++c) sums[t][c] += window[t][own ? c : 0] * weight[c];
  }
}

// own: every channel is a group of its own, on both sides.
template <class T, int n, bool own>
__global__ void __launch_bounds__(kNarrowThreads, 2) groups_kernel(Walk<T> f, Tiles tiles) {
  const auto at = static_cast<std::int32_t>(blockIdx.y);
  const Phase rows = f.gradient ? input_phase(f.rows, at / f.columns.stride) : output_phase(f.rows);
  const Phase columns =
      f.gradient ? input_phase(f.columns, at % f.columns.stride) : output_phase(f.columns);
  const int thread = static_cast<int>(threadIdx.x), lanes = 1 << tiles.log_lanes;
  const int lane = thread & (lanes - 1), place = thread >> tiles.log_lanes;
  const int run = place & ((1 << tiles.log_runs) - 1), line = place >> tiles.log_runs;
  const int runs = 1 << tiles.log_runs, lines = kNarrowThreads / lanes / runs;
  for (std::int64_t all = blockIdx.x; all < tiles.count; all += gridDim.x) {
    const auto [tile, of_channels] = tiles.by_channels(static_cast<std::int32_t>(all));
    const auto [of_rows, of_columns] = tiles.by_columns(tile);
    const std::int32_t channel = (of_channels * lanes + lane) * n;
    const std::int32_t v = (of_columns * runs + run) * kRun;
    const auto [image, u] = tiles.by_height(of_rows * lines + line);
    if (channel >= f.to_c || image >= f.batch || u >= rows.count || v >= columns.count) continue;
    const auto [group, within] = f.by_to_group(channel);
    const T* const from = f.from + (own ? channel : group * f.from_group);
    const T* const w = f.w + (own ? channel : within * f.w_to + group * f.w_group);
    T sums[kRun][n] = {};
    for (std::int32_t tap = 0; tap < rows.taps; ++tap) {
      const std::int32_t row = u * rows.stride + tap * rows.dilation - rows.pad;
      if (row < 0 || row >= f.from_h) continue;
      const T* const source = from + (image * f.from_h + row) * f.from_w * f.from_c;
      const T* const weights =
          w + (rows.first_tap + tap * rows.tap_step) * f.columns.taps * f.w_tap;
      if constexpr (own) {
        add_row<T, n, own>(sums, source, weights, f, columns, v);
      } else {
        for (std::int32_t c = 0; c < f.from_group; ++c)
          add_row<T, n, own>(sums, source + c, weights + c * f.w_from, f, columns, v);
      }
    }
    const std::int32_t row = image * f.to_h + rows.first + rows.step * u;
#pragma unroll
    for (int t = 0; t < kRun; ++t) {
      if (v + t >= columns.count) break;
      if (f.bias != nullptr) {
#pragma unroll
        for (int c = 0; c < n; ++c) sums[t][c] += f.bias[channel + c];
      }
#pragma unroll
      for (int c = 0; c < n; ++c)
        if (f.relu && sums[t][c] < 0) sums[t][c] = 0;  // NaN stays
      const std::int32_t column = columns.first + columns.step * (v + t);
      store<n, (n > 1)>(f.to + (row * f.to_w + column) * f.to_c + channel, sums[t]);
    }
  }
}

int log_of(std::int64_t count, int most) {
  int log = 0;
  while ((1 << log) < most && (1 << log) < count) ++log;
  return log;
}

// `height` and `width` of a phase.
template <class T>
void launch(const Walk<T>& f, std::int64_t height, std::int64_t width, std::int64_t phases,
            const Stream& stream) {
  if (f.batch == 0) return;
  const bool own = f.from_group == 1 && f.by_to_group.value() == 1;
  const bool four = (own ? f.to_c : f.by_to_group.value()) % 4 == 0 && f.to_c % 4 == 0 &&
                    is_aligned<Several<T, 4>>(f.to) &&
                    (!own || (is_aligned<Several<T, 4>>(f.from) && is_aligned<Several<T, 4>>(f.w)));
  const std::int64_t n = four ? 4 : 1, across = (width + kRun - 1) / kRun;
  Tiles t{.log_lanes = log_of(f.to_c / n, kLanes), .log_runs = log_of(across, kRuns)};
  const std::int64_t lanes = 1 << t.log_lanes, runs = 1 << t.log_runs;
  const std::int64_t lines = kNarrowThreads / lanes / runs;
  const std::int64_t of_channels = (f.to_c / n + lanes - 1) / lanes;
  const std::int64_t of_columns = (across + runs - 1) / runs;
  t.by_channels = Divisor<std::int32_t>(of_channels);
  t.by_columns = Divisor<std::int32_t>(of_columns);
  t.by_height = Divisor<std::int32_t>(height);
  t.count = narrow((f.batch * height + lines - 1) / lines * of_channels * of_columns);
  const dim3 grid(blocks_for(t.count, 1), static_cast<unsigned>(phases));
  const auto start = [&]<int kChannels, bool kOwn>() {
    constexpr auto kernel = groups_kernel<T, kChannels, kOwn>;
    KERATIN_LAUNCH(kernel, grid, kNarrowThreads, 0, stream, f, t);
  };
  if (own)
    four ? start.template operator()<4, true>() : start.template operator()<1, true>();
  else
    four ? start.template operator()<4, false>() : start.template operator()<1, false>();
}

}  // namespace

bool conv2d_groups_applies(const Conv2dShape& s) {
  const std::int64_t last_run =
      s.pad_left + (s.out_w + kRun) * s.stride_w + s.kernel_w * s.dilation_w;
  return s.groups > 1 && s.group_out() < 16 && conv2d_narrow_fits(s) && fits_in_32_bits(last_run);
}
bool conv2d_input_gradient_groups_applies(const Conv2dShape& s) {
  return s.groups > 1 && std::min(s.group_in(), s.group_out()) < 16 && conv2d_narrow_fits(s) &&
         phases_of(s) <= kMostPhases;
}

template <class T>
void conv2d_groups(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s,
                   const Stream& stream) {
  launch<T>({.from = x,
             .w = w,
             .bias = e.bias,
             .to = y,
             .relu = e.activation == Activation::relu,
             .gradient = false,
             .rows = row_axis(s),
             .columns = column_axis(s),
             .from_h = narrow(s.in_h),
             .from_w = narrow(s.in_w),
             .from_c = narrow(s.in_c),
             .from_group = narrow(s.group_in()),
             .to_h = narrow(s.out_h),
             .to_w = narrow(s.out_w),
             .to_c = narrow(s.out_c),
             .batch = narrow(s.batch),
             .by_to_group = Divisor<std::int32_t>(s.group_out()),
             .w_tap = narrow(s.group_in() * s.out_c),
             .w_from = narrow(s.out_c),
             .w_to = 1,
             .w_group = narrow(s.group_out())},
            s.out_h, s.out_w, 1, stream);
}

template <class T>
void conv2d_input_gradient_groups(const T* dy, const T* w, T* dx, const Conv2dShape& s,
                                  const Stream& stream) {
  const Axis rows = row_axis(s), columns = column_axis(s);
  launch<T>({.from = dy,
             .w = w,
             .bias = nullptr,
             .to = dx,
             .relu = false,
             .gradient = true,
             .rows = rows,
             .columns = columns,
             .from_h = narrow(s.out_h),
             .from_w = narrow(s.out_w),
             .from_c = narrow(s.out_c),
             .from_group = narrow(s.group_out()),
             .to_h = narrow(s.in_h),
             .to_w = narrow(s.in_w),
             .to_c = narrow(s.in_c),
             .batch = narrow(s.batch),
             .by_to_group = Divisor<std::int32_t>(s.group_in()),
             .w_tap = narrow(s.group_in() * s.out_c),
             .w_from = 1,
             .w_to = narrow(s.out_c),
             .w_group = narrow(s.group_out())},
            longest_phase(rows), longest_phase(columns), phases_of(s), stream);
}

#define KERATIN_CONV2D_GROUPS(T)                                                              \
  template void conv2d_groups(const T*, const T*, T*, const Epilogue<T>&, const Conv2dShape&, \
                              const Stream&);                                                 \
  template void conv2d_input_gradient_groups(const T*, const T*, T*, const Conv2dShape&,      \
                                             const Stream&);
KERATIN_CONV2D_GROUPS(float)
KERATIN_CONV2D_GROUPS(double)
#undef KERATIN_CONV2D_GROUPS

}  // namespace keratin::kernels::cuda
