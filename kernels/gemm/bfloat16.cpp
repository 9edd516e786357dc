// The product of bfloat16 matrices by blocks: B is packed once, a block of rows of A by who
// multiplies it, and its sums, of float32, are rounded when they are complete.
#include "kernels/gemm/bfloat16.h"

#include <algorithm>

#include "kernels/gemm/bfloat16_blocks.h"
#include "kernels/parallel.h"
#include "kernels/processor.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kRows = 128;         // of a block of C, about
constexpr std::int64_t kFewRows = 256;      // ... that is alone
constexpr std::int64_t kQuad = 4;           // panels that are packed together
constexpr std::int64_t kColumns = 256;      // of a block of C
constexpr std::int64_t kDepth = 256;        // of k at a time: a panel of 32 columns is 16 KiB
constexpr std::int64_t kPackedB = 8 << 20;  // bytes of B packed at a time, at the most

constexpr std::int64_t divided(std::int64_t x, std::int64_t by) { return (x + by - 1) / by; }

// One product, and how it is cut.
class Product {
 public:
  Product(const BFloat16Blocks& blocks, const BFloat16* a, const BFloat16* b, BFloat16* c,
          const Epilogue<BFloat16>& e, const GemmShape& s)
      : blocks_(blocks), a_(a), b_(b), c_(c), e_(e), s_(s) {}

  void run() const {
    if (rows_ == s_.m) return few_rows();
    const std::int64_t panel_size = filled_ * blocks_.panel, bytes = panel_size * blocks_.element;
    const std::int64_t at_once =
        std::clamp<std::int64_t>(kPackedB / std::max<std::int64_t>(1, bytes), 1, panels_);
    const Scratch packed_b(static_cast<std::size_t>(at_once * bytes));
    for (std::int64_t panel0 = 0; panel0 < panels_; panel0 += at_once) {
      const std::int64_t count = std::min(at_once, panels_ - panel0);
      parallel_for(divided(count, kQuad), grain_for(kQuad * panel_size, 1 << 16),
                   [&](std::int64_t first, std::int64_t last) {
                     const std::int64_t p = kQuad * first, end = std::min(count, kQuad * last);
                     pack_b(panel0 + p, end - p, 0, s_.k, packed_b.as<char>() + p * bytes);
                   });
      const std::int64_t row_blocks = divided(s_.m, rows_), groups = divided(count, group_);
      for_each_block(row_blocks * groups, [&](std::int64_t item, float* sums, void* packed_a) {
        const std::int64_t row = item / groups * rows_, p = item % groups * group_;
        const std::int64_t rows = std::min(rows_, s_.m - row), panels = std::min(group_, count - p);
        for_each_depth([&](std::int64_t k0, std::int64_t k) {
          multiply(row, rows, k0, k, packed_a,
                   packed_b.as<char>() + p * bytes + k0 * blocks_.panel * blocks_.element,
                   panel_size, panels, sums);
        });
        round(row, rows, panel0 + p, panels, sums);
      });
    }
  }

 private:
  // Each part of B is needed once: who multiplies it packs it just before.
  void few_rows() const {
    const std::int64_t panel_size = deepest_ * blocks_.panel;
    for_each_block(divided(panels_, kQuad), [&](std::int64_t item, float* sums, void* packed_a) {
      const Scratch packed_b(static_cast<std::size_t>(kQuad * panel_size * blocks_.element));
      const std::int64_t panel = item * kQuad, panels = std::min(kQuad, panels_ - panel);
      for_each_depth([&](std::int64_t k0, std::int64_t k) {
        pack_b(panel, panels, k0, k, packed_b.as<void>(), panel_size);
        multiply(0, s_.m, k0, k, packed_a, packed_b.as<void>(), panel_size, panels, sums);
      });
      round(0, s_.m, panel, panels, sums);
    });
  }

  template <class F>
  void for_each_block(std::int64_t count, F f) const {
    const std::int64_t work = std::max<std::int64_t>(1, s_.m * s_.n * filled_ / count);
    parallel_for(
        count, grain_for(work, blocks_.piece_work), [&](std::int64_t first, std::int64_t last) {
          const FloatScratch sums(rows_ * sums_ld_);
          const Scratch packed_a(static_cast<std::size_t>(rows_ * deepest_ * blocks_.element));
          for (std::int64_t item = first; item < last; ++item) {
            if (s_.k == 0) std::fill_n(sums.data(), rows_ * sums_ld_, 0.0f);
            f(item, sums.data(), packed_a.as<void>());
          }
        });
  }
  template <class F>
  void for_each_depth(F f) const {
    for (std::int64_t k0 = 0; k0 < s_.k; k0 += deepest_) f(k0, std::min(deepest_, s_.k - k0));
  }

  void pack_b(std::int64_t panel, std::int64_t panels, std::int64_t k0, std::int64_t k, void* to,
              std::int64_t panel_size = 0) const {
    const std::int64_t column = panel * blocks_.panel;
    blocks_.pack_panels(b_ + column * (s_.trans_b ? s_.ldb : 1) + k0 * (s_.trans_b ? 1 : s_.ldb),
                        s_.ldb, s_.trans_b, k, std::min(panels * blocks_.panel, s_.n - column), to,
                        panel_size > 0 ? panel_size : filled_ * blocks_.panel);
  }

