#include "kernels/accelerator.h"

#include <utility>

#include "keratin/build_config.h"

namespace keratin::kernels {

#if KERATIN_HAS_CUDA
namespace cuda {
Accelerator& runtime();  // kernels/cuda/runtime.cu
}
#endif

namespace {
Accelerator*& current() {
#if KERATIN_HAS_CUDA
  static Accelerator* one = &cuda::runtime();
#else
  static Accelerator* one = nullptr;
#endif
  return one;
}
}  // namespace

Accelerator* accelerator() { return current(); }
Accelerator* set_accelerator(Accelerator* accelerator) {
  return std::exchange(current(), accelerator);
}

AllocateFrom::AllocateFrom(GpuPool& pool) : before_(accelerator()->allocate_from(&pool)) {}
AllocateFrom::~AllocateFrom() { accelerator()->allocate_from(before_); }

}  // namespace keratin::kernels
