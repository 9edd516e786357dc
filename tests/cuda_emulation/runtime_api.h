// What the library's host code uses of CUDA's runtime: one device, cuda:0, whose memory is the
// host's. Launches are done when the call returns; copies out of pinned memory at the latest time
// that hardware allows, when their stream, or one that waits for it, needs them. A stream that
// captures (graphs.cpp) notes both, with their arguments, and refuses what CUDA refuses; also nodes
// of memory and events, which CUDA would take.
#pragma once

#define CUDART_VERSION 13000

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
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchOutOfResources = 701,
  cudaErrorLaunchTimeout = 702,
  cudaErrorHardwareStackError = 714,
  cudaErrorIllegalInstruction = 715,
  cudaErrorMisalignedAddress = 716,
  cudaErrorInvalidAddressSpace = 717,
  cudaErrorInvalidPc = 718,
  cudaErrorLaunchFailure = 719,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorStreamCaptureInvalidated = 901,
  cudaErrorStreamCaptureUnmatched = 903,
  cudaErrorStreamCaptureWrongThread = 908,
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
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
enum cudaDeviceAttr {
  cudaDevAttrComputeCapabilityMajor = 75,
  cudaDevAttrComputeCapabilityMinor = 76
};
enum cudaDriverEntryPointQueryResult {
  cudaDriverEntryPointSuccess,
  cudaDriverEntryPointSymbolNotFound
};
inline constexpr unsigned long long cudaEnableDefault = 0;
inline constexpr unsigned cudaStreamNonBlocking = 1;
inline constexpr unsigned cudaEventDisableTiming = 2;

using cudaStream_t = struct CUstream_st*;
using cudaEvent_t = struct CUevent_st*;
using cudaMemPool_t = struct CUmemPoolHandle_st*;
using cudaGraph_t = struct CUgraph_st*;
using cudaGraphExec_t = struct CUgraphExec_st*;
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
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned version,
                                             unsigned long long flags,
                                             cudaDriverEntryPointQueryResult* found);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaMallocHost(void** memory, std::size_t bytes);
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
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* work, cudaGraph_t graph,
                                 unsigned long long flags);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphLaunch(cudaGraphExec_t work, cudaStream_t stream);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t work);

namespace cuda_emulation {

/// What the emulated machine is: for tests of errors.
struct Machine {
  int devices = 1;
  int driver_version = 13000;  // 0: no driver
  int major = 9, minor = 0;    // compute capability
  bool tensor_maps = true;     // has the driver cuTensorMapEncodeTiled?
  std::size_t memory = std::size_t{4} << 30;
};
void set_machine(Machine machine);
/// The launch after `passed` more does nothing but fail so. Where the code is that of a fault of the
/// GPU, all that waits for it fails too, until mend().
void fail_launch(cudaError_t code, int passed = 0);
void mend();
/// How often the CPU has waited for a stream.
std::int64_t waits();
/// Kernels that were launched by themselves, and graphs.
std::int64_t launches();
std::int64_t graph_launches();
/// Graphs that are there to be launched.
std::int64_t living_graphs();

/// False, with the last error set, where CUDA would refuse the launch.
bool accepts(dim3 grid, dim3 block, std::size_t dynamic_shared, const void* kernel);
void allow_shared(const void* kernel, std::size_t bytes);
void launch_failed();
/// Does what is late in this stream.
void catch_up(cudaStream_t stream);
void count_launch();

/// Does this stream capture?
bool captures(cudaStream_t stream);
/// Notes work instead of doing it.
void note(cudaStream_t stream, std::function<void()> work);
/// Where the stream captures: the capture is spoilt, and the call's error is this one.
cudaError_t refused(cudaStream_t stream);
/// The same for calls that this thread may not make while it captures into any stream.
cudaError_t refused_on_this_thread();
void set_last_error(cudaError_t code);

/// kernel<<<grid, block, shared, stream>>>(arguments...)
template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
            std::size_t shared, cudaStream_t stream, const Arguments&... arguments) {
  if (!captures(stream)) catch_up(stream);
  if (!accepts(grid, block, shared, reinterpret_cast<const void*>(kernel))) return;
  const auto call = [kernel, copies = std::tuple<std::decay_t<Parameters>...>(
                                 arguments...)]() mutable { std::apply(kernel, copies); };
  using Call = std::remove_const_t<decltype(call)>;
  const auto body = [](const void* pointer) {
    Call mine = *static_cast<const Call*>(pointer);  // a thread's parameters are its own
    mine();
  };
  const auto work = [=] {
    if (!run_blocks(name, grid, block, shared, body, &call)) launch_failed();
  };
  if (captures(stream)) return note(stream, work);
  count_launch();
  work();
}

}  // namespace cuda_emulation

template <class... Parameters>
cudaError_t cudaFuncSetAttribute(void (*kernel)(Parameters...), cudaFuncAttribute, int bytes) {
  if (static_cast<std::size_t>(bytes) > cuda_emulation::kMaxShared) return cudaErrorInvalidValue;
  cuda_emulation::allow_shared(reinterpret_cast<const void*>(kernel),
                               static_cast<std::size_t>(bytes));
  return cudaSuccess;
}
