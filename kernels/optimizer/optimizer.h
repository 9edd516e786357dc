// One step of an optimizer over all tensors of a model in one call. Formulas: keras-semantics 4.2;
// g is the gradient times `gradient_scale`; decay, where there is any, comes first: w -= w decay.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "kernels/bfloat16.h"
#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

enum class Update : std::uint8_t {
  sgd,
  rmsprop,
  adam,
  adagrad,
  adadelta,
  adamax,
  nadam,
  lion,
  ftrl,
  lamb
};

/// One weight. Slots by the update:
///   sgd       [0] momentum, null without it
///   rmsprop   [0] mean of squares, [1] momentum (null), [2] mean (null unless centered): the root
///             is of [0] - [2]^2, or 0 where that rounds to less
///   adam      [0] mean, [1] mean of squares, [2] largest mean of squares (null unless amsgrad)
///   adagrad   [0] sum of squares
///   adadelta  [0] mean of squares, [1] mean of the squares of steps
///   adamax    [0] mean, [1] largest gradient, which decays
///   nadam     [0] mean, [1] mean of squares
///   lion      [0] mean
///   ftrl      [0] sum of squares n, [1] the linear term z. Where n and the strengths are all 0 the
///             weight stays
///   lamb      [0] mean, [1] mean of squares
template <class T>
struct UpdatedTensor {
  T* w;
  const T* g;
  std::array<T*, 3> slots;
  std::int64_t size;
  BFloat16* shadow = nullptr;  // gets w in bfloat16, of float32; null: none
};

struct UpdateShape {
  Update update;
  std::int64_t size;  // elements of all tensors
  // adam: times sqrt(1 - beta_2^t) / (1 - beta_1^t); adamax: divided by 1 - beta_1^t
  double learning_rate;
  double decay = 0;  // weight_decay times the learning rate
  double gradient_scale = 1;
  double momentum = 0;            // sgd, rmsprop
  bool nesterov = false;          // sgd
  double rho = 0;                 // rmsprop, adadelta
  double beta_1 = 0, beta_2 = 0;  // adam, adamax, nadam, lion, lamb
  double epsilon = 0;             // rmsprop, adagrad, adadelta: inside the root; others: outside
  // nadam, lamb: the direction is (mean_share m + gradient_share g) / (sqrt(square_scale v) +
  // epsilon); lamb has no gradient_share.
  double mean_share = 1, gradient_share = 0, square_scale = 1;
  double power = -0.5;              // ftrl: of the sum of squares, at most 0
  double l1 = 0, l2 = 0, beta = 0;  // ftrl
  double shrinkage = 0;             // ftrl: g + 2 shrinkage w is what enters z
  // On a GPU: step_values() of the step, in memory there, for work that is recorded once and done
  // again. nullptr: those above.
  const double* each_step = nullptr;
  std::string text() const;
};

/// What changes from step to step.
inline std::array<double, 5> step_values(const UpdateShape& s) {
  return {s.learning_rate, s.decay, s.mean_share, s.gradient_share, s.square_scale};
}

/// What lamb multiplies a step by: |w| / |u|, or 1 where that says nothing.
inline double lamb_ratio(double w_squares, double u_squares) {
  return w_squares > 0 && u_squares > 0 ? std::sqrt(w_squares) / std::sqrt(u_squares) : 1;
}

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
    case Update::adamax:
      return {.flops = 11 * n, .bytes = 7 * sizeof(T) * n};
    case Update::adagrad:
      return {.flops = 6 * n, .bytes = 5 * sizeof(T) * n};
    case Update::lion:
      return {.flops = 9 * n, .bytes = 5 * sizeof(T) * n};
    case Update::adadelta:
    case Update::nadam:
    case Update::ftrl:
      return {.flops = 15 * n, .bytes = 7 * sizeof(T) * n};
    case Update::lamb:  // w, m and v once more, when the norms are known
      return {.flops = 22 * n, .bytes = 10 * sizeof(T) * n};
  }
  return {};
}

namespace cpu {
template <class T>
void update_reference(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s);
void update_simd(std::span<const UpdatedTensor<float>> tensors, const UpdateShape& s);
constexpr bool update_simd_applies(const UpdateShape& s) {
  return s.update != Update::ftrl || s.power == -0.5;
}
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
                                     cpu::update_simd_applies, cpu::update_simd,
                                     "all rules; of ftrl, only power -0.5"}}};

namespace cuda {
template <class T>
void update_naive(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s,
                  const Stream& stream);
template <class T>
void update_together(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s,
                     const Stream& stream);
template <class T>
void update_norms(std::span<const UpdatedTensor<T>> tensors, const UpdateShape& s,
                  const Stream& stream);
/// All but lamb, which needs norms of whole tensors.
bool update_applies(const UpdateShape& s);
/// lamb.
bool update_norms_applies(const UpdateShape& s);

template <class T>
inline constexpr CudaLadder<UpdateFn<T>, 3> update_ladder{
    {{{"naive", "", update_applies, update_naive<T>},
      {"norms", "lamb: sums of squares by blocks, joined in order by all that step",
       update_norms_applies, update_norms<T>},
      {"together", "pieces of up to 48 tensors a launch: small ones cost none of their own",
       update_applies, update_together<T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
