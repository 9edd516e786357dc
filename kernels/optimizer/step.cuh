// One element of one weight, as reference.cpp has it, in the type of the weights.
#pragma once

#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/optimizer/optimizer.h"

namespace keratin::kernels::cuda {

/// The shape's numbers as the kernels use them. What rounding would spoil is worked out in double:
/// 1 - beta of a beta near 1.
template <class T>
struct Constants {
  T learning_rate, decay, gradient_scale, momentum, rho, one_minus_rho, beta_1, beta_2;
  T one_minus_beta_1, one_minus_beta_2, epsilon, mean_share, gradient_share, square_scale;
  T l1, l2, beta, shrinkage;
  double power;
  const double* each_step;
  bool nesterov;

  explicit Constants(const UpdateShape& s)
      : learning_rate(narrow(s.learning_rate)),
        decay(narrow(s.decay)),
        gradient_scale(narrow(s.gradient_scale)),
        momentum(narrow(s.momentum)),
        rho(narrow(s.rho)),
        one_minus_rho(narrow(1 - s.rho)),
        beta_1(narrow(s.beta_1)),
        beta_2(narrow(s.beta_2)),
        one_minus_beta_1(narrow(1 - s.beta_1)),
        one_minus_beta_2(narrow(1 - s.beta_2)),
        epsilon(narrow(s.epsilon)),
        mean_share(narrow(s.mean_share)),
        gradient_share(narrow(s.gradient_share)),
        square_scale(narrow(s.square_scale)),
        l1(narrow(s.l1)),
        l2(narrow(s.l2)),
        beta(narrow(s.beta)),
        shrinkage(narrow(s.shrinkage)),
        power(s.power),
        each_step(s.each_step),
        nesterov(s.nesterov) {}

  /// With the values of this step, in the order of step_values().
  __device__ __forceinline__ Constants now() const {
    Constants s = *this;
    if (each_step == nullptr) return s;
    s.learning_rate = static_cast<T>(each_step[0]);
    s.decay = static_cast<T>(each_step[1]);
    s.mean_share = static_cast<T>(each_step[2]);
    s.gradient_share = static_cast<T>(each_step[3]);
    s.square_scale = static_cast<T>(each_step[4]);
    return s;
  }

 private:
  static T narrow(double value) { return static_cast<T>(value); }
};

/// NaN where either is: fmax would give the other.
template <class T>
__device__ __forceinline__ T larger_or_nan(T a, T b) {
  return a != a || a > b ? a : b;
}

template <class T>
__device__ __forceinline__ void store_weight(const UpdatedTensor<T>& t, std::int64_t i, T w) {
  t.w[i] = w;
  if constexpr (std::is_same_v<T, float>)
    if (t.shadow != nullptr) t.shadow[i] = narrowed<BFloat16>(w);
}

template <Update update, class T>
__device__ __forceinline__ void step(const UpdatedTensor<T>& t, std::int64_t i,
                                     const Constants<T>& s) {
  const T g = t.g[i] * s.gradient_scale;
  T w = t.w[i];
  w -= w * s.decay;
  T *const a = t.slots[0], *const b = t.slots[1], *const c = t.slots[2];
  if constexpr (update == Update::sgd) {
    if (a == nullptr) {
      w -= s.learning_rate * g;
    } else {
      const T m = s.momentum * a[i] - s.learning_rate * g;
      a[i] = m;
      w += s.nesterov ? s.momentum * m - s.learning_rate * g : m;
    }
  } else if constexpr (update == Update::rmsprop) {
    const T v = s.rho * a[i] + s.one_minus_rho * g * g;
    a[i] = v;
    T spread = v;
    if (c != nullptr) {
      const T mean = s.rho * c[i] + s.one_minus_rho * g;
      c[i] = mean;
      spread = larger_or_nan(v - mean * mean, T(0));  // slots are rounded: it may come out below
    }
    T change = s.learning_rate * g / std::sqrt(spread + s.epsilon);
    if (b != nullptr) {
      change += s.momentum * b[i];
      b[i] = change;
    }
    w -= change;
  } else if constexpr (update == Update::adam || update == Update::nadam) {
    const T m = a[i] + (g - a[i]) * s.one_minus_beta_1;
    T v = b[i] + (g * g - b[i]) * s.one_minus_beta_2;
    a[i] = m;
    b[i] = v;
    if constexpr (update == Update::adam) {
      if (c != nullptr) {
        v = larger_or_nan(v, c[i]);
        c[i] = v;
      }
      w -= s.learning_rate * m / (std::sqrt(v) + s.epsilon);
    } else {
      w -= s.learning_rate * ((s.mean_share * m + s.gradient_share * g) /
                              (std::sqrt(s.square_scale * v) + s.epsilon));
    }
  } else if constexpr (update == Update::adagrad) {
    const T sum = a[i] + g * g;
    a[i] = sum;
    w -= s.learning_rate * g / std::sqrt(sum + s.epsilon);
  } else if constexpr (update == Update::adadelta) {
    const T squares = s.rho * a[i] + s.one_minus_rho * g * g, steps = b[i];
    const T change = std::sqrt(steps + s.epsilon) / std::sqrt(squares + s.epsilon) * g;
    a[i] = squares;
    b[i] = s.rho * steps + s.one_minus_rho * change * change;
    w -= s.learning_rate * change;
  } else if constexpr (update == Update::adamax) {
    const T m = a[i] + (g - a[i]) * s.one_minus_beta_1;
    const T u = larger_or_nan(std::fabs(g), s.beta_2 * b[i]);
    a[i] = m;
    b[i] = u;
    w -= s.learning_rate * m / (u + s.epsilon);
  } else if constexpr (update == Update::lion) {
    const T m = a[i], towards = s.beta_1 * m + s.one_minus_beta_1 * g;
    a[i] = s.beta_2 * m + s.one_minus_beta_2 * g;
    w -= s.learning_rate * (towards > 0 ? 1 : towards < 0 ? -1 : towards);  // of 0, NaN: itself
  } else if constexpr (update == Update::ftrl) {
    const T n = a[i], more = n + g * g;
    T after, grown;  // the root of the sum of squares, and by how much it grew
    if (s.power == -0.5) {
      after = std::sqrt(more);
      grown = after - std::sqrt(n);
    } else {  // in double: power in T would leave little of a small difference
      const double power = std::pow(static_cast<double>(more), -s.power);
      grown = static_cast<T>(power - std::pow(static_cast<double>(n), -s.power));
      after = static_cast<T>(power);
    }
    const T z = b[i] + g + 2 * s.shrinkage * w - grown / s.learning_rate * w;
    const T curve = (after + s.beta) / s.learning_rate + 2 * s.l2;
    a[i] = more;
    b[i] = z;
    if (curve != 0) w = ((z < -s.l1 ? -s.l1 : z > s.l1 ? s.l1 : z) - z) / curve;
  }
  store_weight(t, i, w);
}

}  // namespace keratin::kernels::cuda
