#include "kernels/cuda/group.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/reduce/found.cuh"
#include "kernels/reduce/matches.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256, kOneBlock = 1024;
constexpr std::int64_t kMostParts = 1024, kFewScores = 16384;

// A warp a row: it matches where no other class comes before the label's. A block's count goes to
// parts[blockIdx.x], or to `count` where there are no others.
template <int kBlock, class I>
__global__ void __launch_bounds__(kBlock)
    matches_kernel(const float* x, const I* labels, std::int32_t* parts, float* count,
                   MatchesShape s) {
  constexpr int kWarps = kBlock / 32;
  KERATIN_SHARED(std::int32_t, of_warps, [kWarps]);
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  std::int32_t matches = 0;
  for (std::int64_t row = std::int64_t{blockIdx.x} * kWarps + warp; row < s.rows;
       row += std::int64_t{gridDim.x} * kWarps) {
    const auto label = static_cast<std::int64_t>(labels[row]);
    if (label < 0 || label >= s.classes) continue;  // of the whole warp
    const float* const from = x + row * s.classes;
    const Found<float> mine{from[label], label};
    int before = 0;
    for (std::int64_t c = lane; c < s.classes; c += 32)
      before += precedes(Found<float>{from[c], c}, mine, true) ? 1 : 0;
    if (over_group<32>(before, Add{}) == 0) ++matches;
  }
  if (lane == 0) of_warps[warp] = matches;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int i = 1; i < kWarps; ++i) matches += of_warps[i];
  if (parts != nullptr) {
    parts[blockIdx.x] = matches;
  } else {
    count[0] = static_cast<float>(matches);
  }
}

__global__ void __launch_bounds__(kThreads)
    matches_sum_kernel(const std::int32_t* parts, unsigned number, float* count) {
  std::int32_t sum = 0;
  for (unsigned i = threadIdx.x; i < number; i += kThreads) sum += parts[i];
  sum = over_group<kThreads>(sum, Add{});
  if (threadIdx.x == 0) count[0] = static_cast<float>(sum);
}

}  // namespace

bool matches_block_applies(const MatchesShape& s) { return s.rows * s.classes <= kFewScores; }

template <class I>
void matches_parts(const float* x, const I* labels, float* count, const MatchesShape& s,
                   const Stream& stream) {
  const unsigned number = blocks_for(std::max<std::int64_t>(s.rows, 1), kThreads / 32, kMostParts);
  const Scratch parts(std::int64_t{number} * std::int64_t{sizeof(std::int32_t)}, stream);
  auto* const counts = parts.as<std::int32_t>();
  constexpr auto kernel = matches_kernel<kThreads, I>;
  KERATIN_LAUNCH(kernel, number, kThreads, 0, stream, x, labels, counts, count, s);
  KERATIN_LAUNCH(matches_sum_kernel, 1, kThreads, 0, stream, counts, number, count);
}

template <class I>
void matches_block(const float* x, const I* labels, float* count, const MatchesShape& s,
                   const Stream& stream) {
  constexpr auto kernel = matches_kernel<kOneBlock, I>;
  KERATIN_LAUNCH(kernel, 1, kOneBlock, 0, stream, x, labels, static_cast<std::int32_t*>(nullptr),
                 count, s);
}

#define KERATIN_MATCHES(I)                                                                         \
  template void matches_parts(const float*, const I*, float*, const MatchesShape&, const Stream&); \
  template void matches_block(const float*, const I*, float*, const MatchesShape&, const Stream&);
KERATIN_MATCHES(float)
KERATIN_MATCHES(std::uint8_t)
KERATIN_MATCHES(std::int32_t)
KERATIN_MATCHES(std::int64_t)
#undef KERATIN_MATCHES

}  // namespace keratin::kernels::cuda
