// Tensor maps: what a TMA copy has to know of a tensor in global memory, made by the host. As the
// driver's documentation of cuTensorMapEncodeTiled says; of the opaque object's bytes it says
// nothing, they are the emulation's own.
#pragma once

#include <cstdint>

using cuuint32_t = std::uint32_t;
using cuuint64_t = std::uint64_t;

struct alignas(64) CUtensorMap {
  cuuint64_t opaque[16];
};

enum CUresult { CUDA_SUCCESS = 0, CUDA_ERROR_INVALID_VALUE = 1 };
enum CUtensorMapDataType {
  CU_TENSOR_MAP_DATA_TYPE_UINT8,
  CU_TENSOR_MAP_DATA_TYPE_UINT16,
  CU_TENSOR_MAP_DATA_TYPE_FLOAT32 = 7,
  CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 = 9,
  CU_TENSOR_MAP_DATA_TYPE_TFLOAT32 = 11
};
enum CUtensorMapInterleave { CU_TENSOR_MAP_INTERLEAVE_NONE };
enum CUtensorMapSwizzle {
  CU_TENSOR_MAP_SWIZZLE_NONE,
  CU_TENSOR_MAP_SWIZZLE_32B,
  CU_TENSOR_MAP_SWIZZLE_64B,
  CU_TENSOR_MAP_SWIZZLE_128B
};
enum CUtensorMapL2promotion {
  CU_TENSOR_MAP_L2_PROMOTION_NONE,
  CU_TENSOR_MAP_L2_PROMOTION_L2_64B,
  CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
  CU_TENSOR_MAP_L2_PROMOTION_L2_256B
};
enum CUtensorMapFloatOOBfill { CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE };

/// CUDA_ERROR_INVALID_VALUE where the driver's documentation asks for something else.
CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank,
                                void* address, const cuuint64_t* sizes, const cuuint64_t* strides,
                                const cuuint32_t* box, const cuuint32_t* element_strides,
                                CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill);

namespace cuda_emulation {

/// What the emulated driver puts into the opaque object.
struct TensorMap {
  const unsigned char* address;
  std::uint64_t sizes[5], strides[4];  // of the first dimension elements lie side by side
  std::uint16_t box[5];
  std::uint8_t rank, element, span;  // bytes; 16: not swizzled, 32, 64, 128
  std::uint8_t tag;                  // kTensorMapTag
  bool tf32;                         // float32, which the copy rounds
};
static_assert(sizeof(TensorMap) <= sizeof(CUtensorMap));
inline constexpr std::uint8_t kTensorMapTag = 0x5a;

/// Where a chunk of 16 bytes lies that is meant for this address of shared memory: bits 4 to 6 of
/// it, as many as the span has chunks, by XOR with bits 7 to 9. wgmma reads the same way.
constexpr unsigned swizzled(unsigned address, unsigned span) {
  return address ^ ((address >> 3) & (span - 16));
}

}  // namespace cuda_emulation
