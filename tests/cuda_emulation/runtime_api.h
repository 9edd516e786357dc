// What the library's host code uses of CUDA's runtime: one device, cuda:0, whose memory is the
// host's. Launches and copies are done when the call returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tests/cuda_emulation/engine.h"

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorInvalidDevice = 101,
  cudaErrorLaunchFailure = 719,
};
enum cudaMemcpyKind {
  cudaMemcpyHostToHost,
  cudaMemcpyHostToDevice,
  cudaMemcpyDeviceToHost,
  cudaMemcpyDeviceToDevice,
  cudaMemcpyDefault
};
enum cudaMemPoolAttr {
  cudaMemPoolAttrReleaseThreshold = 4,
  cudaMemPoolAttrReservedMemCurrent = 5,
  cudaMemPoolAttrUsedMemCurrent = 7
};
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
inline constexpr unsigned cudaStreamNonBlocking = 1;

using cudaStream_t = struct CUstream_st*;
using cudaMemPool_t = struct CUmemPoolHandle_st*;
struct cudaDeviceProp {
  char name[256];
  int major, minor, multiProcessorCount;
  std::size_t totalGlobalMem, sharedMemPerBlockOptin;
};

cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();
const char* cudaGetErrorName(cudaError_t code);
const char* cudaGetErrorString(cudaError_t code);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t stream);
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device);
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value);
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value);
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, std::size_t keep);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream);

namespace cuda_emulation {

/// What the emulated machine is: for tests of errors.
struct Machine {
  int devices = 1;
  int driver_version = 13000;  // 0: no driver
  std::size_t memory = std::size_t{4} << 30;
};
void set_machine(Machine machine);

/// False, with the last error set, where CUDA would refuse the launch.
bool accepts(dim3 grid, dim3 block, std::size_t dynamic_shared, const void* kernel);
void allow_shared(const void* kernel, std::size_t bytes);
void launch_failed();

/// kernel<<<grid, block, shared, stream>>>(arguments...)
template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
            std::size_t shared, cudaStream_t, const Arguments&... arguments) {
  if (!accepts(grid, block, shared, reinterpret_cast<const void*>(kernel))) return;
  const auto call = [kernel, copies = std::tuple<std::decay_t<Parameters>...>(
                                 arguments...)]() mutable { std::apply(kernel, copies); };
  using Call = std::remove_const_t<decltype(call)>;
  const auto body = [](const void* pointer) {
    Call mine = *static_cast<const Call*>(pointer);  // a thread's parameters are its own
    mine();
  };
  if (!run_blocks(name, grid, block, shared, body, &call)) launch_failed();
}

}  // namespace cuda_emulation

template <class... Parameters>
cudaError_t cudaFuncSetAttribute(void (*kernel)(Parameters...), cudaFuncAttribute, int bytes) {
  if (static_cast<std::size_t>(bytes) > cuda_emulation::kMaxShared) return cudaErrorInvalidValue;
  cuda_emulation::allow_shared(reinterpret_cast<const void*>(kernel),
                               static_cast<std::size_t>(bytes));
  return cudaSuccess;
}