  // Rows of A that lie as they would be packed are read from there.
  void multiply(std::int64_t row, std::int64_t rows, std::int64_t k0, std::int64_t k,
                void* packed_a, const void* packed_b, std::int64_t panel_size, std::int64_t panels,
                float* sums) const {
    const BFloat16* const a = a_ + (s_.trans_a ? row + k0 * s_.lda : row * s_.lda + k0);
    const std::int64_t filled = blocks_.filled(k);
    const bool as_it_lies = !s_.trans_a && blocks_.element == sizeof(BFloat16) && k == filled;
    if (!as_it_lies) blocks_.pack_rows(a, s_.lda, s_.trans_a, rows, k, packed_a, filled);
    blocks_.multiply(as_it_lies ? a : packed_a, as_it_lies ? s_.lda : filled, rows, packed_b,
                     panel_size, panels, filled, sums, sums_ld_, k0 > 0);
  }

  void round(std::int64_t row, std::int64_t rows, std::int64_t panel, std::int64_t panels,
             const float* sums) const {
    const std::int64_t column = panel * blocks_.panel;
    round_sums(sums, sums_ld_, rows, std::min(panels * blocks_.panel, s_.n - column),
               c_ + row * s_.ldc + column, s_.ldc,
               {e_.bias != nullptr ? e_.bias + column : nullptr, e_.activation}, s_.accumulate);
  }

  const BFloat16Blocks& blocks_;
  const BFloat16 *a_, *b_;
  BFloat16* c_;
  const Epilogue<BFloat16>& e_;
  const GemmShape& s_;
  std::int64_t filled_ = blocks_.filled(s_.k);
  std::int64_t panels_ = blocks_.panels_of(s_.n);
  // Blocks of k are nearly equal.
  std::int64_t deepest_ =
      blocks_.filled(divided(s_.k, std::max<std::int64_t>(1, divided(s_.k, kDepth))));
  std::int64_t rows_ = s_.m <= kFewRows ? s_.m : kRows / blocks_.rows * blocks_.rows;
  std::int64_t group_ = std::max(kQuad, kColumns / blocks_.panel);  // panels of a block of C
  std::int64_t sums_ld_ = (rows_ == s_.m ? kQuad : group_) * blocks_.panel;
};

void multiply_batch(const BFloat16Blocks& blocks, const BFloat16* a, const BFloat16* b, BFloat16* c,
                    const Epilogue<BFloat16>& e, const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const std::int64_t work = std::max<std::int64_t>(1, s.m * s.n * s.k);
  parallel_for(
      s.batch, grain_for(work, blocks.piece_work), [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t q = first; q < last; ++q) {
          Product(blocks, a + q * s.stride_a, b + q * s.stride_b, c + q * s.stride_c, e, s).run();
        }
      });
}

}  // namespace

void gemm_bfloat16_widened(const BFloat16* a, const BFloat16* b, BFloat16* c,
                           const Epilogue<BFloat16>& e, const GemmShape& s) {
  multiply_batch(widened_blocks(), a, b, c, e, s);
}

// Where it does not pay it is a rung only under `amx`, to be timed and tested.
bool gemm_avx512_bf16_applies(const GemmShape&) {
  return has_avx512_bfloat16() && (has_amx_bfloat16() || avx512_bf16_pays());
}
void gemm_bfloat16_avx512_bf16(const BFloat16* a, const BFloat16* b, BFloat16* c,
                               const Epilogue<BFloat16>& e, const GemmShape& s) {
  multiply_batch(avx512_bf16_blocks(), a, b, c, e, s);
}

bool gemm_amx_applies(const GemmShape&) { return has_amx_bfloat16(); }
void gemm_bfloat16_amx(const BFloat16* a, const BFloat16* b, BFloat16* c,
                       const Epilogue<BFloat16>& e, const GemmShape& s) {
  multiply_batch(amx_blocks(), a, b, c, e, s);
}

bool avx512_bf16_pays() { return has_avx512_bfloat16() && is_amd(); }

BFloat16Blocks best_bfloat16_blocks() {
  return has_amx_bfloat16()   ? amx_blocks()
         : avx512_bf16_pays() ? avx512_bf16_blocks()
                              : widened_blocks();
}

void gemm_bfloat16_reference(const BFloat16* a, const BFloat16* b, BFloat16* c,
                             const Epilogue<BFloat16>& e, const GemmShape& s) {
  for (std::int64_t q = 0; q < s.batch; ++q, a += s.stride_a, b += s.stride_b, c += s.stride_c) {
    for (std::int64_t i = 0; i < s.m; ++i) {
      for (std::int64_t j = 0; j < s.n; ++j) {
        double sum = s.accumulate ? static_cast<double>(to_float(c[i * s.ldc + j])) : 0.0;
        if (e.bias != nullptr) sum += static_cast<double>(to_float(e.bias[j]));
        for (std::int64_t r = 0; r < s.k; ++r) {
          const BFloat16 x = s.trans_a ? a[r * s.lda + i] : a[i * s.lda + r];
          const BFloat16 y = s.trans_b ? b[j * s.ldb + r] : b[r * s.ldb + j];
          sum += static_cast<double>(to_float(x)) * static_cast<double>(to_float(y));
        }
        const bool cut = e.activation == Activation::relu && sum < 0;  // NaN stays
        c[i * s.ldc + j] = cut ? BFloat16() : to_bfloat16(static_cast<float>(sum));
      }
    }
  }
}

}  // namespace keratin::kernels::cpu
