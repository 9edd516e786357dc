#pragma once

#include "nn/loss.h"

namespace keratin::losses {

/// Connectionist temporal classification: labels in order, without a word about the steps at which
/// they stand, as in speech and handwriting.   -ln of the sum over alignments, of ctc_loss
/// y_true: [batch, most labels], whole numbers, each 1 to classes - 1, zeros after the last; 0 is
/// the blank. y_pred: [batch, steps, classes], scores: no softmax in the last layer. One value a
/// sample; every step counts, a mask of the predictions is refused. Two equal labels need a step
/// between them: a sample that has not enough steps for that has a loss of about 1e5, as in Keras
/// on JAX. On a GPU the lattice is computed on the CPU. Name: "ctc".
/// Throws ShapeError, and ValueError for a label that is no class, a 0 before the last label, and a
/// sample of more labels than steps. Source: Graves et al. 2006.
class CTC : public LossRef {
 public:
  explicit CTC(const LossOptions& options = {});
};

}  // namespace keratin::losses
