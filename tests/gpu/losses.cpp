// Losses that are not kernels alone, on the emulated GPU beside the CPU.
#include "nn/losses/circle.h"
#include "nn/losses/ctc.h"
#include "tests/gpu/both_devices.h"

namespace keratin::tests {

TEST_CASE("gpu: ctc, whose lattice is computed on the CPU") {
  const Tensor labels = Tensor::numbers({1, 2, 2, 0, 3, 1, 0, 0}, {2, 4}, int32);
  check_same([&](const Inputs& x) { return losses::CTC()(labels, x[0]); }, {normal({2, 9, 4})},
             kClose);
}

TEST_CASE("gpu: circle") {
  const Tensor classes = Tensor::numbers({0, 1, 0, 1, 2, 0}, {6}, int32);
  check_same([&](const Inputs& x) { return losses::Circle({.gamma = 2})(classes, x[0]); },
             {normal({6, 3})}, kClose);
}

}  // namespace keratin::tests
