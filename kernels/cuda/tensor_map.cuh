// Tensor maps, by which TMA finds its way through a tensor: made on the host, handed to kernels by
// value (__grid_constant__).
#pragma once

#include <cuda.h>

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/stream.h"

namespace keratin::kernels::cuda {

/// Can this GPU run what kernels/cuda/hopper.cuh has: its compute capability is 9.0, this build has
/// code for 90a, and the driver makes tensor maps?
bool is_hopper(const Stream& stream);

/// Has the driver cuTensorMapEncodeTiled? Asked anew at each call.
bool driver_makes_tensor_maps();

/// Matrices [rows, columns] of a batch, rows `ld` and matrices `stride` elements apart; with stride 0
/// the batch has one. TMA asks for: `at` and the distances are multiples of 16 bytes, `stride` is one
/// of `ld`, no size is 0 or reaches 2^31.
template <class T>
struct MappedMatrices {
  const T* at;
  std::int64_t rows, columns, ld, batch, stride;
  bool can_be_mapped() const;
};

/// For copies of boxes of `box_rows` rows (up to 256) of 128 bytes, swizzled in shared memory;
/// coordinates are column, row, matrix. float32 comes as TF32. Throws Error where the driver refuses.
template <class T>
CUtensorMap tensor_map(const MappedMatrices<T>& matrices, unsigned box_rows);

}  // namespace keratin::kernels::cuda
