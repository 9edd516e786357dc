#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/optimizer/optimizer.h"

namespace keratin::kernels {

std::string UpdateShape::text() const {
  constexpr const char* names[] = {"sgd", "rmsprop", "adam"};
  return fmt::format("{} [{}]", names[static_cast<int>(update)], size);
}

namespace cpu {
namespace {

template <class T>
void step(const UpdatedTensor<T>& t, std::int64_t i, const UpdateShape& s) {
  const double g = static_cast<double>(t.g[i]) * s.gradient_scale;
  double w = static_cast<double>(t.w[i]);
  w -= w * s.decay;
  switch (s.update) {
    case Update::sgd:
      if (t.slots[0] == nullptr) {
        w -= s.learning_rate * g;
      } else {
        const double m = s.momentum * static_cast<double>(t.slots[0][i]) - s.learning_rate * g;
        t.slots[0][i] = static_cast<T>(m);
        w += s.nesterov ? s.momentum * m - s.learning_rate * g : m;
      }
      break;
    case Update::rmsprop: {
      const double v = s.rho * static_cast<double>(t.slots[0][i]) + (1 - s.rho) * g * g;
      t.slots[0][i] = static_cast<T>(v);
      double spread = v;
      if (t.slots[2] != nullptr) {
        const double mean = s.rho * static_cast<double>(t.slots[2][i]) + (1 - s.rho) * g;
        t.slots[2][i] = static_cast<T>(mean);
        spread = std::max(spread - mean * mean, 0.0);  // slots are rounded: it may come out below
      }
      double change = s.learning_rate * g / std::sqrt(spread + s.epsilon);
      if (t.slots[1] != nullptr) {
        change += s.momentum * static_cast<double>(t.slots[1][i]);
        t.slots[1][i] = static_cast<T>(change);
      }
      w -= change;
      break;
    }
    case Update::adam: {
      double m = static_cast<double>(t.slots[0][i]), v = static_cast<double>(t.slots[1][i]);
      m += (g - m) * (1 - s.beta_1);
      v += (g * g - v) * (1 - s.beta_2);
      t.slots[0][i] = static_cast<T>(m);
      t.slots[1][i] = static_cast<T>(v);
      if (t.slots[2] != nullptr) {
        v = std::max(v, static_cast<double>(t.slots[2][i]));
        t.slots[2][i] = static_cast<T>(v);
      }
      w -= s.learning_rate * m / (std::sqrt(v) + s.epsilon);
      break;
    }
  }
  t.w[i] = static_cast<T>(w);
}

}  // namespace

template <class T>
void update_reference(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s) {
  for (const UpdatedTensor<T>& tensor : tensors)
    for (std::int64_t i = 0; i < tensor.size; ++i) step(tensor, i, s);
}
template void update_reference(std::span<const UpdatedTensor<float>>, const UpdateShape&);
template void update_reference(std::span<const UpdatedTensor<double>>, const UpdateShape&);

}  // namespace cpu
}  // namespace keratin::kernels
