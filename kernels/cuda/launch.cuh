// Launches from host code, each checked.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/device.cuh"
#include "kernels/stream.h"

/// KERATIN_LAUNCH(kernel, grid, block, shared_bytes, stream, arguments...). Throws Error, which
/// names the kernel and its place. A kernel that is a template goes into a constant first.
#define KERATIN_LAUNCH(kernel, grid, block, shared, stream, ...)                                \
  do {                                                                                          \
    KERATIN_RAW_LAUNCH(kernel, grid, block, shared, static_cast<cudaStream_t>((stream).handle), \
                       __VA_ARGS__);                                                            \
    ::keratin::kernels::cuda::check(cudaPeekAtLastError(), #kernel, __FILE__, __LINE__);        \
  } while (false)

namespace keratin::kernels::cuda {

/// Throws Error unless `code` is cudaSuccess; `what` failed.
void check(cudaError_t code, const char* what, const char* file, int line);

/// Blocks of `threads` for `work` items, at most `most`: kernels loop over the rest.
inline unsigned blocks_for(std::int64_t work, int threads, std::int64_t most = 65535) {
  return static_cast<unsigned>(std::min((work + threads - 1) / threads, most));
}

}  // namespace keratin::kernels::cuda
