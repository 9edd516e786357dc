// Matrix product.   C = epilogue(op(A) op(B) [+ C])
//
// op(A) is [M, K], op(B) is [K, N], C is [M, N], all row-major; op is the matrix as it lies or its
// transpose. Rows lie lda, ldb, ldc elements apart, so a matrix may be a part of a wider one. A
// batch is a count and a distance from one matrix to the next; distance 0: all products share it.
// C must not overlap A, B, bias or, in a batch, itself. Nothing between the rows is read or
// written. Any size may be 0; with K = 0 the sum is 0. No alignment is asked for.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/epilogue.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct GemmShape {
  std::int64_t m = 0, n = 0, k = 0;
  std::int64_t lda = 0;  // >= k, or >= m where trans_a: A lies as [K, M]
  std::int64_t ldb = 0;  // >= n, or >= k where trans_b: B lies as [N, K]
  std::int64_t ldc = 0;  // >= n
  bool trans_a = false, trans_b = false;
  bool accumulate = false;  // adds what C holds before the activation
  std::int64_t batch = 1;
  std::int64_t stride_a = 0, stride_b = 0, stride_c = 0;  // stride_c > 0 where batch > 1

  /// "[m, n, k]", then "tn" and the like where A or B is transposed, "+=" where it accumulates, and
  /// the batch as "x8".
  std::string text() const;
};

/// The shape of one product of matrices without gaps.
constexpr GemmShape gemm_shape(std::int64_t m, std::int64_t n, std::int64_t k, bool trans_a = false,
                               bool trans_b = false) {
  return {.m = m,
          .n = n,
          .k = k,
          .lda = trans_a ? m : k,
          .ldb = trans_b ? k : n,
          .ldc = n,
          .trans_a = trans_a,
          .trans_b = trans_b};
}

template <class T>
using GemmFn = void (*)(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s);

/// A multiply-add counts as two FLOPs; the epilogue as none.
template <class T>
constexpr Cost gemm_cost(const GemmShape& s) {
  const auto m = static_cast<double>(s.m), n = static_cast<double>(s.n),
             k = static_cast<double>(s.k), batch = static_cast<double>(s.batch);
  const double a = m * k * (s.stride_a == 0 ? 1 : batch), b = k * n * (s.stride_b == 0 ? 1 : batch);
  const double c = m * n * batch * (s.accumulate ? 2 : 1);
  return {.flops = 2 * m * n * k * batch, .bytes = sizeof(T) * (a + b + c)};
}

/// One product instead of many, where rows of all of A and C follow each other and B is shared.
constexpr GemmShape merged_batch(GemmShape s) {
  if (s.batch > 1 && s.stride_b == 0 && !s.trans_a && s.stride_a == s.m * s.lda &&
      s.stride_c == s.m * s.ldc) {
    s.m *= s.batch;
    s.batch = 1;
  }
  return s;
}

namespace cpu {

template <class T>
void gemm_reference(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s);
template <class T>
void gemm_blocked(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s);
void gemm_simd(const float* a, const float* b, float* c, const Epilogue<float>& e,
               const GemmShape& s);
void gemm_packed(const float* a, const float* b, float* c, const Epilogue<float>& e,
                 const GemmShape& s);
void gemm_dot(const float* a, const float* b, float* c, const Epilogue<float>& e,
              const GemmShape& s);
void gemm_turned(const float* a, const float* b, float* c, const Epilogue<float>& e,
                 const GemmShape& s);
void gemm_few_rows(const float* a, const float* b, float* c, const Epilogue<float>& e,
                   const GemmShape& s);
void gemm_shallow(const float* a, const float* b, float* c, const Epilogue<float>& e,
                  const GemmShape& s);
inline constexpr int kDotColumns = 12;
inline constexpr int kTurnedColumns = 14;
inline constexpr int kShallowDepth = 12;
/// Products with a k of at most that.
bool gemm_shallow_applies(const GemmShape& s);
/// Products with at most so many columns, or what `crossovers()` says, A as it lies; and with so
/// many rows, B transposed.
bool gemm_dot_applies(const GemmShape& s);
/// Products with a row or a few, B as it lies.
bool gemm_few_rows_applies(const GemmShape& s);
/// Products with at most so many columns and more rows, A transposed.
bool gemm_turned_applies(const GemmShape& s);
/// Those where packing both operands is paid back: large ones, and rows of A that lie badly.
bool gemm_packed_applies(const GemmShape& s);

}  // namespace cpu

template <class T>
inline constexpr auto gemm_ladder = Ladder{
    "gemm", "gemm", gemm_cost<T>,
    std::array{Rung<GemmFn<T>>{"reference", "", always, cpu::gemm_reference<T>},
               Rung<GemmFn<T>>{"blocked", "blocks that stay in the cache; inner loop along rows",
                               always, cpu::gemm_blocked<T>, "", false}}};
