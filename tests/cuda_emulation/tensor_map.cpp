#include "tests/cuda_emulation/tensor_map.h"

#include <cstring>

namespace {

constexpr unsigned element_size(CUtensorMapDataType type) {
  switch (type) {
    case CU_TENSOR_MAP_DATA_TYPE_UINT8:
      return 1;
    case CU_TENSOR_MAP_DATA_TYPE_UINT16:
    case CU_TENSOR_MAP_DATA_TYPE_BFLOAT16:
      return 2;
    case CU_TENSOR_MAP_DATA_TYPE_FLOAT32:
    case CU_TENSOR_MAP_DATA_TYPE_TFLOAT32:
      return 4;
  }
  return 0;
}

}  // namespace

CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank,
                                void* address, const cuuint64_t* sizes, const cuuint64_t* strides,
                                const cuuint32_t* box, const cuuint32_t* element_strides,
                                CUtensorMapInterleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  const unsigned element = element_size(type);
  const unsigned span = 16U << swizzle;
  const auto at = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p); };
  bool valid = element != 0 && rank >= 1 && rank <= 5 && at(map) % 64 == 0 && at(address) % 16 == 0;
  if (!valid) return CUDA_ERROR_INVALID_VALUE;
  cuda_emulation::TensorMap made{};
  for (cuuint32_t i = 0; i < rank; ++i) {
    valid = valid && sizes[i] >= 1 && sizes[i] <= std::uint64_t{1} << 32 && box[i] >= 1 &&
            box[i] <= 256 && element_strides[i] == 1;  // others are not emulated
    made.sizes[i] = sizes[i];
    made.box[i] = static_cast<std::uint16_t>(box[i]);
  }
  for (cuuint32_t i = 0; i + 1 < rank; ++i) {
    valid = valid && strides[i] % 16 == 0 && strides[i] < std::uint64_t{1} << 40 &&
            strides[i] >= (i == 0 ? sizes[0] * element : strides[i - 1]) &&
            (i == 0 || strides[i] % strides[i - 1] == 0);
    made.strides[i] = strides[i];
  }
  const std::uint64_t inner = std::uint64_t{box[0]} * element;
  valid = valid && inner % 16 == 0 && (swizzle == CU_TENSOR_MAP_SWIZZLE_NONE || inner <= span);
  if (!valid) return CUDA_ERROR_INVALID_VALUE;
  made.address = static_cast<const unsigned char*>(address);
  made.rank = static_cast<std::uint8_t>(rank);
  made.element = static_cast<std::uint8_t>(element);
  made.span = static_cast<std::uint8_t>(span);
  made.tf32 = type == CU_TENSOR_MAP_DATA_TYPE_TFLOAT32;
  made.tag = cuda_emulation::kTensorMapTag;
  std::memset(map, 0, sizeof *map);
  std::memcpy(map, &made, sizeof made);
  return CUDA_SUCCESS;
}
