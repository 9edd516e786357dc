#pragma once

#include "autograd/variable.h"

namespace keratin {

/// How unlikely a sequence of labels is where nobody says at which steps they stand.
///   y[b] = -ln of the sum, over alignments a that read as the labels, of prod_t e^x[b, t, a_t]
/// An alignment says a class at each step; it is read by making one of equal neighbours, then
/// leaving out the blank, class 0. x: [batch, steps, classes], logarithms of probabilities, such as
/// log_softmax gives; f32, f64, on the CPU. labels: [batch, most labels], int32 or int64, each 1 to
/// classes - 1, then zeros. Result: [batch]. Two equal labels need a blank between them: where the
/// steps do not suffice for that the result is about 1e5, as Keras gives on JAX, not infinite. The
/// gradient has no gradient. Throws ShapeError, DTypeError, and ValueError for a label that is no
/// class, a 0 before the last label, and a sample of more labels than steps.
/// Source: Graves et al. 2006.
[[nodiscard]] Tensor ctc_loss(const Tensor& x, const Tensor& labels);
[[nodiscard]] Variable ctc_loss(const Variable& x, const Tensor& labels);

}  // namespace keratin
