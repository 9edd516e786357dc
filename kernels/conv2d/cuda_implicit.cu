#include "kernels/conv2d/implicit.cuh"
#include "kernels/reduce/combine.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr std::int64_t kPiece = 4096;  // pixels of a weight gradient's partial sum

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
  launch_implicit(forward_pass<I>(x, w, y, e, s), s, 1, s.depth(), stream);
}
template <class T, class I>
void conv2d_input_gradient_implicit(const T* dy, const T* w, T* dx, const Conv2dShape& s,
                                    const Stream& stream) {
  launch_implicit(input_gradient_pass<I>(dy, w, dx, s), s, 1,
                  s.kernel_h * s.kernel_w * s.group_out(), stream);
}
template <class T, class I>
void conv2d_weight_gradient_implicit(const T* x, const T* dy, T* dw, const Conv2dShape& s,
                                     const Stream& stream) {
  const std::int64_t pixels = s.batch * s.out_h * s.out_w;
  const std::int64_t pieces = pixels <= kPiece ? 1 : (pixels + kPiece - 1) / kPiece;
  if (pieces == 1)
    return launch_implicit(weight_gradient_pass<I>(x, dy, dw, s), s, 1, kPiece, stream);
  const Scratch parts(pieces * s.weight_size() * std::int64_t{sizeof(T)}, stream);
  launch_implicit(weight_gradient_pass<I>(x, dy, parts.as<T>(), s), s, pieces, kPiece, stream);
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
