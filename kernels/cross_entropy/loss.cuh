// What the GPU's rungs of cross-entropy share: each is written for a group of threads a row, and a
// group of one is the naive rung.
#pragma once

#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/softmax/row.cuh"

namespace keratin::kernels::cuda {

/// Of one row, max and ln sum exp(x - max) apart: the logarithm would be lost beside a huge max.
template <int kGroup>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    sparse_kernel(const float* x, const std::int32_t* labels, float* loss, CrossEntropyShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const float* const from = x + row * s.classes;
    const RowSums sums = row_sums<kGroup>(from, s.classes);
    const std::int32_t label = labels[row];
    if (Rows<kGroup>::place() == 0)
      loss[row] = label == s.ignore_class ? 0 : sums.max - from[label] + logf(sums.sum);
  });
}

template <int kGroup>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    sparse_gradient_kernel(const float* x, const std::int32_t* labels, const float* dloss,
                           float* dx, CrossEntropyShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const float* const from = x + row * s.classes;
    float* const to = dx + row * s.classes;
    const RowSums sums = row_sums<kGroup>(from, s.classes);
    const std::int32_t label = labels[row];
    const float g = dloss[row], scale = 1 / sums.sum;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.classes; c += kGroup) {
      const float probability = expf(from[c] - sums.max) * scale;
      to[c] = label == s.ignore_class ? 0 : g * (c == label ? probability - 1 : probability);
    }
  });
}

template <int kGroup>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    dense_kernel(const float* x, const float* t, float* loss, CrossEntropyShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const float *const from = x + row * s.classes, *const targets = t + row * s.classes;
    const RowSums sums = row_sums<kGroup>(from, s.classes);
    const float log_sum = logf(sums.sum);
    Chain<kGroup> sum = 0;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.classes; c += kGroup)
      if (targets[c] != 0) sum += targets[c] * (sums.max - from[c] + log_sum);
    const float all = over_group<kGroup>(static_cast<float>(sum), Add{});
    if (Rows<kGroup>::place() == 0) loss[row] = all;
  });
}

template <int kGroup>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    dense_gradient_kernel(const float* x, const float* t, const float* dloss, float* dx,
                          CrossEntropyShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const float *const from = x + row * s.classes, *const targets = t + row * s.classes;
    float* const to = dx + row * s.classes;
    const RowSums sums = row_sums<kGroup>(from, s.classes);
    Chain<kGroup> sum = 0;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.classes; c += kGroup) sum += targets[c];
    const float total = over_group<kGroup>(static_cast<float>(sum), Add{});
    const float g = dloss[row], scale = total / sums.sum;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.classes; c += kGroup)
      to[c] = g * (expf(from[c] - sums.max) * scale - targets[c]);
  });
}

template <int kGroup>
void sparse_loss(const float* x, const std::int32_t* labels, float* loss,
                 const CrossEntropyShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = sparse_kernel<kGroup>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, labels,
                 loss, s);
}
template <int kGroup>
void sparse_gradient(const float* x, const std::int32_t* labels, const float* dloss, float* dx,
                     const CrossEntropyShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = sparse_gradient_kernel<kGroup>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, labels,
                 dloss, dx, s);
}
template <int kGroup>
void dense_loss(const float* x, const float* t, float* loss, const CrossEntropyShape& s,
                const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = dense_kernel<kGroup>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, t,
                 loss, s);
}
template <int kGroup>
void dense_gradient(const float* x, const float* t, const float* dloss, float* dx,
                    const CrossEntropyShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = dense_gradient_kernel<kGroup>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, t,
                 dloss, dx, s);
}

}  // namespace keratin::kernels::cuda
