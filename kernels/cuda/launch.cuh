// Launches from host code, each checked.
#pragma once

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

}  // namespace keratin::kernels::cuda
