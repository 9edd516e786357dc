#pragma once

namespace keratin::kernels {

/// Where kernels run. A GPU does what is put into one of its streams in order, and later than the
/// call returns; the default is the CPU, which is done when the call returns.
struct Stream {
  void* handle = nullptr;
  int device = -1;  // the GPU's index
  bool is_cpu() const { return device < 0; }
};

}  // namespace keratin::kernels
