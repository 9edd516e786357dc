// Means over samples of losses of the same names, without a gradient; where predictions carry a
// mask, over what it counts.
#pragma once

#include <cstdint>
#include <optional>

#include "nn/metric.h"

namespace keratin::metrics {

struct BinaryCrossentropyOptions {
  std::string name = "binary_crossentropy";
  DTypePolicy dtype = {};
  bool from_logits = false;
  double label_smoothing = 0;

  void fields(Fields& f) {
    f("name", name);
    f("from_logits", from_logits);
    f("label_smoothing", label_smoothing);
  }
};
class BinaryCrossentropy : public MetricRef {
 public:
  explicit BinaryCrossentropy(const BinaryCrossentropyOptions& options = {});
};

struct CategoricalCrossentropyOptions {
  std::string name = "categorical_crossentropy";
  DTypePolicy dtype = {};
  bool from_logits = false;
  double label_smoothing = 0;
  int axis = -1;

  void fields(Fields& f) {
    f("name", name);
    f("from_logits", from_logits);
    f("label_smoothing", label_smoothing);
    f("axis", axis);
  }
};
class CategoricalCrossentropy : public MetricRef {
 public:
  explicit CategoricalCrossentropy(const CategoricalCrossentropyOptions& options = {});
};

struct SparseCategoricalCrossentropyOptions {
  std::string name = "sparse_categorical_crossentropy";
  DTypePolicy dtype = {};
  bool from_logits = false;
  std::optional<std::int64_t> ignore_class = {};  // its samples count as 0 in the mean, as in Keras
  int axis = -1;

  void fields(Fields& f) {
    f("name", name);
    f("from_logits", from_logits);
    f("ignore_class", ignore_class);
    f("axis", axis);
  }
};
class SparseCategoricalCrossentropy : public MetricRef {
 public:
  explicit SparseCategoricalCrossentropy(const SparseCategoricalCrossentropyOptions& options = {});
};

class KLDivergence : public MetricRef {
 public:
  explicit KLDivergence(const MetricOptions& options = {});
};
class Poisson : public MetricRef {
 public:
  explicit Poisson(const MetricOptions& options = {});
};
class Hinge : public MetricRef {
 public:
  explicit Hinge(const MetricOptions& options = {});
};
class SquaredHinge : public MetricRef {
 public:
  explicit SquaredHinge(const MetricOptions& options = {});
};
class CategoricalHinge : public MetricRef {
 public:
  explicit CategoricalHinge(const MetricOptions& options = {});
};

}  // namespace keratin::metrics
