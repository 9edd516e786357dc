#include "nn/layers/noise.h"

#include <cmath>

#include "autograd/ops/add.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/where.h"
#include "nn/layers/configured_layer.h"
#include "nn/options.h"
#include "nn/seed_generator.h"
#include "tensor/compare.h"
#include "tensor/random.h"

namespace keratin::layers {
namespace {

// In training y = noisy(x, a stream of random numbers), else x.
template <class Options>
class NoiseLayer final : public ConfiguredLayer<Options> {
 public:
  using Noisy = std::function<Variable(const Variable& x, RandomStream stream)>;

  NoiseLayer(const char* class_name, const Options& options, std::int64_t rank, Noisy noisy)
      : ConfiguredLayer<Options>(class_name, options),
        rank_(rank),
        noisy_(std::move(noisy)),
        seeds_(options.seed) {
    this->set_supports_masking(true);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    this->require_count(inputs);
    if (rank_ == 3) this->require_rank(inputs, 3, "[batch, time, channels]");
    if (rank_ == 4) this->require_rank(inputs, 4, "[batch, height, width, channels]");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {this->floating_spec(inputs[0])};
  }
  Variable call(const Variable& input, CallContext context) override {
    const Variable x = this->as_floating(input);
    if (!context.training.value_or(false) || !noisy_) return x;
    return noisy_(x, seeds_.next_on(x.value().device()));
  }
  SeedGenerator* seed_generator() override { return &seeds_; }

 private:
  std::int64_t rank_;
  Noisy noisy_;  // none: no noise was asked for
  SeedGenerator seeds_;
};

void require_range(const char* layer, const char* option, double value, bool one_too) {
  if (value >= 0 && (value < 1 || (one_too && value == 1))) return;
  throw ValueError(fmt::format("{}: {} is {}; expected 0 to {}1", layer, option, value,
                               one_too ? "" : "less than "));
}

// One draw a sample and channel.
template <class Options>
std::shared_ptr<Layer> spatial_dropout(const char* class_name, const Options& options,
                                       std::int64_t rank) {
  require_range(class_name, "rate", options.rate, true);
  typename NoiseLayer<Options>::Noisy noisy;
  if (options.rate > 0) {
    noisy = [rate = options.rate](const Variable& x, RandomStream stream) {
      Shape draws = x.shape();
      for (std::int64_t axis = 1; axis < draws.rank() - 1; ++axis) draws = draws.with(axis, 1);
      return x * dropout(ones(draws, x.dtype()).to(x.value().device()), rate, stream);
    };
  }
  return std::make_shared<NoiseLayer<Options>>(class_name, options, rank, std::move(noisy));
}

std::shared_ptr<Layer> alpha_dropout(const AlphaDropoutOptions& options) {
  require_range("AlphaDropout", "rate", options.rate, false);
  NoiseLayer<AlphaDropoutOptions>::Noisy noisy;
  if (options.rate > 0) {
    constexpr double kLowest = -1.7580993408473766;  // selu(-infinity)
    const double rate = options.rate;
    const double a = 1 / std::sqrt((1 - rate) * (1 + rate * kLowest * kLowest));
    noisy = [=, noise = options.noise_shape](const Variable& x, RandomStream stream) {
      Shape draws = x.shape();
      if (noise.is_set()) {
        if (noise.rank() != x.rank()) {
          throw ValueError(
              fmt::format("AlphaDropout: noise_shape is {}, the input {}; expected as many axes",
                          noise.text(), x.value().spec().text()));
        }
        for (std::int64_t axis = 0; axis < draws.rank(); ++axis) {
          if (noise[axis] != None) draws = draws.with(axis, noise[axis]);
        }
      }
      const Tensor kept =
          greater_equal(random_uniform(draws, 0, 1, float32, stream, x.value().device()), rate);
      return where(kept, x, kLowest) * a - a * kLowest * rate;
    };
  }
  return std::make_shared<NoiseLayer<AlphaDropoutOptions>>("AlphaDropout", options, 0,
                                                           std::move(noisy));
}

std::shared_ptr<Layer> gaussian_noise(const GaussianNoiseOptions& options) {
  require_range("GaussianNoise", "stddev", options.stddev, true);
  NoiseLayer<GaussianNoiseOptions>::Noisy noisy;
  if (options.stddev > 0) {
    noisy = [stddev = options.stddev](const Variable& x, RandomStream stream) {
      return x + randn(x.shape(), x.dtype(), stream, x.value().device()) * stddev;
    };
  }
  return std::make_shared<NoiseLayer<GaussianNoiseOptions>>("GaussianNoise", options, 0,
                                                            std::move(noisy));
}

std::shared_ptr<Layer> gaussian_dropout(const GaussianDropoutOptions& options) {
  require_range("GaussianDropout", "rate", options.rate, false);
  NoiseLayer<GaussianDropoutOptions>::Noisy noisy;
  if (options.rate > 0) {
    const double stddev = std::sqrt(options.rate / (1 - options.rate));
    noisy = [stddev](const Variable& x, RandomStream stream) {
      return x * (randn(x.shape(), x.dtype(), stream, x.value().device()) * stddev + 1.0);
    };
  }
  return std::make_shared<NoiseLayer<GaussianDropoutOptions>>("GaussianDropout", options, 0,
                                                              std::move(noisy));
}

}  // namespace

SpatialDropout1D::SpatialDropout1D(const SpatialDropout1DOptions& options)
    : LayerRef(spatial_dropout("SpatialDropout1D", options, 3)) {}
SpatialDropout2D::SpatialDropout2D(const SpatialDropout2DOptions& options)
    : LayerRef(spatial_dropout("SpatialDropout2D", options, 4)) {
  require_channels_last("SpatialDropout2D", options.data_format);
}
AlphaDropout::AlphaDropout(const AlphaDropoutOptions& options) : LayerRef(alpha_dropout(options)) {}
GaussianNoise::GaussianNoise(const GaussianNoiseOptions& options)
    : LayerRef(gaussian_noise(options)) {}
GaussianDropout::GaussianDropout(const GaussianDropoutOptions& options)
    : LayerRef(gaussian_dropout(options)) {}

}  // namespace keratin::layers
