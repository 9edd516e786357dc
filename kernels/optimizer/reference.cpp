#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/optimizer/optimizer.h"

namespace keratin::kernels {

std::string UpdateShape::text() const {
  constexpr const char* names[] = {"sgd",    "rmsprop", "adam", "adagrad", "adadelta",
                                   "adamax", "nadam",   "lion", "ftrl",    "lamb"};
  return fmt::format("{} [{}]", names[static_cast<int>(update)], size);
}

namespace cpu {
namespace {

void add_share(double& mean, double value, double share) { mean += (value - mean) * share; }

template <class T>
struct Moments {  // of nadam and lamb
  double m, v;
  Moments(const UpdatedTensor<T>& t, std::int64_t i)
      : m(static_cast<double>(t.slots[0][i])), v(static_cast<double>(t.slots[1][i])) {}
  void take(double g, const UpdateShape& s) {
    add_share(m, g, 1 - s.beta_1);
    add_share(v, g * g, 1 - s.beta_2);
  }
  void keep(const UpdatedTensor<T>& t, std::int64_t i) const {
    t.slots[0][i] = static_cast<T>(m);
    t.slots[1][i] = static_cast<T>(v);
  }
  double direction(double g, const UpdateShape& s) const {
    return (s.mean_share * m + s.gradient_share * g) / (std::sqrt(s.square_scale * v) + s.epsilon);
  }
};

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
    case Update::adagrad: {
      const double a = static_cast<double>(t.slots[0][i]) + g * g;
      t.slots[0][i] = static_cast<T>(a);
      w -= s.learning_rate * g / std::sqrt(a + s.epsilon);
      break;
    }
    case Update::adadelta: {
      const double a = s.rho * static_cast<double>(t.slots[0][i]) + (1 - s.rho) * g * g;
      const double steps = static_cast<double>(t.slots[1][i]);
      const double change = std::sqrt(steps + s.epsilon) / std::sqrt(a + s.epsilon) * g;
      t.slots[0][i] = static_cast<T>(a);
      t.slots[1][i] = static_cast<T>(s.rho * steps + (1 - s.rho) * change * change);
      w -= s.learning_rate * change;
      break;
    }
    case Update::adamax: {
      double m = static_cast<double>(t.slots[0][i]);
      add_share(m, g, 1 - s.beta_1);
      // In this order a NaN stays one.
      const double u = std::max(std::abs(g), s.beta_2 * static_cast<double>(t.slots[1][i]));
      t.slots[0][i] = static_cast<T>(m);
      t.slots[1][i] = static_cast<T>(u);
      w -= s.learning_rate * m / (u + s.epsilon);
      break;
    }
    case Update::nadam: {
      Moments<T> moments(t, i);
      moments.take(g, s);
      moments.keep(t, i);
      w -= s.learning_rate * moments.direction(g, s);
      break;
    }
    case Update::lion: {
      const double m = static_cast<double>(t.slots[0][i]);
      const double towards = s.beta_1 * m + (1 - s.beta_1) * g;
      t.slots[0][i] = static_cast<T>(s.beta_2 * m + (1 - s.beta_2) * g);
      // Of 0 and NaN, itself.
      w -= s.learning_rate * (towards > 0 ? 1 : towards < 0 ? -1 : towards);
      break;
    }
    case Update::ftrl: {
      const double n = static_cast<double>(t.slots[0][i]), more = n + g * g;
      const double before = std::pow(n, -s.power), after = std::pow(more, -s.power);
      const double z = static_cast<double>(t.slots[1][i]) + g + 2 * s.shrinkage * w -
                       (after - before) / s.learning_rate * w;
      const double curve = (after + s.beta) / s.learning_rate + 2 * s.l2;
      t.slots[0][i] = static_cast<T>(more);
      t.slots[1][i] = static_cast<T>(z);
      if (curve != 0) w = (std::clamp(z, -s.l1, s.l1) - z) / curve;
      break;
    }
    case Update::lamb:  // by whole tensors, below
      break;
  }
  t.w[i] = static_cast<T>(w);
}

template <class T>
void lamb(const UpdatedTensor<T>& t, const UpdateShape& s) {
  const auto decayed = [&](std::int64_t i) {
    const double w = static_cast<double>(t.w[i]);
    return w - w * s.decay;
  };
  double w_squares = 0, u_squares = 0;
  for (std::int64_t i = 0; i < t.size; ++i) {
    Moments<T> moments(t, i);
    moments.take(static_cast<double>(t.g[i]) * s.gradient_scale, s);
    moments.keep(t, i);
    const double w = decayed(i), u = moments.direction(0, s);
    w_squares += w * w;
    u_squares += u * u;
  }
  const double rate = s.learning_rate * lamb_ratio(w_squares, u_squares);
  for (std::int64_t i = 0; i < t.size; ++i) {
    t.w[i] = static_cast<T>(decayed(i) - rate * Moments<T>(t, i).direction(0, s));
  }
}

}  // namespace

template <class T>
void update_reference(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s) {
  for (const UpdatedTensor<T>& tensor : tensors) {
    if (s.update == Update::lamb) {
      lamb(tensor, s);
    } else {
      for (std::int64_t i = 0; i < tensor.size; ++i) step(tensor, i, s);
    }
    if (tensor.shadow == nullptr) continue;
    for (std::int64_t i = 0; i < tensor.size; ++i)
      tensor.shadow[i] = to_bfloat16(static_cast<float>(tensor.w[i]));
  }
}
template void update_reference(std::span<const UpdatedTensor<float>>, const UpdateShape&);
template void update_reference(std::span<const UpdatedTensor<double>>, const UpdateShape&);

}  // namespace cpu
}  // namespace keratin::kernels
