// Layers that are noisy in training and pass their input at inference. Each call draws anew: from
// the layer's own seed and the number of the call, so that the same run has the same noise.
#pragma once

#include <cstdint>
#include <optional>

#include "nn/layer.h"

namespace keratin::layers {

struct SpatialDropout1DOptions {
  double rate = -1;  // required, 0 to 1
  std::optional<std::int64_t> seed = {};
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("rate", rate);
    f("seed", seed);
  }
};
/// Drops whole channels of a sequence: one draw a sample and channel, the others divided by 1 -
/// rate. x: [batch, time, channels]. Throws ValueError (rate), ShapeError (rank).
/// Source: Tompson et al. 2015.
class SpatialDropout1D : public LayerRef {
 public:
  explicit SpatialDropout1D(const SpatialDropout1DOptions& options);
};

struct SpatialDropout2DOptions {
  double rate = -1;              // required, 0 to 1
  std::string data_format = {};  // channels_last only
  std::optional<std::int64_t> seed = {};
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("rate", rate);
    f("seed", seed);
    f.data_format(data_format);
  }
};
/// The same for the feature maps of images, [batch, height, width, channels].
class SpatialDropout2D : public LayerRef {
 public:
  explicit SpatialDropout2D(const SpatialDropout2DOptions& options);
};

struct AlphaDropoutOptions {
  double rate = -1;                    // required, 0 to less than 1
  Shape noise_shape = Shape::unset();  // which axes are drawn apart; None takes the input's size
  std::optional<std::int64_t> seed = {};
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("rate", rate);
    f("seed", seed);
    f("noise_shape", noise_shape);
  }
};
/// Dropout for selu: dropped elements become selu's lowest value, a' = -1.7581, and all are scaled
/// and shifted so that mean 0 and variance 1 stay.   y = a (x or a') + b,
///   a = ((1 - rate) (1 + rate a'^2))^-1/2,  b = -a a' rate
/// Any shape. Throws ValueError (rate, and noise_shape of another rank). Source: Klambauer et al.
/// 2017.
class AlphaDropout : public LayerRef {
 public:
  explicit AlphaDropout(const AlphaDropoutOptions& options);
};

struct GaussianNoiseOptions {
  double stddev = -1;  // required, 0 to 1
  std::optional<std::int64_t> seed = {};
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("stddev", stddev);
    f("seed", seed);
  }
};
/// y = x + stddev n, with n normal. Any shape. Throws ValueError (stddev).
class GaussianNoise : public LayerRef {
 public:
  explicit GaussianNoise(const GaussianNoiseOptions& options);
};

struct GaussianDropoutOptions {
  double rate = -1;  // required, 0 to less than 1
  std::optional<std::int64_t> seed = {};
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("rate", rate);
    f("seed", seed);
  }
};
/// y = x (1 + sqrt(rate / (1 - rate)) n), with n normal. Any shape. Throws ValueError (rate; Keras
/// lets 1 pass, and divides by 0). Source: Srivastava et al. 2014, section 10.
class GaussianDropout : public LayerRef {
 public:
  explicit GaussianDropout(const GaussianDropoutOptions& options);
};

}  // namespace keratin::layers
