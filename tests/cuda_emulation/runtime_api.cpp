#include "tests/cuda_emulation/runtime_api.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace {

std::mutex mutex;
cuda_emulation::Machine machine;
std::map<const void*, std::size_t>& shared_limits() {
  static auto* const limits = new std::map<const void*, std::size_t>;
  return *limits;
}
std::map<void*, std::size_t>& allocations() {
  static auto* const living = new std::map<void*, std::size_t>;
  return *living;
}
std::size_t used = 0;
thread_local cudaError_t last_error = cudaSuccess;

cudaError_t result(cudaError_t code) {
  if (code != cudaSuccess) last_error = code;
  return code;
}

}  // namespace

namespace cuda_emulation {

void set_machine(Machine wanted) {
  const std::lock_guard lock(mutex);
  machine = wanted;
}

void allow_shared(const void* kernel, std::size_t bytes) {
  const std::lock_guard lock(mutex);
  shared_limits()[kernel] = bytes;
}

bool accepts(dim3 grid, dim3 block, std::size_t dynamic_shared, const void* kernel) {
  const std::lock_guard lock(mutex);
  const auto allowed = shared_limits().find(kernel);
  const std::size_t limit = allowed == shared_limits().end() ? kMaxStaticShared : allowed->second;
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  const bool fits = grid.x >= 1 && grid.y >= 1 && grid.z >= 1 && grid.x <= 0x7fffffffU &&
                    grid.y <= 65535 && grid.z <= 65535 && threads >= 1 && threads <= 1024 &&
                    block.z <= 64 && dynamic_shared <= limit;
  if (!fits) last_error = cudaErrorInvalidConfiguration;
  return fits;
}

void launch_failed() { last_error = cudaErrorLaunchFailure; }

}  // namespace cuda_emulation

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last_error; }
const char* cudaGetErrorName(cudaError_t code) {
  switch (code) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
  }
  return "unknown";
}
const char* cudaGetErrorString(cudaError_t code) {
  if (code != cudaErrorLaunchFailure) return cudaGetErrorName(code);
  static thread_local std::string text;
  text = "unspecified launch failure";
  for (const std::string& report : cuda_emulation::take_reports()) text += "\n" + report;
  return text.c_str();
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = machine.driver_version;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  if (machine.driver_version < 13000) return result(cudaErrorInsufficientDriver);
  if (machine.devices == 0) return result(cudaErrorNoDevice);
  *count = machine.devices;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= machine.devices) return result(cudaErrorInvalidDevice);
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "emulated GPU");
  properties->major = 9;
  properties->multiProcessorCount = 4;
  properties->totalGlobalMem = machine.memory;
  properties->sharedMemPerBlockOptin = cuda_emulation::kMaxShared;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  return device >= 0 && device < machine.devices ? cudaSuccess : result(cudaErrorInvalidDevice);
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  static char streams[64];
  static int made = 0;
  *stream = reinterpret_cast<cudaStream_t>(&streams[made++ % 64]);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) { return last_error; }

cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t) {
  const std::lock_guard lock(mutex);
  if (bytes > machine.memory - used) return result(cudaErrorMemoryAllocation);
  // Exactly as many bytes as asked for, so that ASan sees the first one past them.
  *memory = ::operator new(bytes, std::align_val_t(256));
  std::memset(*memory, 0xFF, bytes);
  allocations()[*memory] = bytes;
  used += bytes;
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t) {
  const std::lock_guard lock(mutex);
  const auto found = allocations().find(memory);
  if (found == allocations().end()) return result(cudaErrorInvalidValue);
  used -= found->second;
  allocations().erase(found);
  ::operator delete(memory, std::align_val_t(256));
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const std::lock_guard lock(mutex);
  *free = machine.memory - used;
  *total = machine.memory;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  static char the_pool;
  *pool = reinterpret_cast<cudaMemPool_t>(&the_pool);
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void* value) {
  const std::lock_guard lock(mutex);
  *static_cast<std::uint64_t*>(value) = used;
  return cudaSuccess;
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) { return cudaSuccess; }
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t) {
  std::memmove(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t) {
  std::memset(to, value, bytes);
  return cudaSuccess;
}
