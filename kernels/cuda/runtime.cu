// The host's side of CUDA: devices, streams, memory, errors.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "kernels/accelerator.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/error.h"

namespace keratin::kernels::cuda {

BoundRungs bound_rungs(const void* ladder);  // ladders.cu
Accelerator& runtime();

#define KERATIN_CUDA_CHECK(call) check(call, #call, __FILE__, __LINE__)

namespace {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string mebibytes(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

class Runtime final : public Accelerator {
 public:
  int count() override {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess) {
      cudaGetLastError();
      return 0;
    }
    return devices;
  }

  std::string missing() override {
    int devices = 0, driver = 0, needed = 0;
    const cudaError_t code = cudaGetDeviceCount(&devices);
    if (code == cudaSuccess && devices > 0) return "";
    cudaGetLastError();
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&needed);
    if (driver == 0) return "no NVIDIA driver is installed; install one, or use \"cpu\"";
    if (driver < needed) {
      return "the NVIDIA driver is too old: it supports CUDA " + version_text(driver) +
             ", this build needs " + version_text(needed) + "; update the driver, or use \"cpu\"";
    }
    return std::string("no GPU is there: ") + cudaGetErrorString(code) +
           "; see what nvidia-smi says, or use \"cpu\"";
  }

  GpuProperties properties(int device) override {
    cudaDeviceProp p;
    KERATIN_CUDA_CHECK(cudaGetDeviceProperties(&p, device));
    return {p.name,
            p.major,
            p.minor,
            p.multiProcessorCount,
            static_cast<std::int64_t>(p.totalGlobalMem),
            static_cast<std::int64_t>(p.sharedMemPerBlockOptin)};
  }

  Stream stream(int device) override {
    const std::lock_guard lock(mutex_);
    const auto at = static_cast<std::size_t>(device);
    if (at >= streams_.size()) streams_.resize(at + 1);
    KERATIN_CUDA_CHECK(cudaSetDevice(device));  // each thread has its own, and launches go there
    if (streams_[at] == nullptr) {
      // Freed memory stays in the pool, instead of going back at each synchronization.
      cudaMemPool_t pool;
      std::uint64_t threshold = UINT64_MAX;
      KERATIN_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool, device));
      KERATIN_CUDA_CHECK(
          cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
      KERATIN_CUDA_CHECK(cudaStreamCreateWithFlags(&streams_[at], cudaStreamNonBlocking));
    }
    return {streams_[at], device};
  }

  void* allocate(std::size_t bytes, int device) override {
    const auto native = on(device);
    void* memory = nullptr;
    cudaError_t code = cudaMallocAsync(&memory, bytes, native);
    if (code == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      KERATIN_CUDA_CHECK(cudaStreamSynchronize(native));
      release_cached(device);
      code = cudaMallocAsync(&memory, bytes, native);
    }
    if (code == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      const GpuMemory now = this->memory(device);
      throw Error("cuda:" + std::to_string(device) + ": out of memory: " + std::to_string(bytes) +
                  " bytes (" + mebibytes(bytes) + ") asked for; " +
                  mebibytes(static_cast<std::size_t>(now.held)) + " held by this process, " +
                  mebibytes(static_cast<std::size_t>(now.free)) + " free of " +
                  mebibytes(static_cast<std::size_t>(now.total)) +
                  ". Use smaller batches, or end other programs on this GPU.");
    }
    KERATIN_CUDA_CHECK(code);
    return memory;
  }

  void free(void* memory, int device) noexcept override {
    const std::lock_guard lock(mutex_);
    const auto at = static_cast<std::size_t>(device);
    // An error here has been, or will be, the error of something that may throw.
    cudaSetDevice(device);
    cudaFreeAsync(memory, streams_[at]);
  }

  GpuMemory memory(int device) override {
    on(device);
    cudaMemPool_t pool;
    std::uint64_t used = 0, held = 0;
    std::size_t free = 0, total = 0;
    KERATIN_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool, device));
    KERATIN_CUDA_CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used));
    KERATIN_CUDA_CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReservedMemCurrent, &held));
    KERATIN_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    return {static_cast<std::int64_t>(used), static_cast<std::int64_t>(held),
            static_cast<std::int64_t>(free), static_cast<std::int64_t>(total)};
  }

  void release_cached(int device) override {
    cudaMemPool_t pool;
    KERATIN_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool, device));
    KERATIN_CUDA_CHECK(cudaMemPoolTrimTo(pool, 0));
  }

  void to_gpu(void* to, const void* from, std::size_t bytes, const Stream& stream) override {
    copy(to, from, bytes, cudaMemcpyHostToDevice, stream);
  }
  void from_gpu(void* to, const void* from, std::size_t bytes, const Stream& stream) override {
    copy(to, from, bytes, cudaMemcpyDeviceToHost, stream);
    synchronize(stream);
  }
  void within_gpu(void* to, const void* from, std::size_t bytes, const Stream& stream) override {
    copy(to, from, bytes, cudaMemcpyDeviceToDevice, stream);
  }

  void synchronize(const Stream& stream) override {
    KERATIN_CUDA_CHECK(cudaStreamSynchronize(static_cast<cudaStream_t>(stream.handle)));
  }

  void after_call(const Stream& stream) override {
    static const bool always = [] {
      const char* text = std::getenv("KERATIN_CUDA_SYNC");
      return text != nullptr && std::strcmp(text, "1") == 0;
    }();
    if (always) synchronize(stream);
  }

  BoundRungs rungs(const void* ladder) override { return bound_rungs(ladder); }

 private:
  cudaStream_t on(int device) { return static_cast<cudaStream_t>(stream(device).handle); }
  static void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                   const Stream& stream) {
    KERATIN_CUDA_CHECK(
        cudaMemcpyAsync(to, from, bytes, kind, static_cast<cudaStream_t>(stream.handle)));
  }

  std::mutex mutex_;
  std::vector<cudaStream_t> streams_;
};

}  // namespace

// Never destroyed: tensors in static variables may outlive it otherwise.
Accelerator& runtime() {
  static auto* const instance = new Runtime;
  return *instance;
}

}  // namespace keratin::kernels::cuda
