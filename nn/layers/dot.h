#pragma once

#include "nn/layer.h"

namespace keratin::layers {

/// One axis for both inputs, or one each: -1 or {1, 2}.
struct DotAxes {
  DotAxes(int both) : first(both), second(both) {}
  DotAxes(int of_first, int of_second) : first(of_first), second(of_second) {}

  int first, second;
};

struct DotOptions {
  DotAxes axes = 0;  // required; 0 is the batch
  bool normalize = false;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    std::vector<int> both{axes.first, axes.second};
    f("axes", both);
    if (both.size() == 1) both.push_back(both[0]);
    if (both.size() == 2) axes = {both[0], both[1]};
    f("normalize", normalize);
  }
};

/// Products of the samples of two inputs, summed over one axis each:
///   y[n, i, j] = sum over k of a[n, i, k] b[n, k, j]   for axes {2, 1}
/// with `normalize` of vectors scaled to length 1 along these axes: their cosine. The result has
/// the batch, the other axes of the first, then those of the second; [batch, 1] where there are
/// none. Throws ValueError (the batch's axis, not two inputs), ShapeError (ranks, sizes along the
/// axes).
///
///     auto similarity = layers::Dot({.axes = 1, .normalize = true})({query, document});
class Dot : public LayerRef {
 public:
  explicit Dot(const DotOptions& options);
};

}  // namespace keratin::layers
