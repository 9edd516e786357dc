// Linked to an example program: this machine has a GPU then, an emulated one. At the end it says how
// often the program waited for it.
#include <fmt/core.h>

#include <cstdlib>

#include "tests/cuda_emulation/emulated_gpu.h"
#include "tests/cuda_emulation/runtime_api.h"

namespace keratin::tests {
namespace {

const bool installed = [] {
  kernels::set_accelerator(&emulated_gpu());
  std::atexit([] { fmt::print("emulated GPU: waited for {} times\n", cuda_emulation::waits()); });
  return true;
}();

}  // namespace
}  // namespace keratin::tests
