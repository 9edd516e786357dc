// The operands of each task, made in one order by all who take part, so that all compute the same.
#pragma once

#include <algorithm>

#include "bench/race/peers.h"

namespace keratin::bench {

struct GemmOperands {
  const float *a, *b;
  float* c;
};
inline GemmOperands gemm_operands(Buffers& buffers, const kernels::GemmShape& s) {
  return {.a = buffers.input<float>(s.m * s.k),
          .b = buffers.input<float>(s.k * s.n),
          .c = buffers.output<float>(s.m * s.n)};
}

/// forward: x, w, bias -> y; input gradient: dy, w -> dx; weight gradient: x, dy -> dw.
struct ConvOperands {
  const float *x, *w, *bias, *dy;
  float* out;
};
inline ConvOperands conv_operands(Buffers& b, const kernels::Conv2dShape& s, ConvPass pass) {
  ConvOperands o{};
  if (pass != ConvPass::input_gradient) o.x = b.input<float>(s.in_size());
  if (pass != ConvPass::weight_gradient) o.w = b.input<float>(s.weight_size(), 0.1);
  if (pass == ConvPass::forward) o.bias = b.input<float>(s.out_c);
  if (pass != ConvPass::forward) o.dy = b.input<float>(s.out_size());
  o.out = b.output<float>(pass == ConvPass::forward          ? s.out_size()
                          : pass == ConvPass::input_gradient ? s.in_size()
                                                             : s.weight_size());
  return o;
}

/// forward: x -> out (y); gradient: x, dy -> out (dx).
struct PoolOperands {
  const float *x, *dy;
  float* out;
};
inline PoolOperands pool_operands(Buffers& b, const kernels::Pool2dShape& s, bool gradient) {
  PoolOperands o{.x = b.input<float>(s.in_size()), .dy = nullptr, .out = nullptr};
  if (gradient) o.dy = b.input<float>(s.out_size());
  o.out = b.output<float>(gradient ? s.in_size() : s.out_size());
  return o;
}

/// forward: x -> out; gradient: x (the result of forward), dy -> out.
struct SoftmaxOperands {
  const float *x, *dy;
  float* out;
};
inline SoftmaxOperands softmax_operands(Buffers& b, const kernels::SoftmaxShape& s, bool gradient) {
  SoftmaxOperands o{
      .x = b.input<float>(s.rows * s.cols, gradient ? 0.01 : 1), .dy = nullptr, .out = nullptr};
  if (gradient) o.dy = b.input<float>(s.rows * s.cols);
  o.out = b.output<float>(s.rows * s.cols);
  return o;
}

/// Of `lines` means: channels of batch normalization, rows of layer normalization. forward: x,
/// gamma, beta -> out; mean and variance (or what is made of it) are by-products. gradient: x, dy,
/// mean, variance, gamma -> out, dgamma, dbeta.
struct NormOperands {
  const float *x, *dy, *gamma, *beta;
  float *mean, *variance;
  float *out, *dgamma, *dbeta;
};
inline NormOperands norm_operands(Buffers& b, std::int64_t size, std::int64_t lines,
                                  std::int64_t weights, bool gradient) {
  NormOperands o{};
  o.x = b.input<float>(size);
  if (gradient) o.dy = b.input<float>(size);
  o.gamma = b.input<float>(weights);
  if (!gradient) o.beta = b.input<float>(weights);
  o.mean = b.scratch<float>(lines);
  o.variance = b.scratch<float>(lines);
  std::fill_n(o.variance, lines, 1.0f);  // what x has, about
  o.out = b.output<float>(size);
  if (gradient) o.dgamma = b.output<float>(weights);
  if (gradient) o.dbeta = b.output<float>(weights);
  return o;
}

/// relu: x -> y; its gradient: x (the result), dy -> y; add: x, dy -> y.
struct ElementOperands {
  const float *x, *dy;
  float* y;
};
inline ElementOperands element_operands(Buffers& b, std::int64_t size, bool two) {
  ElementOperands o{.x = b.input<float>(size), .dy = nullptr, .y = nullptr};
  if (two) o.dy = b.input<float>(size);
  o.y = b.output<float>(size);
  return o;
}

}  // namespace keratin::bench
