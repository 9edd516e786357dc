// The operands and the result of a matrix product as kernels/cuda/tensor_product.cuh takes them.
#pragma once

#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/tensor_product.cuh"
#include "kernels/gemm/gemm.h"

namespace keratin::kernels::cuda {

/// Rows `ld` elements apart: of places, along k, or of k, along places.
template <class T, bool along_k>
struct MatrixOperand {
  using Element = T;
  static constexpr bool kAlongK = along_k;
  static constexpr int kChunk = 16 / static_cast<int>(sizeof(T));
  const T* from;
  std::int64_t ld, stride, places, k;
  bool aligned;

  MatrixOperand(const T* from_, std::int64_t ld_, std::int64_t stride_, std::int64_t places_,
                std::int64_t k_)
      : from(from_), ld(ld_), stride(stride_), places(places_), k(k_) {
    aligned = reinterpret_cast<std::uintptr_t>(from) % 16 == 0 && ld % kChunk == 0 &&
              stride % kChunk == 0;
  }

  struct Line {  // a row, nullptr outside
    const T* row;
  };
  struct Run {  // how many elements there are from `at` on, at most a chunk
    std::int64_t at;
    int count;
  };
  __device__ __forceinline__ void to(std::int64_t q) { from += q * stride; }
  __device__ __forceinline__ auto place(std::int64_t p) const {
    if constexpr (along_k)
      return line(p, places);
    else
      return run(p, places);
  }
  __device__ __forceinline__ auto depth(std::int64_t at) const {
    if constexpr (along_k)
      return run(at, k);
    else
      return line(at, k);
  }
  __device__ __forceinline__ const T* find(const Line& l, const Run& r, int& count) const {
    count = l.row == nullptr ? 0 : r.count;
    return count > 0 ? l.row + r.at : from;
  }
  __device__ __forceinline__ const T* find(const Run& r, const Line& l, int& count) const {
    return find(l, r, count);
  }

 private:
  __device__ __forceinline__ Line line(std::int64_t at, std::int64_t lines) const {
    return {at < lines ? from + at * ld : nullptr};
  }
  __device__ __forceinline__ static Run run(std::int64_t at, std::int64_t size) {
    const std::int64_t left = size - at;
    return {at, left <= 0 ? 0 : left < kChunk ? static_cast<int>(left) : kChunk};
  }
};

/// C, with its epilogue in float32.
template <class T>
struct MatrixOut {
  T* c;
  const T* bias;  // or nullptr
  std::int64_t m, n, ldc, stride, bias_stride = 0;
  bool relu, accumulate, pairs;  // pairs: may two columns be written by one access?

  MatrixOut(T* c_, const Epilogue<T>& e, const GemmShape& s)
      : c(c_),
        bias(e.bias),
        m(s.m),
        n(s.n),
        ldc(s.ldc),
        stride(s.stride_c),
        relu(e.activation == Activation::relu),
        accumulate(s.accumulate),
        pairs(is_aligned<Several<T, 2>>(c_) && s.ldc % 2 == 0 && s.stride_c % 2 == 0) {}

  __device__ __forceinline__ void to(std::int64_t q) {
    c += q * stride;
    if (bias != nullptr) bias += q * bias_stride;
  }
  __device__ __forceinline__ T finished(const T* at, std::int64_t j, float sum) const {
    if (accumulate) sum += widened(*at);
    if (bias != nullptr) sum += widened(bias[j]);
    return narrowed<T>(relu && sum < 0 ? 0 : sum);  // NaN stays
  }
  __device__ __forceinline__ void store(std::int64_t i, std::int64_t j, float first, float second,
                                        unsigned) const {
    if (i >= m || j >= n) return;
    T* const at = c + i * ldc + j;
    if (j + 1 == n) {
      *at = finished(at, j, first);
      return;
    }
    const Several<T, 2> both{finished(at, j, first), finished(at + 1, j + 1, second)};
    if (pairs) {
      *reinterpret_cast<Several<T, 2>*>(at) = both;
    } else {
      at[0] = both.at[0];
      at[1] = both.at[1];
    }
  }
};

/// Calls product(a, b, out, sizes).
template <class T, class Product>
void with_matrices(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s,
                   Product product) {
  const MatrixOut<T> out(c, e, s);
  const TensorSizes sizes{s.m, s.n, s.k, std::max<std::int64_t>(s.k, 1), s.batch};
  const auto with_a = [&](const auto& left) {
    if (s.trans_b) {
      product(left, MatrixOperand<T, true>(b, s.ldb, s.stride_b, s.n, s.k), out, sizes);
    } else {
      product(left, MatrixOperand<T, false>(b, s.ldb, s.stride_b, s.n, s.k), out, sizes);
    }
  };
  if (s.trans_a) {
    with_a(MatrixOperand<T, false>(a, s.lda, s.stride_a, s.m, s.k));
  } else {
    with_a(MatrixOperand<T, true>(a, s.lda, s.stride_a, s.m, s.k));
  }
}

template <class Math, class T>
void tensor_gemm(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s,
                 const Stream& stream) {
  with_matrices(
      a, b, c, e, s,
      [&](const auto& left, const auto& right, const auto& out, const TensorSizes& sizes) {
        tensor_product<Math>(left, right, out, sizes, "gemm: " + s.text(), stream);
      });
}

}  // namespace keratin::kernels::cuda
