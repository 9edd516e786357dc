// Everything that a program uses:
//
//   #include <keratin/keratin.h>
//
// The library itself never includes this header.
#pragma once

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "autograd/text.h"
#include "autograd/variable.h"
#include "data/dataset.h"
#include "data/datasets/digits.h"
#include "data/datasets/mnist.h"
#include "data/idx.h"
#include "keratin/build_config.h"
#include "kernels/error.h"
#include "kernels/ladder.h"
#include "kernels/parallel.h"
#include "nn/activations.h"
#include "nn/callback.h"
#include "nn/callbacks/lambda_callback.h"
#include "nn/dtype_policy.h"
#include "nn/initializers.h"
#include "nn/inspect/plot_history.h"
#include "nn/inspect/progress_bar.h"
#include "nn/inspect/summary.h"
#include "nn/layer.h"
#include "nn/layers/activation.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/concatenate.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/layers/flatten.h"
#include "nn/layers/merge.h"
#include "nn/layers/pooling.h"
#include "nn/layers/rescaling.h"
#include "nn/layers/reshape.h"
#include "nn/layers/zero_padding.h"
#include "nn/losses/binary_crossentropy.h"
#include "nn/losses/categorical_crossentropy.h"
#include "nn/losses/mean_absolute_error.h"
#include "nn/losses/mean_squared_error.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/metrics/accuracy.h"
#include "nn/metrics/mean.h"
#include "nn/model/model.h"
#include "nn/model/sequential.h"
#include "nn/names.h"
#include "nn/optimizers/adam.h"
#include "nn/optimizers/adamw.h"
#include "nn/optimizers/rmsprop.h"
#include "nn/optimizers/sgd.h"
#include "nn/regularizers.h"
#include "nn/schedules/cosine_decay.h"
#include "nn/symbolic.h"
#include "tensor/cast.h"
#include "tensor/compare.h"
#include "tensor/device.h"
#include "tensor/one_hot.h"
#include "tensor/random.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"
#include "tensor/text.h"
#include "tensor/time.h"

namespace keratin {

/// "0.1.0": of the headers that a program was compiled with.
constexpr const char* version() { return KERATIN_VERSION; }

}  // namespace keratin
