#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/activations.h"
#include "nn/layer.h"

namespace keratin::layers {

struct Conv1DTransposeOptions {
  std::int64_t filters = 0;      // required
  std::int64_t kernel_size = 0;  // required
  std::int64_t strides = 1;
  std::string padding = "valid";                    // or "same"
  std::optional<std::int64_t> output_padding = {};  // below strides; not given: what these ask for
  std::string data_format = {};                     // channels_last only
  std::int64_t dilation_rate = 1;
  keratin::Activation activation = {};
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  bool trainable = true;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("filters", filters);
    f.list_of_one("kernel_size", kernel_size);
    f.list_of_one("strides", strides);
    f("padding", padding);
    std::vector<std::int64_t> list;  // of one, or null
    if (output_padding) list.push_back(*output_padding);
    f("output_padding", list);
    if (!list.empty()) output_padding = list[0];
    f.data_format(data_format);
    f.list_of_one("dilation_rate", dilation_rate);
    f("activation", activation);
    f("use_bias", use_bias);
    f("kernel_initializer", kernel_initializer);
    f("bias_initializer", bias_initializer);
    f("kernel_regularizer", kernel_regularizer);
    f("bias_regularizer", bias_regularizer);
    f.if_given("activity_regularizer", activity_regularizer);
    f("kernel_constraint", kernel_constraint);
    f("bias_constraint", bias_constraint);
  }
};

/// y = activation(the transpose of a convolution of x along time + bias): sequences grow by their
/// strides; see Conv2DTranspose, an image of one row.
/// x: [batch, time, in] -> [batch, time', filters]. Weights: kernel [k, filters, in], bias [filters].
/// Throws ValueError for options out of range, strides together with a dilation among them;
/// ShapeError (rank, channels).
class Conv1DTranspose : public LayerRef {
 public:
  explicit Conv1DTranspose(const Conv1DTransposeOptions& options);
};

}  // namespace keratin::layers
