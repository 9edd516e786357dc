#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct IdentityOptions {
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields&) {}
};
/// Its input as it is; one of any shape.
class Identity : public LayerRef {
 public:
  explicit Identity(const IdentityOptions& options = {});
};

struct ActivityRegularizationOptions {
  double l1 = 0;
  double l2 = 0;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("l1", l1);
    f("l2", l2);
  }
};
/// Its input as it is; adds (l1 sum |x| + l2 sum x^2) / batch to the loss. Throws ValueError for
/// negative factors.
class ActivityRegularization : public LayerRef {
 public:
  explicit ActivityRegularization(const ActivityRegularizationOptions& options = {});
};

}  // namespace keratin::layers
