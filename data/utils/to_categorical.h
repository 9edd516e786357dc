#pragma once

#include <cstdint>
#include <optional>

#include "tensor/tensor.h"

namespace keratin::data {

/// Class numbers as rows of zeros with a one, for categorical_crossentropy.
/// y: any shape, integers, or floats that are whole numbers, from 0 on; a last axis of size 1 goes.
/// Result: float32, an axis of num_classes at the end; not given, the largest number + 1. Throws
/// ValueError for a number below 0 or not below num_classes (NumPy would count it from the end),
/// DTypeError for strings.
///
///     Tensor y = data::to_categorical(train.y, 10);  // u8[60000] -> f32[60000, 10]
Tensor to_categorical(const Tensor& y, std::optional<std::int64_t> num_classes = {});

}  // namespace keratin::data
