// The three passes of a convolution as products of operands as kernels/cuda/tensor_product.cuh
// takes them; pass.cuh has the same for single elements. A product is that of one group.
#pragma once

#include "kernels/conv2d/conv2d.h"
#include "kernels/cuda/tensor_product.cuh"
#include "kernels/gemm/tensor.cuh"

namespace keratin::kernels::cuda {

/// Row p and column q of a filter, in pixels of the image, and the channel.
struct TensorTap {
  int p, q, channel, place;
  bool inside;
};
__device__ __forceinline__ TensorTap tensor_tap(std::int64_t at, std::int64_t count,
                                                std::int64_t channels, const Conv2dShape& s) {
  const auto k = static_cast<unsigned>(at), c = static_cast<unsigned>(channels);
  const unsigned place = k / c, row = place / static_cast<unsigned>(s.kernel_w);
  const unsigned column = place - row * static_cast<unsigned>(s.kernel_w);
  return {static_cast<int>(row) * static_cast<int>(s.dilation_h),
          static_cast<int>(column) * static_cast<int>(s.dilation_w),
          static_cast<int>(k - place * c), static_cast<int>(place), at < count};
}

/// A pixel of a batch of images: the image's number, -1 outside, and the row and column.
struct TensorPixel {
  int image, i, j;
};
__device__ __forceinline__ TensorPixel tensor_pixel(std::int64_t at, std::int64_t batch,
                                                    std::int64_t height, std::int64_t width) {
  const auto p = static_cast<unsigned>(at), w = static_cast<unsigned>(width),
             h = static_cast<unsigned>(height);
  const unsigned row = p / w, image = row / h;
  return {at < batch * height * width ? static_cast<int>(image) : -1,
          static_cast<int>(row - image * h), static_cast<int>(p - row * w)};
}

/// May a kernel count pixels and taps in 32 bits?
inline bool counts_in_32_bits(const Conv2dShape& s) {
  constexpr std::int64_t kMost = 0x7fffff00;
  return s.batch * s.out_h * s.out_w <= kMost && s.batch * s.in_h * s.in_w <= kMost &&
         s.kernel_h * s.kernel_w * std::max(s.group_in(), s.group_out()) <= kMost;
}

template <class T>
inline constexpr int kTensorChunk = 16 / static_cast<int>(sizeof(T));

/// The windows of x [pixels of y, taps] (along_k), or turned [taps, pixels of y].
template <class T, bool along_k>
struct WindowOperand {
  using Element = T;
  static constexpr bool kAlongK = along_k;
  const T* x;
  Conv2dShape s;
  bool aligned;

  WindowOperand(const T* x_, const Conv2dShape& s_) : x(x_), s(s_) {
    aligned = reinterpret_cast<std::uintptr_t>(x) % 16 == 0 &&
              s.group_in() % kTensorChunk<T> == 0 && s.in_c % kTensorChunk<T> == 0;
  }
  __device__ __forceinline__ void to(std::int64_t group) { x += group * s.group_in(); }

  __device__ __forceinline__ TensorTap tap(std::int64_t at) const {
    return tensor_tap(at, s.depth(), s.group_in(), s);
  }
  /// Where the window of a pixel begins in x.
  __device__ __forceinline__ TensorPixel window(std::int64_t at) const {
    TensorPixel pixel = tensor_pixel(at, s.batch, s.out_h, s.out_w);
    pixel.i = pixel.i * static_cast<int>(s.stride_h) - static_cast<int>(s.pad_top);
    pixel.j = pixel.j * static_cast<int>(s.stride_w) - static_cast<int>(s.pad_left);
    return pixel;
  }
  __device__ __forceinline__ auto place(std::int64_t at) const {
    if constexpr (along_k)
      return window(at);
    else
      return tap(at);
  }
  __device__ __forceinline__ auto depth(std::int64_t at) const {
    if constexpr (along_k)
      return tap(at);
    else
      return window(at);
  }
  __device__ __forceinline__ const T* find(const TensorPixel& from, const TensorTap& tap,
                                           int& count) const {
    const int i = from.i + tap.p, j = from.j + tap.q;
    const bool inside =
        from.image >= 0 && tap.inside && i >= 0 && i < s.in_h && j >= 0 && j < s.in_w;
    count = inside ? kTensorChunk<T> : 0;
    return inside
               ? x + ((std::int64_t{from.image} * s.in_h + i) * s.in_w + j) * s.in_c + tap.channel
               : x;
  }
  __device__ __forceinline__ const T* find(const TensorTap& tap, const TensorPixel& from,
                                           int& count) const {
    return find(from, tap, count);
  }
};

/// The outputs that read each pixel of x [pixels of x, kernel_h kernel_w out].
template <class T>
struct ReaderOperand {
  using Element = T;
  static constexpr bool kAlongK = true;
  const T* dy;
  Conv2dShape s;
  bool aligned;

