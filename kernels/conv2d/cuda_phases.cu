#include "kernels/conv2d/implicit.cuh"
#include "kernels/conv2d/phase.cuh"

namespace keratin::kernels::cuda {
namespace {

// dx [pixels of a phase, in_c] = outputs that read the pixel [pixels, taps of the phase x out_c] w,
// turned. Pixels are counted as in the longest phase.
template <class T>
struct PhaseGradient {
  using Scalar = T;
  using Index = std::int32_t;
  const T *dy, *w;
  T* dx;
  Axis row_axis, column_axis;
  std::int32_t in_c, out_c, batch;
  struct {
    std::int32_t groups;
  } s;
  Divisor<std::int32_t> by_height, by_width, by_group_out, by_group_in;
  Divisor<std::int32_t> by_taps{1};  // those of a row; as the phase has them
  Phase rows{}, columns{};

  __device__ __forceinline__ void enter(std::int32_t at) {
    rows = input_phase(row_axis, at / column_axis.stride);
    columns = input_phase(column_axis, at % column_axis.stride);
    by_taps = Divisor<std::int32_t>(columns.taps > 0 ? columns.taps : 1);
  }
  __host__ __device__ std::int32_t m() const {
    return batch * by_height.value() * by_width.value();
  }
  __host__ __device__ std::int32_t n() const { return by_group_in.value(); }
  __device__ std::int32_t k() const { return rows.taps * columns.taps * by_group_out.value(); }
  __device__ __forceinline__ Pixel<std::int32_t> row(std::int32_t at) const {
    const auto [line, v] = by_width(at);
    const auto [image, u] = by_height(line);
    return {image, u, v, image < batch && u < rows.count && v < columns.count};
  }
  __device__ __forceinline__ Tap<std::int32_t> depth(std::int32_t at) const {
    const auto [place, channel] = by_group_out(at);
    const auto [p, q] = by_taps(place);
    return {p, q, channel};
  }
  __device__ __forceinline__ T a(const Pixel<std::int32_t>& in, const Tap<std::int32_t>& tap,
                                 std::int32_t group) const {
    const std::int32_t i = in.i + tap.p * rows.dilation - rows.pad;
    const std::int32_t j = in.j + tap.q * columns.dilation - columns.pad;
    const bool inside = in.inside && i >= 0 && i < row_axis.out && j >= 0 && j < column_axis.out;
    if (!inside) return 0;
    const std::int32_t pixel = (in.image * row_axis.out + i) * column_axis.out + j;
    return dy[pixel * out_c + group * by_group_out.value() + tap.c];
  }
  __device__ __forceinline__ T b(std::int32_t at, std::int32_t j, std::int32_t group) const {
    if (j >= n()) return 0;
    const auto tap = depth(at);
    const std::int32_t p = rows.first_tap + tap.p * rows.tap_step;
    const std::int32_t q = columns.first_tap + tap.q * columns.tap_step;
    return w[((p * column_axis.taps + q) * n() + j) * out_c + group * by_group_out.value() + tap.c];
  }
  __device__ __forceinline__ void store(std::int32_t at, std::int32_t j, T sum, std::int32_t group,
                                        std::int64_t) const {
    const auto in = row(at);
    if (!in.inside || j >= n()) return;
    const std::int32_t i = rows.first + rows.step * in.i;
    const std::int32_t column = columns.first + columns.step * in.j;
    dx[((in.image * row_axis.in + i) * column_axis.in + column) * in_c + group * n() + j] = sum;
  }
};

}  // namespace

bool conv2d_phases_applies(const Conv2dShape& s) {
  return conv2d_narrow_applies(s) && phases_of(s) > 1 && phases_of(s) <= 65535;
}

template <class T>
void conv2d_input_gradient_phases(const T* dy, const T* w, T* dx, const Conv2dShape& s,
                                  const Stream& stream) {
  const auto of = [](std::int64_t count) { return Divisor<std::int32_t>(count); };
  const Axis rows = row_axis(s), columns = column_axis(s);
  const PhaseGradient<T> pass{.dy = dy,
                              .w = w,
                              .dx = dx,
                              .row_axis = rows,
                              .column_axis = columns,
                              .in_c = narrow(s.in_c),
                              .out_c = narrow(s.out_c),
                              .batch = narrow(s.batch),
                              .s = {narrow(s.groups)},
                              .by_height = of(longest_phase(rows)),
                              .by_width = of(longest_phase(columns)),
                              .by_group_out = of(s.group_out()),
                              .by_group_in = of(s.group_in())};
  launch_implicit(pass, s, phases_of(s), s.kernel_h * s.kernel_w * s.group_out(), stream);
}

#define KERATIN_CONV2D_PHASES(T)                                                         \
  template void conv2d_input_gradient_phases(const T*, const T*, T*, const Conv2dShape&, \
                                             const Stream&);
KERATIN_CONV2D_PHASES(float)
KERATIN_CONV2D_PHASES(double)
#undef KERATIN_CONV2D_PHASES

}  // namespace keratin::kernels::cuda
