#include "tests/cuda_emulation/runtime_api.h"
#include "tests/cuda_emulation/graphs.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>

#include "tests/cuda_emulation/tensor_map.h"

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
bool is_on_device(const void* memory) {
  const auto* const at = static_cast<const char*>(memory);
  auto block = allocations().upper_bound(const_cast<void*>(memory));
  return block != allocations().begin() &&
         at < static_cast<const char*>((--block)->first) + block->second;
}

// Copies out of pinned memory that a stream has yet to do. An event is the number of those that its
// stream had got when it was recorded.
struct LateCopy {
  void* to;
  const void* from;
  std::size_t bytes;
};
struct LateStream {
  std::deque<LateCopy> copies;
  std::uint64_t done = 0;
  void catch_up_to(std::uint64_t count) {
    for (; done < count && !copies.empty(); ++done) {
      std::memmove(copies.front().to, copies.front().from, copies.front().bytes);
      copies.pop_front();
    }
  }
  std::uint64_t got() const { return done + copies.size(); }
};
std::map<cudaStream_t, LateStream>& late() {
  static auto* const streams = new std::map<cudaStream_t, LateStream>;
  return *streams;
}
std::map<const char*, std::size_t>& pinned() {
  static auto* const blocks = new std::map<const char*, std::size_t>;
  return *blocks;
}
bool is_pinned(const void* memory) {
  const auto* const at = static_cast<const char*>(memory);
  auto block = pinned().upper_bound(at);
  return block != pinned().begin() && at < (--block)->first + block->second;
}

thread_local cudaError_t last_error = cudaSuccess;
cudaError_t to_fail = cudaSuccess, faulted = cudaSuccess;
int passed_before = 0;
std::atomic<std::int64_t> waited = 0, launched = 0;

cudaError_t result(cudaError_t code) {
  if (code != cudaSuccess) last_error = code;
  return code;
}

}  // namespace

struct CUevent_st {
  cudaStream_t stream = nullptr;
  std::uint64_t got = 0;
};

namespace cuda_emulation {

void catch_up(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  LateStream& one = late()[stream];
  one.catch_up_to(one.got());
}

void set_machine(Machine wanted) {
  const std::lock_guard lock(mutex);
  machine = wanted;
}

void fail_launch(cudaError_t code, int passed) {
  const std::lock_guard lock(mutex);
  to_fail = code;
  passed_before = passed;
}
void mend() {
  const std::lock_guard lock(mutex);
  faulted = last_error = cudaSuccess;
}

std::int64_t waits() { return waited; }
std::int64_t launches() { return launched; }
void count_launch() { ++launched; }
void set_last_error(cudaError_t code) { last_error = code; }

void allow_shared(const void* kernel, std::size_t bytes) {
  const std::lock_guard lock(mutex);
  shared_limits()[kernel] = bytes;
}

bool accepts(dim3 grid, dim3 block, std::size_t dynamic_shared, const void* kernel) {
  const std::lock_guard lock(mutex);
  const auto allowed = shared_limits().find(kernel);
  const std::size_t limit = allowed == shared_limits().end() ? kMaxStaticShared : allowed->second;
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  if (to_fail != cudaSuccess && passed_before-- == 0) {
    last_error = std::exchange(to_fail, cudaSuccess);
    if (last_error >= cudaErrorIllegalAddress && last_error != cudaErrorLaunchOutOfResources)
      faulted = last_error;
    return false;
  }
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
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    case cudaErrorLaunchOutOfResources:
      return "cudaErrorLaunchOutOfResources";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated:
      return "cudaErrorStreamCaptureInvalidated";
    default:
      break;
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
  properties->major = machine.major;
  properties->minor = machine.minor;
  properties->multiProcessorCount = 4;
  properties->totalGlobalMem = machine.memory;
  properties->sharedMemPerBlockOptin = cuda_emulation::kMaxShared;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (device < 0 || device >= machine.devices) return result(cudaErrorInvalidDevice);
  *value = attribute == cudaDevAttrComputeCapabilityMajor ? machine.major : machine.minor;
  return cudaSuccess;
}
cudaError_t cudaGetDriverEntryPointByVersion(const char* symbol, void** function, unsigned,
                                             unsigned long long,
                                             cudaDriverEntryPointQueryResult* found) {
  const bool known = machine.tensor_maps && std::strcmp(symbol, "cuTensorMapEncodeTiled") == 0;
  *function = known ? reinterpret_cast<void*>(&cuTensorMapEncodeTiled) : nullptr;
  *found = known ? cudaDriverEntryPointSuccess : cudaDriverEntryPointSymbolNotFound;
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
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (cuda_emulation::captures(stream)) return result(cuda_emulation::refused(stream));
  cuda_emulation::catch_up(stream);
  ++waited;
  return faulted != cudaSuccess ? faulted : last_error;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (cuda_emulation::captures(stream)) return result(cuda_emulation::refused(stream));
  return cudaEventSynchronize(event);
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (cuda_emulation::captures(stream)) return result(cuda_emulation::refused(stream));
  const std::lock_guard lock(mutex);
  *event = {stream, late()[stream].got()};
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard lock(mutex);
  if (event->stream != nullptr) late()[event->stream].catch_up_to(event->got);
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  if (const auto code = cuda_emulation::refused_on_this_thread(); code != cudaSuccess)
    return result(code);
  const std::lock_guard lock(mutex);
  *memory = ::operator new(bytes, std::align_val_t(256));
  pinned()[static_cast<const char*>(*memory)] = bytes;
  return cudaSuccess;
}

cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t stream) {
  if (cuda_emulation::captures(stream)) return result(cuda_emulation::refused(stream));
  const std::lock_guard lock(mutex);
  if (bytes > machine.memory - used) return result(cudaErrorMemoryAllocation);
  // Exactly as many bytes as asked for, so that ASan sees the first one past them.
  *memory = ::operator new(bytes, std::align_val_t(256));
  std::memset(*memory, 0xFF, bytes);
  allocations()[*memory] = bytes;
  used += bytes;
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  if (cuda_emulation::captures(stream)) return result(cuda_emulation::refused(stream));
  cuda_emulation::catch_up(stream);
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
                            cudaStream_t stream) {
  if (cuda_emulation::captures(stream)) {
    const std::lock_guard lock(mutex);
    const auto known = [](const void* at) { return is_pinned(at) || is_on_device(at); };
    if (!known(to) || !known(from)) return result(cuda_emulation::refused(stream));
  }
  if (cuda_emulation::note_transfer(cuda_emulation::Transfer::copy, stream,
                                    [=] { std::memmove(to, from, bytes); }))
    return cudaSuccess;
  {
    const std::lock_guard lock(mutex);
    if (is_pinned(from)) {
      late()[stream].copies.push_back({to, from, bytes});
      return cudaSuccess;
    }
  }
  cuda_emulation::catch_up(stream);
  std::memmove(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  if (cuda_emulation::note_transfer(cuda_emulation::Transfer::memset, stream,
                                    [=] { std::memset(to, value, bytes); }))
    return cudaSuccess;
  cuda_emulation::catch_up(stream);
  std::memset(to, value, bytes);
  return cudaSuccess;
}