template <>
inline constexpr auto gemm_ladder<float> = Ladder{
    "gemm", "gemm", gemm_cost<float>,
    std::array{
        Rung<GemmFn<float>>{"reference", "", always, cpu::gemm_reference<float>},
        Rung<GemmFn<float>>{"blocked", "blocks that stay in the cache; inner loop along rows",
                            always, cpu::gemm_blocked<float>, "", false},
        Rung<GemmFn<float>>{"simd", "a tile of sums stays in registers; operands read as they lie",
                            always, cpu::gemm_simd},
        Rung<GemmFn<float>>{
            "packed", "operands copied into the order in which they are read",
            cpu::gemm_packed_applies, cpu::gemm_packed,
            "sizes of 128 or more and the multiply-adds of gemm.packed_work or "
            "gemm.packed_transposed_work (`make tune`; built in: some millions); "
            "or rows of A that lie badly, 24 or more, or of B that lie far apart, 9 "
            "rows of A or more; and 64 columns or more; with 16 registers sooner"},
        Rung<GemmFn<float>>{
            "dot", "no idle lanes where there are few columns", cpu::gemm_dot_applies,
            cpu::gemm_dot,
            "one product, 8 rows or more, A not transposed, columns up to gemm.dot_columns, no "
            "whole "
            "vector of 8, and a k "
            "from gemm.dot_depth on (`make tune`; built in: 12, 64; up to 4 columns a half of it, "
            "up to 8 three quarters); or as few rows, 8 columns or more and B transposed"},
        Rung<GemmFn<float>>{"few_rows", "wide tiles where there are few rows: B passes by once",
                            cpu::gemm_few_rows_applies, cpu::gemm_few_rows,
                            "1 to 8 rows (1 to 4 with 16 registers), B not transposed, columns "
                            "for three vectors or more"},
        Rung<GemmFn<float>>{"turned", "no idle lanes where there are few columns, A transposed",
                            cpu::gemm_turned_applies, cpu::gemm_turned,
                            "one product, A transposed, 1 to 14 columns, a k from 8 on, fewer "
                            "vectors of rows times columns than rows"},
        Rung<GemmFn<float>>{"shallow", "a small k: B stays in registers, rows of A pass by",
                            cpu::gemm_shallow_applies, cpu::gemm_shallow,
                            "one product, a k of 1 to 12, 8 rows or more (5 with 16 registers), "
                            "columns for two vectors or more"}}};

namespace cuda {
template <class T>
void gemm_naive(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s,
                const Stream& stream);
template <class T>
void gemm_coalesced(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s,
                    const Stream& stream);
template <class T>
void gemm_shared(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s,
                 const Stream& stream);
template <class T>
void gemm_registers(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s,
                    const Stream& stream);

void gemm_async(const float* a, const float* b, float* c, const Epilogue<float>& e,
                const GemmShape& s, const Stream& stream);
/// Rows a multiple of 16 bytes apart. Operands that do not begin at one go to gemm_registers.
bool gemm_async_applies(const GemmShape& s);
/// Sums of 3xTF32: products to 3 x 2^-22 of themselves. NaN where an operand is infinite.
void gemm_tf32x3(const float* a, const float* b, float* c, const Epilogue<float>& e,
                 const GemmShape& s, const Stream& stream);
/// Products of operands rounded to TF32, 2^-11 of themselves each.
void gemm_tf32(const float* a, const float* b, float* c, const Epilogue<float>& e,
               const GemmShape& s, const Stream& stream);
/// The same; operands that do not begin at multiples of 16 bytes go to gemm_tf32.
void gemm_tf32_wgmma(const float* a, const float* b, float* c, const Epilogue<float>& e,
                     const GemmShape& s, const Stream& stream);
/// B transposed, A not: k lies together, as wgmma asks of TF32; a k of 1 or more, rows a multiple of
/// 16 bytes apart, in a batch matrices a multiple of rows.
bool gemm_tf32_wgmma_applies(const GemmShape& s);
/// A GPU of compute capability 9.0 (kernels/cuda/tensor_map.cuh).
bool is_hopper(const Stream& stream);

inline constexpr CudaLadder<GemmFn<float>, 8> gemm_ladder{
    {{{"naive", "", always, gemm_naive},
      {"coalesced", "neighbouring threads take neighbouring columns: whole sectors are used",
       always, gemm_coalesced},
      {"shared", "tiles in shared memory: each element of A and B is fetched once a tile", always,
       gemm_shared},
      {"registers", "4 x 4 sums a thread: 8 shared loads for 16 multiply-adds", always,
       gemm_registers},
      {"async",
       "cp.async of 16 bytes in three stages: the next tiles come while these are used; 8 x 8 sums",
       gemm_async_applies, gemm_async},
      {"tf32x3", "tensor cores: operands in two parts, three products of TF32 instead of one",
       always, gemm_tf32x3, Taken::by_hand},
      {"tf32", "tensor cores: operands rounded to TF32", always, gemm_tf32, Taken::with_tf32},
      {"tf32_wgmma", "TMA brings and rounds the tiles; warpgroups multiply out of shared memory",
       gemm_tf32_wgmma_applies, gemm_tf32_wgmma, Taken::by_hand_tf32, is_hopper}}}};

inline constexpr CudaLadder<GemmFn<double>, 4> gemm_double_ladder{
    {{{"naive", "", always, gemm_naive},
      {"coalesced", "neighbouring threads take neighbouring columns: whole sectors are used",
       always, gemm_coalesced},
      {"shared", "tiles in shared memory: each element of A and B is fetched once a tile", always,
       gemm_shared},
      {"registers", "4 x 4 sums a thread: 8 shared loads for 16 multiply-adds", always,
       gemm_registers}}}};
}  // namespace cuda

}  // namespace keratin::kernels
