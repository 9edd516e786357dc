// What the products of bfloat16 share: operands packed in blocks, a way to multiply them, and the
// rounding of the sums. Convolutions are made of the same.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/epilogue.h"

namespace keratin::kernels::cpu {

/// A way to multiply. A is packed in rows, k without gaps; B in panels of `panel` columns; both
/// hold `depth` elements of k or a multiple, zeros behind the last. Distances count packed
/// elements.
struct BFloat16Blocks {
  std::int64_t rows;        // of C that go well together
  std::int64_t panel;       // columns of B and C
  std::int64_t depth;       // what k is filled up to
  std::int64_t element;     // bytes of a packed element: 2, as they were, or 4, float32
  std::int64_t piece_work;  // multiply-adds that pay for waking a thread

  /// `rows` rows of k elements, row i at a + i ld (trans: at a + i, ld between its elements).
  void (*pack_rows)(const BFloat16* a, std::int64_t ld, bool trans, std::int64_t rows,
                    std::int64_t k, void* to, std::int64_t to_ld);
  /// Columns of B, [k, columns] (trans: it lies as [columns, k]), to panels `panel_size` apart.
  void (*pack_panels)(const BFloat16* b, std::int64_t ld, bool trans, std::int64_t k,
                      std::int64_t columns, void* to, std::int64_t panel_size);
  /// c[rows, panels x panel] = A B, or += where it accumulates; k is filled up. Panels of B lie
  /// `panel_size` apart.
  void (*multiply)(const void* a, std::int64_t a_ld, std::int64_t rows, const void* b,
                   std::int64_t panel_size, std::int64_t panels, std::int64_t k, float* c,
                   std::int64_t ldc, bool accumulate);
  /// `count` runs of `length` elements, each a step on; null where packed elements are float32.
  void (*copy_runs)(const BFloat16* from, std::int64_t from_step, std::int64_t count,
                    std::int64_t length, BFloat16* to, std::int64_t to_step) = nullptr;

  std::int64_t filled(std::int64_t k) const { return (k + depth - 1) / depth * depth; }
  std::int64_t panels_of(std::int64_t columns) const { return (columns + panel - 1) / panel; }
};

BFloat16Blocks widened_blocks();
BFloat16Blocks avx512_bf16_blocks();  // only where has_avx512_bfloat16()
BFloat16Blocks amx_blocks();          // only where has_amx_bfloat16()
/// Is vdpbf16ps faster than two multiply-adds of float32? By AMD's tables twice as fast on Zen 4
/// and later; Intel's (Sapphire Rapids, measured) begin one in two cycles, and are slower by it.
bool avx512_bf16_pays();
/// The fastest that this processor has.
BFloat16Blocks best_bfloat16_blocks();

/// c = epilogue(sums [+ c]), rounded; bias of the first column.
void round_sums(const float* sums, std::int64_t lds, std::int64_t rows, std::int64_t columns,
                BFloat16* c, std::int64_t ldc, const Epilogue<BFloat16>& e, bool accumulate);

}  // namespace keratin::kernels::cpu
