#pragma once

#include <string>
#include <string_view>

namespace keratin {

/// Keras' snake_case of a class name: "Conv2D" -> "conv2d", "MaxPooling2D" -> "max_pooling2d",
/// "ReLU" -> "re_lu".
std::string snake_case(std::string_view class_name);

/// A name that this process has not given yet: "dense", then "dense_1", "dense_2" ...
std::string unique_name(const std::string& base);

/// Starts the counters of unique_name anew.
void clear_session();

}  // namespace keratin
