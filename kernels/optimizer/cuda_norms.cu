#include "kernels/optimizer/step.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kPiece = 4096;  // elements a block takes, or more of a large tensor
constexpr std::int64_t kMostPieces = 1024;

// lamb's sums of squares, of a weight and of its direction.
struct Squares {
  double w, u;
};

// Both sums over the block, for its first thread.
__device__ __forceinline__ Squares over_block(Squares mine) {
  KERATIN_SHARED(Squares, values, [kThreads]);
  const int thread = static_cast<int>(threadIdx.x);
  values[thread] = mine;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (thread < half) {
      values[thread].w += values[thread + half].w;
      values[thread].u += values[thread + half].u;
    }
    __syncthreads();
  }
  return values[0];
}

template <class T>
__device__ __forceinline__ T decayed(const UpdatedTensor<T>& t, std::int64_t i,
                                     const Constants<T>& s) {
  return t.w[i] - t.w[i] * s.decay;
}

template <class T>
__device__ __forceinline__ T direction(T m, T v, const Constants<T>& s) {
  return s.mean_share * m / (std::sqrt(s.square_scale * v) + s.epsilon);
}

// The moments, and the squares of a piece.
template <class T>
__global__ void __launch_bounds__(kThreads)
    moments_kernel(UpdatedTensor<T> t, Constants<T> given, Squares* parts, std::int64_t piece) {
  const Constants<T> s = given.now();
  const std::int64_t first = blockIdx.x * piece;
  const std::int64_t last = first + piece < t.size ? first + piece : t.size;
  Squares sum{0, 0};
  for (std::int64_t i = first + threadIdx.x; i < last; i += kThreads) {
    const T g = t.g[i] * s.gradient_scale;
    const T m = t.slots[0][i] + (g - t.slots[0][i]) * s.one_minus_beta_1;
    const T v = t.slots[1][i] + (g * g - t.slots[1][i]) * s.one_minus_beta_2;
    t.slots[0][i] = m;
    t.slots[1][i] = v;
    const auto w = static_cast<double>(decayed(t, i, s)),
               u = static_cast<double>(direction(m, v, s));
    sum.w += w * w;
    sum.u += u * u;
  }
  sum = over_block(sum);
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

// The step. Every block adds up all parts, in the same order.
template <class T>
__global__ void __launch_bounds__(kThreads)
    step_kernel(UpdatedTensor<T> t, Constants<T> given, const Squares* parts, std::int64_t pieces) {
  const Constants<T> s = given.now();
  Squares sum{0, 0};
  for (std::int64_t p = threadIdx.x; p < pieces; p += kThreads) {
    sum.w += parts[p].w;
    sum.u += parts[p].u;
  }
  sum = over_block(sum);
  const double ratio = sum.w > 0 && sum.u > 0 ? sqrt(sum.w) / sqrt(sum.u) : 1;
  const T rate = s.learning_rate * static_cast<T>(ratio);
  const std::int64_t step_size = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < t.size;
       i += step_size)
    store_weight(t, i, decayed(t, i, s) - rate * direction(t.slots[0][i], t.slots[1][i], s));
}

}  // namespace

bool update_norms_applies(const UpdateShape& s) { return s.update == Update::lamb; }

template <class T>
void update_norms(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s,
                  const Stream& stream) {
  const Constants<T> constants(s);
  constexpr auto moments = moments_kernel<T>;
  constexpr auto step = step_kernel<T>;
  const Scratch between(kMostPieces * std::int64_t{sizeof(Squares)}, stream);
  auto* const parts = between.as<Squares>();
  for (const UpdatedTensor<T>& tensor : tensors) {
    if (tensor.size == 0) continue;
    std::int64_t pieces = std::min((tensor.size + kPiece - 1) / kPiece, kMostPieces);
    const std::int64_t piece = (tensor.size + pieces - 1) / pieces;
    pieces = (tensor.size + piece - 1) / piece;
    KERATIN_LAUNCH(moments, static_cast<unsigned>(pieces), kThreads, 0, stream, tensor, constants,
                   parts, piece);
    KERATIN_LAUNCH(step, static_cast<unsigned>(pieces), kThreads, 0, stream, tensor, constants,
                   parts, pieces);
  }
}

template void update_norms(std::span<const UpdatedTensor<float>>, const UpdateShape&,
                           const Stream&);
template void update_norms(std::span<const UpdatedTensor<double>>, const UpdateShape&,
                           const Stream&);

}  // namespace keratin::kernels::cuda
