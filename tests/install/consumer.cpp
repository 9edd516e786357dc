// A user's program: only the one public header, and what it brings.
#include <keratin/keratin.h>

#include <fmt/core.h>

namespace kt = keratin;

int main() {
  const kt::Tensor a = kt::Tensor::numbers({2}, {1, 1}), b = kt::Tensor::numbers({3}, {1, 1});
  fmt::print("keratin {}: 2 x 3 = {}\n", kt::version(), kt::matmul(a, b).item<float>({0, 0}));
}