  ReaderOperand(const T* dy_, const Conv2dShape& s_) : dy(dy_), s(s_) {
    aligned = reinterpret_cast<std::uintptr_t>(dy) % 16 == 0 &&
              s.group_out() % kTensorChunk<T> == 0 && s.out_c % kTensorChunk<T> == 0;
  }
  __device__ __forceinline__ void to(std::int64_t group) { dy += group * s.group_out(); }
  __device__ __forceinline__ TensorPixel place(std::int64_t at) const {
    TensorPixel pixel = tensor_pixel(at, s.batch, s.in_h, s.in_w);
    pixel.i += static_cast<int>(s.pad_top);
    pixel.j += static_cast<int>(s.pad_left);
    return pixel;
  }
  __device__ __forceinline__ TensorTap depth(std::int64_t at) const {
    return tensor_tap(at, s.kernel_h * s.kernel_w * s.group_out(), s.group_out(), s);
  }
  /// The output whose window has this pixel at this tap; false if none has.
  static __device__ __forceinline__ bool output(int at, std::int64_t stride, std::int64_t outputs,
                                                int& index) {
    index = at;
    if (at < 0) return false;
    if (stride != 1) {
      index = static_cast<int>(static_cast<unsigned>(at) / static_cast<unsigned>(stride));
      if (index * stride != at) return false;
    }
    return index < outputs;
  }
  __device__ __forceinline__ const T* find(const TensorPixel& pixel, const TensorTap& tap,
                                           int& count) const {
    int i, j;
    const bool inside = pixel.image >= 0 && tap.inside &&
                        output(pixel.i - tap.p, s.stride_h, s.out_h, i) &&
                        output(pixel.j - tap.q, s.stride_w, s.out_w, j);
    count = inside ? kTensorChunk<T> : 0;
    return inside ? dy + ((std::int64_t{pixel.image} * s.out_h + i) * s.out_w + j) * s.out_c +
                        tap.channel
                  : dy;
  }
};

/// The weights, turned [kernel_h kernel_w out, in].
template <class T>
struct TurnedWeights {
  using Element = T;
  static constexpr bool kAlongK = true;
  const T* w;
  Conv2dShape s;
  bool aligned;

  TurnedWeights(const T* w_, const Conv2dShape& s_) : w(w_), s(s_) {
    aligned = reinterpret_cast<std::uintptr_t>(w) % 16 == 0 &&
              s.group_out() % kTensorChunk<T> == 0 && s.out_c % kTensorChunk<T> == 0;
  }
  __device__ __forceinline__ void to(std::int64_t group) { w += group * s.group_out(); }
  __device__ __forceinline__ int place(std::int64_t at) const { return static_cast<int>(at); }
  __device__ __forceinline__ TensorTap depth(std::int64_t at) const {
    return tensor_tap(at, s.kernel_h * s.kernel_w * s.group_out(), s.group_out(), s);
  }
  __device__ __forceinline__ const T* find(int channel, const TensorTap& tap, int& count) const {
    const bool inside = tap.inside && channel < s.group_in();
    count = inside ? kTensorChunk<T> : 0;
    return inside ? w + (tap.place * s.group_in() + channel) * s.out_c + tap.channel : w;
  }
};

/// The sums of pieces: [pieces, taps, out_c], joined later.
struct PartialOut {
  float* parts;
  std::int64_t m, n, row;

