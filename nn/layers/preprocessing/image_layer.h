// What the layers that take images share.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "autograd/ops/reshape.h"
#include "kernels/random/philox.h"
#include "nn/layers/configured_layer.h"
#include "nn/options.h"
#include "nn/seed_generator.h"
#include "tensor/resize_images.h"

namespace keratin::layers {

/// Takes [batch, height, width, channels], or one image without the batch axis, of any numbers and
/// any size, and gives the compute dtype.
template <class Options>
class ImageLayer : public ConfiguredLayer<Options> {
 public:
  void check_inputs(const std::vector<Spec>& inputs) const override {
    this->require_count(inputs);
    const Spec& x = inputs[0];
    if (!keratin::detail::are_images(x.shape)) keratin::detail::require_images(this->label(), x);
    if (x.dtype == string || x.dtype == boolean) {
      throw DTypeError(fmt::format("{}: input is {}; expected numbers", this->label(), x.text()));
    }
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    check_inputs(inputs);
    return {this->floating_spec(inputs[0])};
  }

 protected:
  ImageLayer(const char* class_name, const Options& options)
      : ConfiguredLayer<Options>(class_name, options) {
    require_channels_last(class_name, options.data_format);
    this->set_works_on_cpu_only(true);
  }

  /// For layers whose results have a size of their own.
  void require_size(const char* class_name) const {
    const auto& o = this->options_;
    if (o.height >= 1 && o.width >= 1 && o.height <= kLargest && o.width <= kLargest) return;
    throw ValueError(fmt::format("{}: height is {} and width {}; expected 1 to {} each", class_name,
                                 o.height, o.width, kLargest));
  }
  std::vector<Spec> sized_output(const std::vector<Spec>& inputs) const {
    check_inputs(inputs);
    Spec y = this->floating_spec(inputs[0]);
    y.shape =
        keratin::detail::with_image_size(y.shape, this->options_.height, this->options_.width);
    return {y};
  }

  /// f of x with a batch axis; one image is a batch of one and comes back as one.
  template <class F>
  static Variable as_batch(const Variable& x, F f) {
    if (x.rank() == 4) return f(x);
    const Variable y = f(reshape(x, Shape{1}.joined(x.shape())));
    return reshape(y, y.shape().slice(1, 4));
  }

 private:
  static constexpr std::int64_t kLargest = std::int64_t{1} << 30;
};

/// Random numbers of one call: each depends on the call, the image and its own place only.
class Draws {
 public:
  explicit Draws(RandomStream stream) : key_{stream.seed, stream.stream} {}
  /// In [low, high); low where they are equal. At most 2^16 places an image.
  double uniform(std::int64_t image, int place, double low, double high) const {
    const auto words = kernels::philox(
        key_, (static_cast<std::uint64_t>(image) << 16) + static_cast<unsigned>(place));
    return low + (high - low) * kernels::unit_double(words[0], words[1]);
  }
  /// One of first .. last.
  std::int64_t integer(std::int64_t image, int place, std::int64_t first, std::int64_t last) const {
    const double count = static_cast<double>(last - first + 1);
    return first + static_cast<std::int64_t>(uniform(image, place, 0, count));
  }

 private:
  kernels::PhiloxKey key_;
};

/// Changes images at random in training, and lets them through otherwise. Called by itself, not by
/// a model, it is in training unless told otherwise.
template <class Options>
class RandomImageLayer : public ImageLayer<Options> {
 public:
  bool training_by_default() const override { return true; }
  SeedGenerator* seed_generator() override { return &seeds_; }
  Variable call(const Variable& x, CallContext context) override {
    const Variable images = this->as_floating(x);
    if (!context.training.value_or(true)) return images;
    const Draws draws(seeds_.next());
    return this->as_batch(images,
                          [&](const Variable& batch) { return this->augment(batch, draws); });
  }

 protected:
  RandomImageLayer(const char* class_name, const Options& options)
      : ImageLayer<Options>(class_name, options), seeds_(options.seed) {}
  /// images: [batch, height, width, channels], of a floating type.
  virtual Variable augment(const Variable& images, const Draws& draws) = 0;

  SeedGenerator seeds_;
};

}  // namespace keratin::layers
