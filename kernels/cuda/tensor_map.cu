#include "kernels/cuda/tensor_map.cuh"

#include <string>

#include "kernels/cuda/launch.cuh"
#include "kernels/error.h"

namespace keratin::kernels::cuda {
namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

// From the driver at run time, as the library is not linked to it; nullptr where it has none.
Encode find_encoder() {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result = cudaDriverEntryPointSymbolNotFound;
#if CUDART_VERSION >= 12050
  const cudaError_t code = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function,
                                                            12000, cudaEnableDefault, &result);
#else
  const cudaError_t code =
      cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &function, cudaEnableDefault, &result);
#endif
  if (code != cudaSuccess) cudaGetLastError();
  const bool there = code == cudaSuccess && result == cudaDriverEntryPointSuccess;
  return there ? reinterpret_cast<Encode>(function) : nullptr;
}
Encode encoder() {
  static const Encode found = find_encoder();
  return found;
}

constexpr bool kHasCode =
#if defined(KERATIN_CUDA_EMULATION) || defined(KERATIN_CUDA_90A)
    true;
#else
    false;
#endif

}  // namespace

bool driver_makes_tensor_maps() { return find_encoder() != nullptr; }

bool is_hopper(const Stream& stream) {
  int major = 0, minor = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, stream.device),
        "cudaDeviceGetAttribute", __FILE__, __LINE__);
  check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, stream.device),
        "cudaDeviceGetAttribute", __FILE__, __LINE__);
  return kHasCode && major == 9 && minor == 0 && encoder() != nullptr;
}

template <class T>
bool MappedMatrices<T>::can_be_mapped() const {
  constexpr std::int64_t kSixteen = 16 / sizeof(T), kMost = 0x7fffffff;
  const auto fits = [](std::int64_t size) { return size >= 1 && size <= kMost; };
  return reinterpret_cast<std::uintptr_t>(at) % 16 == 0 && ld % kSixteen == 0 && stride % ld == 0 &&
         fits(rows) && fits(columns) && fits(batch) && ld < (std::int64_t{1} << 39) &&
         stride < (std::int64_t{1} << 39);
}

template <class T>
CUtensorMap tensor_map(const MappedMatrices<T>& m, unsigned box_rows) {
  constexpr std::int64_t kSize = sizeof(T);
  constexpr auto kType =
      kSize == 2 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_TFLOAT32;
  const bool shared = m.stride == 0;
  const cuuint64_t sizes[3] = {static_cast<cuuint64_t>(m.columns), static_cast<cuuint64_t>(m.rows),
                               static_cast<cuuint64_t>(shared ? 1 : m.batch)};
  const cuuint64_t strides[2] = {static_cast<cuuint64_t>(m.ld * kSize),
                                 static_cast<cuuint64_t>((shared ? m.ld : m.stride) * kSize)};
  const cuuint32_t box[3] = {128 / kSize, box_rows, 1}, steps[3] = {1, 1, 1};
  CUtensorMap map;
  const CUresult result =
      encoder()(&map, kType, 3, const_cast<T*>(m.at), sizes, strides, box, steps,
                CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) {
    throw Error("cuda: cuTensorMapEncodeTiled failed with CUresult " +
                std::to_string(static_cast<int>(result)) + " for " + std::to_string(m.batch) +
                " matrices [" + std::to_string(m.rows) + ", " + std::to_string(m.columns) +
                "], rows " + std::to_string(m.ld) + " and matrices " + std::to_string(m.stride) +
                " elements apart");
  }
  return map;
}

template struct MappedMatrices<BFloat16>;
template struct MappedMatrices<float>;
template CUtensorMap tensor_map(const MappedMatrices<BFloat16>&, unsigned);
template CUtensorMap tensor_map(const MappedMatrices<float>&, unsigned);

}  // namespace keratin::kernels::cuda
