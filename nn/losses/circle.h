#pragma once

#include "nn/loss.h"

namespace keratin::losses {

struct CircleOptions {
  double gamma = 80;            // scale of the similarities
  double margin = 0.4;          // distances that are near enough for a class, far enough for others
  bool remove_diagonal = true;  // is a sample no neighbour of itself?
  std::string reduction = "sum_over_batch_size";
  std::string name = "circle";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("reduction", reduction);
    f("gamma", gamma);
    f("margin", margin);
    f("remove_diagonal", remove_diagonal);
  }
};
/// Draws the embeddings of a class together and away from those of others; pairs that are far from
/// where they should be count more. y_true: [batch] or [batch, 1], class numbers. y_pred: [batch,
/// size], of length 1, as UnitNormalization gives. With the distance d = max(1 - cosine, 0), m the
/// margin, and sums over the other samples of its class (p) and those of other classes (n):
///   softplus(ln sum_p exp(-gamma (m + d) (m - d))
///            + ln sum_n exp(gamma max(1 + m - d, 0) (1 - m - d)))
/// One value a sample; one that has no other of its class in the batch, or no other class, is 0,
/// and values of 0 are left out of a mean. Name: "circle". Throws ShapeError, and ValueError for class
/// numbers that are not whole. Source: Sun et al. 2020, arXiv:2002.10857.
class Circle : public LossRef {
 public:
  explicit Circle(const CircleOptions& options = {});
};

/// The values of the samples against embeddings beside the batch: ref_labels [n] or [n, 1],
/// ref_embeddings [n, size]. With `remove_diagonal` sample i is no neighbour of embedding i.
Variable circle(const Variable& y_true, const Variable& y_pred, const Tensor& ref_labels,
                const Variable& ref_embeddings, const CircleOptions& options = {});

}  // namespace keratin::losses
