// The product of two operands of tensor_product.cuh by plain loops: the lowest rung of ladders that
// tensor cores top.
#pragma once

#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/tensor_product.cuh"

namespace keratin::kernels::cuda {

inline constexpr int kPlainThreads = 256;

template <class Operand>
__device__ __forceinline__ float plain_element(const Operand& operand, std::int64_t place,
                                               std::int64_t k) {
  int count;
  const auto* const from = operand.find(operand.place(place), operand.depth(k), count);
  return count > 0 ? widened(*from) : 0.0f;
}

// Two neighbouring columns a thread.
template <class A, class B, class Out>
__global__ void __launch_bounds__(kPlainThreads)
    plain_kernel(A all_a, B all_b, Out all_out, TensorSizes s) {
  const std::int64_t pairs = (s.n + 1) / 2, step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
       at < s.batch * s.m * pairs; at += step) {
    const std::int64_t q = at / (s.m * pairs), i = at / pairs % s.m, j = at % pairs * 2;
    A a = all_a;
    B b = all_b;
    Out out = all_out;
    a.to(q);
    b.to(q);
    out.to(q);
    float first = 0, second = 0;
    for (std::int64_t k = 0; k < s.k; ++k) {
      const float left = plain_element(a, i, k);
      first += left * plain_element(b, j, k);
      second += left * plain_element(b, j + 1, k);
    }
    out.store(i, j, first, second, 0);
  }
}

template <class A, class B, class Out>
void plain_product(const A& a, const B& b, const Out& out, const TensorSizes& s,
                   const Stream& stream) {
  const std::int64_t work = s.batch * s.m * ((s.n + 1) / 2);
  if (work == 0) return;
  constexpr auto kernel = plain_kernel<A, B, Out>;
  KERATIN_LAUNCH(kernel, blocks_for(work, kPlainThreads), kPlainThreads, 0, stream, a, b, out, s);
}

}  // namespace keratin::kernels::cuda
