#include "kernels/optimizer/step.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;
// Tensors a launch, so that what describes them fits into a kernel's 4 KiB of parameters.
constexpr std::size_t kTogether = 48;
constexpr std::int64_t kPiece = 4096;  // elements a block takes at a time

// Four blocks a multiprocessor: left alone, nvcc holds to 40 registers, and some rules spill.
template <Update update, class T>
__global__ void __launch_bounds__(kThreads, 4)
    update_kernel(UpdatedTensor<T> t, Constants<T> given) {
  const Constants<T> constants = given.now();
  const std::int64_t step_size = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < t.size;
       i += step_size)
    step<update>(t, i, constants);
}

template <class T>
struct Together {
  UpdatedTensor<T> tensors[kTogether];
  std::int64_t first_piece[kTogether];  // of each tensor, among all pieces
  int count;
  std::int64_t pieces;
};

template <Update update, class T>
__global__ void __launch_bounds__(kThreads, 4)
    together_kernel(Together<T> all, Constants<T> given) {
  const Constants<T> constants = given.now();
  for (std::int64_t piece = blockIdx.x; piece < all.pieces; piece += gridDim.x) {
    int k = all.count - 1;
    while (all.first_piece[k] > piece) --k;
    const std::int64_t first = (piece - all.first_piece[k]) * kPiece;
    const std::int64_t left = all.tensors[k].size - first;
    const std::int64_t last = first + (left < kPiece ? left : kPiece);
    for (std::int64_t i = first + threadIdx.x; i < last; i += kThreads)
      step<update>(all.tensors[k], i, constants);
  }
}

}  // namespace

bool update_applies(const UpdateShape& s) { return s.update != Update::lamb; }

template <class T>
void update_naive(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s,
                  const Stream& stream) {
  const Constants<T> constants(s);
  with_constant<Update::ftrl>(s.update, [&]<Update update>() {
    constexpr auto kernel = update_kernel<update, T>;
    for (const UpdatedTensor<T>& tensor : tensors) {
      if (tensor.size == 0) continue;
      KERATIN_LAUNCH(kernel, blocks_for(tensor.size, kThreads), kThreads, 0, stream, tensor,
                     constants);
    }
  });
}

template <class T>
void update_together(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s,
                     const Stream& stream) {
  const Constants<T> constants(s);
  with_constant<Update::ftrl>(s.update, [&]<Update update>() {
    constexpr auto kernel = together_kernel<update, T>;
    Together<T> all{};
    const auto launch = [&] {
      if (all.pieces > 0)
        KERATIN_LAUNCH(kernel, blocks_for(all.pieces, 1), kThreads, 0, stream, all, constants);
      all = {};
    };
    for (const UpdatedTensor<T>& tensor : tensors) {
      if (tensor.size == 0) continue;
      all.tensors[all.count] = tensor;
      all.first_piece[all.count++] = all.pieces;
      all.pieces += (tensor.size + kPiece - 1) / kPiece;
      if (all.count == static_cast<int>(kTogether)) launch();
    }
    launch();
  });
}

template void update_naive(std::span<const UpdatedTensor<float>>, const UpdateShape&,
                           const Stream&);
template void update_naive(std::span<const UpdatedTensor<double>>, const UpdateShape&,
                           const Stream&);
template void update_together(std::span<const UpdatedTensor<float>>, const UpdateShape&,
                              const Stream&);
template void update_together(std::span<const UpdatedTensor<double>>, const UpdateShape&,
                              const Stream&);

}  // namespace keratin::kernels::cuda
