#pragma once

#include <cstdint>
#include <vector>

#include "nn/layer.h"

namespace keratin::layers {

struct PermuteOptions {
  std::vector<int> dims = {};  // required; axis k of a sample becomes what axis dims[k] was, from 1
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("dims", dims); }
};

/// Puts the axes of each sample in another order; the batch stays first. {2, 1} takes [batch, t,
/// c] to [batch, c, t]. Throws ValueError unless dims names 1 .. n once each, ShapeError (rank).
class Permute : public LayerRef {
 public:
  explicit Permute(const PermuteOptions& options);
};

struct RepeatVectorOptions {
  std::int64_t n = 0;  // required
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("n", n); }
};

/// The same vector at every one of n steps.   [batch, features] -> [batch, n, features]
/// Throws ValueError (n), ShapeError (rank).
class RepeatVector : public LayerRef {
 public:
  explicit RepeatVector(const RepeatVectorOptions& options);
};

}  // namespace keratin::layers
