// One step of an optimizer over all tensors of a model in one call. Formulas: keras-semantics 4.2;
// g is the gradient times `gradient_scale`; decay, where there is any, comes first: w -= w decay.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "kernels/ladder.h"

namespace keratin::kernels {

enum class Update : std::uint8_t { sgd, rmsprop, adam };

/// One weight. Slots by the update:
///   sgd      [0] momentum, null without it
///   rmsprop  [0] mean of squares, [1] momentum (null), [2] mean (null unless centered): the root
///   is
///            of [0] - [2]^2, or 0 where that rounds to less
///   adam     [0] mean, [1] mean of squares, [2] largest mean of squares (null unless amsgrad)
template <class T>
struct UpdatedTensor {
  T* w;
  const T* g;
  std::array<T*, 3> slots;
  std::int64_t size;
};

struct UpdateShape {
  Update update;
  std::int64_t size;     // elements of all tensors
  double learning_rate;  // adam: times sqrt(1 - beta_2^t) / (1 - beta_1^t)
  double decay = 0;      // weight_decay times the learning rate
  double gradient_scale = 1;
  double momentum = 0;            // sgd, rmsprop
  bool nesterov = false;          // sgd
  double rho = 0;                 // rmsprop
  double beta_1 = 0, beta_2 = 0;  // adam
  double epsilon = 0;             // rmsprop: inside the root; adam: outside
  std::string text() const;
};

template <class T>
using UpdateFn = void (*)(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s);
template <class T>  // the third slots, of amsgrad and centered, are not counted: the shape knows
                    // nothing of them
constexpr Cost update_cost(const UpdateShape& s) {
  const auto n = static_cast<double>(s.size);
  switch (s.update) {
    case Update::sgd:
      return {.flops = (s.momentum != 0 ? 4 : 2) * n,
              .bytes = (s.momentum != 0 ? 5 : 3) * sizeof(T) * n};
    case Update::rmsprop:
      return {.flops = (s.momentum != 0 ? 10 : 8) * n,
              .bytes = (s.momentum != 0 ? 7 : 5) * sizeof(T) * n};
    case Update::adam:
      return {.flops = 11 * n, .bytes = 7 * sizeof(T) * n};
  }
  return {};
}

namespace cpu {
template <class T>
void update_reference(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s);
void update_simd(std::span<const UpdatedTensor<float>> tensors, const UpdateShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto update_ladder =
    Ladder{"optimizer", "update", update_cost<T>,
           std::array{Rung<UpdateFn<T>>{"reference", "", always, cpu::update_reference<T>}}};
template <>
inline constexpr auto update_ladder<float> = Ladder{
    "optimizer", "update", update_cost<float>,
    std::array{Rung<UpdateFn<float>>{"reference", "", always, cpu::update_reference<float>},
               Rung<UpdateFn<float>>{"simd", "all lanes; pieces of all tensors on all threads",
                                     always, cpu::update_simd}}};

}  // namespace keratin::kernels
