// Stands in place of the CUDA driver's header of this name: what kernels' host code uses of it, tensor maps.
// The driver is not linked: cudaGetDriverEntryPointByVersion gives its functions.
#pragma once

#include "tests/cuda_emulation/tensor_map.h"
