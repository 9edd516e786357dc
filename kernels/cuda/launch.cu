#include "kernels/cuda/launch.cuh"

#include <string>

#include "kernels/error.h"

namespace keratin::kernels::cuda {

void check(cudaError_t code, const char* what, const char* file, int line) {
  if (code == cudaSuccess) return;
  cudaGetLastError();  // takes back what may be taken back
  throw Error(std::string("cuda: ") + what + " failed: " + cudaGetErrorName(code) + " (" +
              cudaGetErrorString(code) + ") at " + file + ":" + std::to_string(line));
}

}  // namespace keratin::kernels::cuda
