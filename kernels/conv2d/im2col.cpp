// Patches of the image as rows of a matrix ("im2col"), a block of output rows at a time, and the
// rest is a matrix product. Source: Chellapilla, Puri and Simard, High performance convolutional
// neural networks for document processing, 2006.
#include <algorithm>
#include <cstring>

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/pieces.h"
#include "kernels/gemm/gemm.h"
#include "kernels/parallel.h"
#include "kernels/run.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kPatchFloats = 1 << 16;  // of a block of patches: 256 KiB

// A matrix of one row an output pixel: element (kernel row, kernel column, channel of the group).
struct Patches {
  const Conv2dShape& s;
  std::int64_t row_floats = s.out_w * s.depth();  // one row of the output

  std::int64_t block_rows() const {
    return std::max<std::int64_t>(1, kPatchFloats / std::max<std::int64_t>(1, row_floats));
  }
  // Calls f(first element in the patches, where in the image's channels or -1 outside) for every
  // tap of every pixel of a block.
  template <class F>
  void for_each_tap(const RowBlock& b, F f) const {
    std::int64_t at = 0;
    for (std::int64_t i = b.row; i < b.row + b.rows; ++i) {
      for (std::int64_t j = 0; j < s.out_w; ++j) {
        for (std::int64_t p = 0; p < s.kernel_h; ++p) {
          const std::int64_t row = i * s.stride_h + p * s.dilation_h - s.pad_top;
          for (std::int64_t q = 0; q < s.kernel_w; ++q, at += s.group_in()) {
            const std::int64_t column = j * s.stride_w + q * s.dilation_w - s.pad_left;
            const bool inside = row >= 0 && row < s.in_h && column >= 0 && column < s.in_w;
            f(at, inside ? ((b.image * s.in_h + row) * s.in_w + column) * s.in_c : -1);
          }
        }
      }
    }
  }
  void gather(const float* x, const RowBlock& b, float* patches) const {
    const auto bytes = static_cast<std::size_t>(s.group_in()) * sizeof(float);
    for_each_tap(b, [&](std::int64_t at, std::int64_t from) {
      if (from < 0) {
        std::memset(patches + at, 0, bytes);
      } else {
        std::memcpy(patches + at, x + from, bytes);
      }
    });
  }
  void scatter_add(const float* patches, const RowBlock& b, float* dx) const {
    for_each_tap(b, [&](std::int64_t at, std::int64_t to) {
      for (std::int64_t c = 0; to >= 0 && c < s.group_in(); ++c) dx[to + c] += patches[at + c];
    });
  }
};

// Patches are the image itself.
bool is_pointwise(const Conv2dShape& s) {
  return s.kernel_h == 1 && s.kernel_w == 1 && s.stride_h == 1 && s.stride_w == 1 &&
         s.pad_top == 0 && s.pad_left == 0 && s.out_h == s.in_h && s.out_w == s.in_w;
}

void product(const float* a, const float* b, float* c, const Epilogue<float>& e,
             const GemmShape& s) {
  pick(gemm_ladder<float>, s).function(a, b, c, e, s);
}

}  // namespace

void conv2d_im2col(const float* x, const float* w, float* y, const Epilogue<float>& e,
                   const Conv2dShape& s) {
  const std::int64_t in = s.group_in(), out = s.group_out();
  // Y[pixels, out] = P[pixels, depth] W[depth, out]
  GemmShape product_shape = gemm_shape(0, out, s.depth());
  product_shape.ldb = product_shape.ldc = s.out_c;
  const auto with_bias = [&](std::int64_t g) {
    return Epilogue<float>{e.bias != nullptr ? e.bias + g * out : nullptr, e.activation};
  };
  if (is_pointwise(s)) {
    product_shape.m = s.batch * s.in_h * s.in_w;
    product_shape.lda = s.in_c;
    for (std::int64_t g = 0; g < s.groups; ++g) {
      product(x + g * in, w + g * out, y + g * out, with_bias(g), product_shape);
    }
    return;
  }
  const Patches patches{s};
  const RowBlocks blocks(s.batch, s.out_h, patches.block_rows());
  parallel_for(blocks.count, 1, [&](std::int64_t first, std::int64_t last) {
    const FloatScratch matrix(blocks.largest() * patches.row_floats);
    for (std::int64_t i = first; i < last; ++i) {
      const RowBlock b = blocks[i];
      GemmShape shape = product_shape;
      shape.m = b.rows * s.out_w;
      float* const to = y + (b.image * s.out_h + b.row) * s.out_w * s.out_c;
      for (std::int64_t g = 0; g < s.groups; ++g) {
        patches.gather(x + g * in, b, matrix.data());
        product(matrix.data(), w + g * out, to + g * out, with_bias(g), shape);
      }
    }
  });
}

