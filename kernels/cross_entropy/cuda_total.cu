#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/softmax/row.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256, kOneBlock = 1024;
constexpr std::int64_t kMostParts = 1024, kFewScores = 16384;

// A block's part of the sum, in double; kGroup threads a row. It goes to parts[blockIdx.x], or,
// scaled, to `loss` where there are no others.
template <int kGroup, int kBlock, class T>
__global__ void __launch_bounds__(kBlock) part_kernel(const T* x, const std::int32_t* labels,
                                                      double* parts, T* loss, CrossEntropyShape s) {
  constexpr int kGroups = kBlock / kGroup;
  KERATIN_SHARED(double, of_groups, [kGroups]);
  const int group = static_cast<int>(threadIdx.x) / kGroup;
  double sum = 0;
  for (std::int64_t row = std::int64_t{blockIdx.x} * kGroups + group; row < s.rows;
       row += std::int64_t{gridDim.x} * kGroups) {
    const T* const from = x + row * s.classes;
    const RowSums<T> sums = row_sums<kGroup>(from, s.classes);
    const std::int32_t label = labels[row];
    if (label != s.ignore_class)
      sum += static_cast<double>(sums.max - from[label] + std::log(sums.sum));
  }
  if (threadIdx.x % kGroup == 0) of_groups[group] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int i = 1; i < kGroups; ++i) sum += of_groups[i];
  if (parts != nullptr) {
    parts[blockIdx.x] = sum;
  } else {
    loss[0] = static_cast<T>(sum * s.scale);
  }
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    sum_kernel(const double* parts, unsigned count, T* loss, double scale) {
  double sum = 0;
  for (unsigned i = threadIdx.x; i < count; i += kThreads) sum += parts[i];
  sum = over_group<kThreads>(sum, Add{});
  if (threadIdx.x == 0) loss[0] = static_cast<T>(sum * scale);
}

template <int kGroup, class T>
void launch_parts(const T* x, const std::int32_t* labels, T* loss, const CrossEntropyShape& s,
                  const Stream& stream) {
  const unsigned count =
      blocks_for(std::max<std::int64_t>(s.rows, 1), kThreads / kGroup, kMostParts);
  const Scratch parts(std::int64_t{count} * static_cast<std::int64_t>(sizeof(double)), stream);
  constexpr auto kernel = part_kernel<kGroup, kThreads, T>;
  KERATIN_LAUNCH(kernel, count, kThreads, 0, stream, x, labels, parts.template as<double>(), loss,
                 s);
  constexpr auto sum = sum_kernel<T>;
  KERATIN_LAUNCH(sum, 1, kThreads, 0, stream, parts.template as<double>(), count, loss, s.scale);
}

}  // namespace

bool sparse_cross_entropy_total_block_applies(const CrossEntropyShape& s) {
  return s.rows * s.classes <= kFewScores && s.classes < kLongRow;
}

template <class T>
void sparse_cross_entropy_total_parts(const T* x, const std::int32_t* labels, T* loss,
                                      const CrossEntropyShape& s, const Stream& stream) {
  if (s.classes >= kLongRow) {
    launch_parts<kThreads>(x, labels, loss, s, stream);
  } else {
    launch_parts<32>(x, labels, loss, s, stream);
  }
}

template <class T>
void sparse_cross_entropy_total_block(const T* x, const std::int32_t* labels, T* loss,
                                      const CrossEntropyShape& s, const Stream& stream) {
  constexpr auto kernel = part_kernel<32, kOneBlock, T>;
  KERATIN_LAUNCH(kernel, 1, kOneBlock, 0, stream, x, labels, static_cast<double*>(nullptr), loss,
                 s);
}

#define KERATIN_CROSS_ENTROPY_TOTAL(T)                                                     \
  template void sparse_cross_entropy_total_parts(const T*, const std::int32_t*, T*,        \
                                                 const CrossEntropyShape&, const Stream&); \
  template void sparse_cross_entropy_total_block(const T*, const std::int32_t*, T*,        \
                                                 const CrossEntropyShape&, const Stream&);
KERATIN_CROSS_ENTROPY_TOTAL(float)
KERATIN_CROSS_ENTROPY_TOTAL(double)
#undef KERATIN_CROSS_ENTROPY_TOTAL

}  // namespace keratin::kernels::cuda
