// Random transforms of images by a matrix an image, for the layers here.
#pragma once

#include <algorithm>
#include <array>

#include "autograd/ops/affine_transform.h"
#include "nn/layers/preprocessing/image_layer.h"

namespace keratin::layers {

/// a0 a1 a2 b0 b1 b2 c0 c1 of affine_transform.
using Matrix = std::array<float, 8>;

/// Each image of the batch transformed by matrix_of(its number).
template <class MatrixOf>
Variable transformed(const Variable& images, const AffineTransformOptions& how,
                     MatrixOf matrix_of) {
  const std::int64_t batch = images.shape()[0];
  Tensor matrices = Tensor::empty({batch, 8});
  for (std::int64_t n = 0; n < batch; ++n) {
    const Matrix m = matrix_of(n);
    std::copy(m.begin(), m.end(), matrices.mutable_data<float>() + 8 * n);
  }
  return affine_transform(images, matrices, how);
}

/// The same from a layer's options.
template <class Options>
AffineTransformOptions transform_options(const char* class_name, const Options& options) {
  const AffineTransformOptions how{options.interpolation, options.fill_mode, options.fill_value};
  keratin::detail::check_affine_transform_options(class_name, how);
  return how;
}

}  // namespace keratin::layers