  __device__ __forceinline__ void to(std::int64_t group) { parts += group * n; }
  __device__ __forceinline__ void store(std::int64_t i, std::int64_t j, float first, float second,
                                        unsigned piece) const {
    if (i >= m || j >= n) return;
    float* const at = parts + (piece * m + i) * row + j;
    at[0] = first;
    if (j + 1 < n) at[1] = second;
  }
};

// Adds the pieces in their order.
template <class T>
__global__ void __launch_bounds__(256)
    join_pieces_kernel(const float* parts, T* dw, std::int64_t size, std::int64_t pieces) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    float sum = 0;
#pragma unroll 4
    for (std::int64_t piece = 0; piece < pieces; ++piece) sum += parts[piece * size + i];
    dw[i] = narrowed<T>(sum);
  }
}

/// Calls product(a, b, out, sizes) of a pass.
template <class T, class Product>
void tensor_forward(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s,
                    Product product) {
  const TensorSizes sizes{s.batch * s.out_h * s.out_w, s.group_out(), s.depth(),
                          std::max<std::int64_t>(s.depth(), 1), s.groups};
  const GemmShape out{.m = sizes.m, .n = sizes.n, .ldc = s.out_c, .stride_c = s.group_out()};
  MatrixOut<T> result(y, e, out);
  result.bias_stride = s.group_out();
  product(WindowOperand<T, true>(x, s),
          MatrixOperand<T, false>(w, s.out_c, s.group_out(), sizes.n, sizes.k), result, sizes);
}
template <class T, class Product>
void tensor_input_gradient(const T* dy, const T* w, T* dx, const Conv2dShape& s, Product product) {
  const std::int64_t k = s.kernel_h * s.kernel_w * s.group_out();
  const TensorSizes sizes{s.batch * s.in_h * s.in_w, s.group_in(), k, k, s.groups};
  const GemmShape out{.m = sizes.m, .n = sizes.n, .ldc = s.in_c, .stride_c = s.group_in()};
  product(ReaderOperand<T>(dy, s), TurnedWeights<T>(w, s), MatrixOut<T>(dx, {}, out), sizes);
}
template <class T, class Product>
void tensor_weight_gradient(const T* x, const T* dy, T* dw, const Conv2dShape& s,
                            std::int64_t piece, const Stream& stream, Product product) {
  const std::int64_t pixels = s.batch * s.out_h * s.out_w;
  const TensorSizes sizes{s.depth(), s.group_out(), pixels, piece, s.groups};
  const WindowOperand<T, false> a(x, s);
  const MatrixOperand<T, false> b(dy, s.out_c, s.group_out(), sizes.n, pixels);
  if (pixels <= piece) {
    const GemmShape out{.m = sizes.m, .n = sizes.n, .ldc = s.out_c, .stride_c = s.group_out()};
    return product(a, b, MatrixOut<T>(dw, {}, out), sizes);
  }
  const std::int64_t pieces = (pixels + piece - 1) / piece, size = s.weight_size();
  const Scratch parts(pieces * size * std::int64_t{sizeof(float)}, stream);
  product(a, b, PartialOut{parts.floats(), sizes.m, sizes.n, s.out_c}, sizes);
  constexpr auto kernel = join_pieces_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(size, 256), 256, 0, stream, parts.floats(), dw, size, pieces);
}

/// Pixels of a weight gradient's partial sum, a multiple of every tile's depth.
inline constexpr std::int64_t kTensorPiece = 4096;

/// For `product` above: on tensor cores. Eight warps, as what finds the pixels takes registers too.
template <class Math>
struct OnTensorCores {
  const Conv2dShape& s;
  const Stream& stream;
  template <class A, class B, class Out>
  void operator()(const A& a, const B& b, const Out& out, const TensorSizes& sizes) const {
    tensor_product<Math, 8>(a, b, out, sizes, "conv2d: " + s.text(), stream);
  }
};

}  // namespace keratin::kernels::cuda
