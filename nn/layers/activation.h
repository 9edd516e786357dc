#pragma once

#include <optional>

#include "nn/activations.h"
#include "nn/layer.h"

namespace keratin::layers {

struct ActivationOptions {
  keratin::Activation activation = {};  // required
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("activation", activation); }
};
/// Applies an activation, element by element or (softmax) along an axis. Same shape.
class Activation : public LayerRef {
 public:
  explicit Activation(const ActivationOptions& options);
  explicit Activation(const keratin::Activation& activation)
      : Activation(ActivationOptions{.activation = activation}) {}
};

struct ReLUOptions {
  std::optional<double> max_value = {};
  double negative_slope = 0;
  double threshold = 0;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("max_value", max_value);
    f("negative_slope", negative_slope);
    f("threshold", threshold);
  }
};
/// x where x > threshold, else negative_slope (x - threshold); at most max_value. Same shape.
/// Throws ValueError for negative options.
class ReLU : public LayerRef {
 public:
  explicit ReLU(const ReLUOptions& options = {});
};

struct LeakyReLUOptions {
  double negative_slope = 0.3;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("negative_slope", negative_slope); }
};
/// x where x > 0, else negative_slope x. Same shape. Throws ValueError for a negative slope.
class LeakyReLU : public LayerRef {
 public:
  explicit LeakyReLU(const LeakyReLUOptions& options = {});
};

struct ELUOptions {
  double alpha = 1;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("alpha", alpha); }
};
/// x where x >= 0, else alpha (e^x - 1). Same shape.
class ELU : public LayerRef {
 public:
  explicit ELU(const ELUOptions& options = {});
};

struct SoftmaxOptions {
  int axis = -1;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("axis", axis); }
};
/// Probabilities along an axis. Same shape. A mask of the input's own shape takes what does not
/// count out: its score becomes -1e9, its probability 0.
class Softmax : public LayerRef {
 public:
  explicit Softmax(const SoftmaxOptions& options = {});
};

}  // namespace keratin::layers
