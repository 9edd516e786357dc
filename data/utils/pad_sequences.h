#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace keratin::data {

/// What fills up a sequence: a number, or a text where sequences are of strings.
struct Padding {
  Padding(double value) : number(value) {}
  Padding(const char* value) : text(value) {}
  Padding(std::string value) : text(std::move(value)) {}
  std::optional<double> number = {};
  std::string text = {};
};

struct PadSequencesOptions {
  /// Not given: the length of the longest.
  std::optional<std::int64_t> maxlen = {};
  DType dtype = int32;
  std::string padding = "pre";     // where to fill up: "pre", "post"
  std::string truncating = "pre";  // where to cut what is longer than maxlen: "pre", "post"
  Padding value = 0.0;
};

namespace detail {
Tensor pad_sequences(const std::vector<Tensor>& sequences, const PadSequencesOptions& options);
}

/// Sequences of different lengths as rows of one tensor: [sequences.size(), maxlen] and the shape
/// of a step. As in Keras zeros go in front and long sequences lose their beginning, unless options
/// say otherwise. Throws ValueError where `dtype` would change a number (2.5 as int32; Keras cuts),
/// ShapeError where steps differ in shape, DTypeError for strings among numbers.
///
///     data::pad_sequences({{1, 2, 3}, {4}});  // [[1, 2, 3], [0, 0, 4]]
Tensor pad_sequences(const std::vector<std::vector<std::int64_t>>& sequences,
                     const PadSequencesOptions& options = {});
template <class T>  // a template, as braces would otherwise mean tensors, too
requires(std::floating_point<T> || std::same_as<T, std::int32_t>) Tensor
    pad_sequences(const std::vector<std::vector<T>>& sequences,
                  const PadSequencesOptions& options = {}) {
  std::vector<Tensor> tensors;
  for (const std::vector<T>& sequence : sequences) tensors.push_back(Tensor::from(sequence));
  return detail::pad_sequences(tensors, options);
}
template <std::same_as<Tensor> T>
Tensor pad_sequences(const std::vector<T>& sequences, const PadSequencesOptions& options = {}) {
  return detail::pad_sequences(sequences, options);
}

}  // namespace keratin::data
