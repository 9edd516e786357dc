// How the layers for categories give their indices: as they are, or as rows of zeros and ones.
#pragma once

#include <initializer_list>
#include <string>

#include "tensor/tensor.h"

namespace keratin::layers::detail {

enum class OutputMode { Int, OneHot, MultiHot, Count, TfIdf };

/// "int", "one_hot", "multi_hot", "count", "tf_idf", and Keras' older "binary" (multi_hot) and
/// "tf-idf". Throws ValueError naming `layer` for another, and for one that is not `allowed`.
OutputMode output_mode_of(const char* layer, const std::string& name,
                          std::initializer_list<OutputMode> allowed);
const char* name_of(OutputMode mode);

/// The shape of encoded(): the input's for Int. OneHot: a last axis of 1 is taken away where it is
/// not the only one, then [..., depth]. The others: the last axis is the sample's, and becomes
/// `depth`; a scalar is a sample of one.
Shape encoded_shape(const Shape& input, OutputMode mode, std::int64_t depth);

/// Indices of 0 to depth - 1, int64 of any shape, encoded; negative ones count for nothing (not in
/// Int). Count and TfIdf add 1 each, or `weights`, of the shape of the indices and of type `dtype`.
/// The result has encoded_shape and is of type `dtype` (Int: int64).
Tensor encoded(const Tensor& indices, OutputMode mode, std::int64_t depth, DType dtype,
               const Tensor& weights = {});

}  // namespace keratin::layers::detail
