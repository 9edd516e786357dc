#include "kernels/gemm/gemm.h"

#include "bench/harness.h"
#include "kernels/gemm/bfloat16.h"

namespace keratin::bench {
namespace {

using kernels::gemm_shape;

// Squares; Dense layers of 784 > 512 > 10: forward, gradient of the kernel (tn), of the input (nt).
template <class T>
bool add_gemm(RowOptions options) {
  return add_ladder(
      kernels::gemm_ladder<T>,
      {gemm_shape(64, 64, 64), gemm_shape(128, 128, 128), gemm_shape(256, 256, 256),
       gemm_shape(512, 512, 512), gemm_shape(1024, 1024, 1024), gemm_shape(777, 555, 999),
       gemm_shape(32, 512, 784), gemm_shape(784, 512, 32, true),
       gemm_shape(32, 784, 512, false, true), gemm_shape(128, 512, 784),
       gemm_shape(784, 512, 128, true), gemm_shape(128, 784, 512, false, true),
       gemm_shape(128, 10, 512), gemm_shape(512, 10, 128, true),
       gemm_shape(128, 512, 10, false, true), gemm_shape(1, 512, 784)},
      [](Buffers& b, const kernels::GemmShape& s) {
        return std::tuple(b.input<T>(s.m * s.k), b.input<T>(s.k * s.n), b.output<T>(s.m * s.n),
                          kernels::Epilogue<T>{});
      },
      options, {gemm_shape(2048, 2048, 2048), gemm_shape(4096, 4096, 4096)});
}

const bool gemm_rows = add_gemm<float>({}) && add_gemm<kernels::BFloat16>({.tolerance = 0.01});

}  // namespace

}  // namespace keratin::bench
