#include "kernels/cuda/launch.cuh"

#include <mutex>
#include <string>
#include <unordered_map>

#include "kernels/accelerator.h"
#include "kernels/device_run.h"
#include "kernels/error.h"

namespace keratin::kernels::cuda {
namespace {

// After these all that the process asks of the GPU fails.
bool is_device_fault(cudaError_t code) {
  switch (code) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
      return true;
    default:
      return false;
  }
}

// Of a stream that captures: nothing is lost but the capture.
bool is_of_a_capture(cudaError_t code) {
  return code >= cudaErrorStreamCaptureUnsupported && code <= cudaErrorStreamCaptureWrongThread;
}

}  // namespace

Accelerator& runtime();  // runtime.cu

Scratch::Scratch(std::int64_t bytes, const Stream& stream)
    : device_(stream.device),
      memory_(runtime().allocate(static_cast<std::size_t>(bytes), stream.device)) {}
Scratch::~Scratch() { runtime().free(memory_, device_); }

int multiprocessors(const Stream& stream) {
  static std::mutex mutex;
  static std::unordered_map<int, int> known;
  const std::lock_guard lock(mutex);
  const auto [place, is_new] = known.try_emplace(stream.device, 0);
  if (is_new) place->second = runtime().properties(stream.device).multiprocessors;
  return place->second;
}

void check(cudaError_t code, const char* what, const char* file, int line) {
  if (code == cudaSuccess) return;
  cudaGetLastError();  // takes back what may be taken back
  const std::string op = kernels::detail::DeviceCall::current();
  if (is_of_a_capture(code)) {
    throw CaptureError((op.empty() ? std::string("cuda") : op) + ": " + what +
                       " cannot be captured: " + cudaGetErrorName(code));
  }
  throw Error((op.empty() ? std::string("cuda") : op) + ": " + what +
              " failed: " + cudaGetErrorName(code) + " (" + cudaGetErrorString(code) + ") at " +
              file + ":" + std::to_string(line) +
              ". A kernel fails later than its launch: run with KERATIN_CUDA_SYNC=1 to see which "
              "one it is." +
              (is_device_fault(code)
                   ? " The GPU is lost to this process: end it, and start again from a backup."
                   : ""));
}

}  // namespace keratin::kernels::cuda
