// Connectionist temporal classification (Graves et al. 2006): how likely a sequence of labels is
// where nobody says at which steps they stand. Letters: B batch, T steps, K classes, L labels.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/ladder.h"

namespace keratin::kernels {

/// An alignment says one class at each step; to read it, equal neighbours become one, then blanks,
/// class 0, are left out. So equal labels that follow each other need a blank between them.
struct CtcShape {
  // What an alignment pays, as a logarithm, that starts at a later label or runs two equal labels
  // together: where no other one is left the loss is about 1e5, not infinite, and its gradient goes
  // towards the nearest that fits. Nothing beside any other.
  static constexpr double kForbidden = -1e5;
  std::int64_t batch, steps, classes, labels;  // steps, classes >= 1
  std::string text() const;
};

/// loss[b] = -ln of the sum, over the alignments a that read as the labels, of prod_t p(t, a_t)
/// log_p [B, T, K]: logarithms of probabilities. labels [B, L]: 1 .. K - 1, then zeros;
/// check_ctc_labels first.
template <class T>
using CtcFn = void (*)(const T* log_p, const std::int32_t* labels, T* loss, const CtcShape& s);
/// dlog_p[b, t, k] = -dloss[b] times the share of the alignments that say k at step t
template <class T>
using CtcGradientFn = void (*)(const T* log_p, const std::int32_t* labels, const T* dloss,
                               T* dlog_p, const CtcShape& s);

/// The states of an alignment: each label, and a blank before, between and after them.
constexpr double ctc_cells(const CtcShape& s) {
  return static_cast<double>(s.batch) * static_cast<double>(s.steps) *
         static_cast<double>(2 * s.labels + 1);
}
// A cell adds two logarithms: exp, log1p, a difference and a sum each; exp counts as one.
template <class T>
constexpr Cost ctc_cost(const CtcShape& s) {
  return {.flops = 9 * ctc_cells(s),
          .bytes = sizeof(T) * static_cast<double>(s.batch) * static_cast<double>(s.steps) *
                   static_cast<double>(s.classes)};
}
template <class T>
constexpr Cost ctc_gradient_cost(const CtcShape& s) {
  return {.flops = 22 * ctc_cells(s), .bytes = 2 * ctc_cost<T>(s).bytes};
}

/// What is wrong with the labels of a batch: ValueError's text, or "". Each is a class, zeros are
/// only at the end, and there are no more than steps.
std::string check_ctc_labels(const std::int32_t* labels, const CtcShape& s);

namespace cpu {
template <class T>
void ctc_reference(const T* log_p, const std::int32_t* labels, T* loss, const CtcShape& s);
template <class T>
void ctc_gradient_reference(const T* log_p, const std::int32_t* labels, const T* dloss, T* dlog_p,
                            const CtcShape& s);
template <class T>
void ctc_threads(const T* log_p, const std::int32_t* labels, T* loss, const CtcShape& s);
template <class T>
void ctc_gradient_threads(const T* log_p, const std::int32_t* labels, const T* dloss, T* dlog_p,
                          const CtcShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto ctc_ladder =
    Ladder{"ctc", "ctc", ctc_cost<T>,
           std::array{Rung<CtcFn<T>>{"reference", "", always, cpu::ctc_reference<T>},
                      Rung<CtcFn<T>>{"threads", "samples on all threads", always,
                                     cpu::ctc_threads<T>, "", false}}};
template <class T>
inline constexpr auto ctc_gradient_ladder = Ladder{
    "ctc", "ctc_gradient", ctc_gradient_cost<T>,
    std::array{Rung<CtcGradientFn<T>>{"reference", "", always, cpu::ctc_gradient_reference<T>},
               Rung<CtcGradientFn<T>>{"threads", "samples on all threads", always,
                                      cpu::ctc_gradient_threads<T>, "", false}}};

}  // namespace keratin::kernels
