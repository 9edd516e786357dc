#include "kernels/cuda/launch.cuh"

#include <string>

#include "kernels/device_run.h"
#include "kernels/error.h"

namespace keratin::kernels::cuda {

void check(cudaError_t code, const char* what, const char* file, int line) {
  if (code == cudaSuccess) return;
  cudaGetLastError();  // takes back what may be taken back
  const std::string op = kernels::detail::DeviceCall::current();
  throw Error((op.empty() ? std::string("cuda") : op) + ": " + what +
              " failed: " + cudaGetErrorName(code) + " (" + cudaGetErrorString(code) + ") at " +
              file + ":" + std::to_string(line) +
              ". A kernel fails later than its launch: run with KERATIN_CUDA_SYNC=1 to see which "
              "one it is.");
}

}  // namespace keratin::kernels::cuda
