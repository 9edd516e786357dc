#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace keratin {

struct DrawImagesOptions {
  /// A line under each image.
  std::vector<std::string> captions = {};
  /// "blocks": Unicode's half blocks and shades, two pixels a character; "ramp": ASCII letters of
  /// more and more ink.
  std::string style = "blocks";
  /// Characters across one image. 0: its pixels, or the line where that is less.
  std::int64_t width = 0;
  /// Characters in a line. 0: as many as the terminal has.
  std::int64_t columns = 0;
};

/// Grey images as text, side by side; bright pixels are the text's colour. `style` decides how.
/// images: [N, H, W] or [N, H, W, 1]; uint8, or floating in [0, 1]; a pixel that is NaN shows as
/// "?". Throws ShapeError, DTypeError, ValueError.
///
///     fmt::print("{}", draw_images(x.slice(0, 4), {.captions = prediction_captions(p, y)}));
std::string draw_images(const Tensor& images, const DrawImagesOptions& options = {});

struct PredictionCaptionsOptions {
  /// One a class; not given: 0, 1, 2 ...
  std::vector<std::string> class_names = {};
};

/// What a model says of each sample: "7 (99 %)", or "4, is 9" where that is wrong.
/// y_pred: probabilities, floating [N, C], or labels, integers [N], which have no percentage.
/// y_true: integers [N] or [N, 1], or not set. Throws ShapeError, DTypeError, ValueError.
std::vector<std::string> prediction_captions(const Tensor& y_pred, const Tensor& y_true = {},
                                             const PredictionCaptionsOptions& options = {});

}  // namespace keratin
