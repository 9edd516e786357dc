// Stands in place of CUDA's header of this name: kernels' own sources compile as C++ and run on the CPU.
#pragma once

#define KERATIN_CUDA_EMULATION 1

#include "tests/cuda_emulation/device.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/cuda_emulation/tensor_cores.h"
#include "tests/cuda_emulation/warpgroup.h"