void conv2d_input_gradient_im2col(const float* dy, const float* w, float* dx,
                                  const Conv2dShape& s) {
  const std::int64_t in = s.group_in(), out = s.group_out();
  // dP[pixels, depth] = dY[pixels, out] W^T[out, depth]
  GemmShape product_shape = gemm_shape(0, s.depth(), out, false, true);
  product_shape.lda = product_shape.ldb = s.out_c;
  if (is_pointwise(s)) {
    product_shape.m = s.batch * s.in_h * s.in_w;
    product_shape.ldc = s.in_c;
    for (std::int64_t g = 0; g < s.groups; ++g) {
      product(dy + g * out, w + g * out, dx + g * in, {}, product_shape);
    }
    return;
  }
  const Patches patches{s};
  const RowBlocks blocks(s.batch, s.out_h, patches.block_rows());
  parallel_for(s.batch, 1,
               [&](std::int64_t first, std::int64_t last) {  // images: no two add to one
                 const FloatScratch matrix(blocks.largest() * patches.row_floats);
                 const std::int64_t image = s.in_h * s.in_w * s.in_c;
                 std::memset(dx + first * image, 0,
                             static_cast<std::size_t>((last - first) * image) * sizeof(float));
                 for (std::int64_t i = first * blocks.per_image; i < last * blocks.per_image; ++i) {
                   const RowBlock b = blocks[i];
                   GemmShape shape = product_shape;
                   shape.m = b.rows * s.out_w;
                   const float* const from = dy + (b.image * s.out_h + b.row) * s.out_w * s.out_c;
                   for (std::int64_t g = 0; g < s.groups; ++g) {
                     product(from + g * out, w + g * out, matrix.data(), {}, shape);
                     patches.scatter_add(matrix.data(), b, dx + g * in);
                   }
                 }
               });
}

void conv2d_weight_gradient_im2col(const float* x, const float* dy, float* dw,
                                   const Conv2dShape& s) {
  const std::int64_t in = s.group_in(), out = s.group_out();
  // dW[depth, out] = P^T[depth, pixels] dY[pixels, out]
  GemmShape product_shape = gemm_shape(s.depth(), out, 0, true);
  product_shape.ldb = product_shape.ldc = s.out_c;
  const bool pointwise = is_pointwise(s);
  if (pointwise) product_shape.lda = s.in_c;
  const Patches patches{s};
  const RowBlocks blocks(s.batch, s.out_h, patches.block_rows());
  sum_pieces(dw, s, blocks.count, 1,
             [&](std::int64_t first, std::int64_t last, std::int64_t, float* sums) {
               const FloatScratch matrix(pointwise ? 0 : blocks.largest() * patches.row_floats);
               for (std::int64_t i = first; i < last; ++i) {
                 const RowBlock b = blocks[i];
                 GemmShape shape = product_shape;
                 shape.k = b.rows * s.out_w;
                 shape.accumulate = i > first;
                 const std::int64_t pixel = (b.image * s.out_h + b.row) * s.out_w;
                 for (std::int64_t g = 0; g < s.groups; ++g) {
                   const float* a = matrix.data();
                   if (pointwise) {
                     a = x + pixel * s.in_c + g * in;
                   } else {
                     patches.gather(x + g * in, b, matrix.data());
                   }
                   product(a, dy + pixel * s.out_c + g * out, sums + g * out, {}, shape);
                 }
               }
             });
}

}  // namespace keratin::kernels::cpu
