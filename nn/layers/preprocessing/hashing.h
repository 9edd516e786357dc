#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/layer.h"

namespace keratin::layers {

/// The category that Hashing keeps bin 0 for: a text or a number, as the inputs are.
class MaskValue {
 public:
  MaskValue() = default;  // none
  MaskValue(const char* text) : text_(text) {}
  MaskValue(std::string text) : text_(std::move(text)) {}
  MaskValue(std::int64_t number) : number_(number) {}
  MaskValue(int number) : number_(number) {}

  bool given() const { return text_ || number_; }
  const std::optional<std::string>& text() const { return text_; }
  const std::optional<std::int64_t>& number() const { return number_; }
  void fields(Fields& f);

 private:
  std::optional<std::string> text_;
  std::optional<std::int64_t> number_;
};

struct HashingOptions {
  std::int64_t num_bins = 0;            // required
  MaskValue mask_value = {};            // has bin 0 to itself
  std::vector<std::int64_t> salt = {};  // one or two numbers: SipHash with them as the key
  std::string output_mode = "int";      // int, one_hot, multi_hot, count
  std::string name = {};

  void fields(Fields& f);
};

/// Categories to bins by their hash, without a vocabulary: FarmHash's Fingerprint64 of the text, or
/// SipHash with a salt, modulo num_bins; the very bins of Keras. Strings or numbers (as decimal
/// texts; floating types are cut to whole numbers first) of any shape. With a mask_value bin 0 is
/// for it alone. int gives int64 of the input's shape, the other modes the compute dtype, shaped as
/// by CategoryEncoding.
/// Throws ValueError (options), DTypeError (bool; a mask_value of another kind than the input).
class Hashing : public LayerRef {
 public:
  explicit Hashing(const HashingOptions& options);
};

struct HashedCrossingOptions {
  std::int64_t num_bins = 0;        // required
  std::string output_mode = "int";  // int, one_hot
  std::string name = {};

  void fields(Fields& f);
};

/// The combination of two or more categories to bins by hash, as Keras and TensorFlow have it.
/// Inputs: strings or integers, all [batch] or all [batch, 1]. int gives int64 of their shape,
/// one_hot [batch, num_bins] in the compute dtype.
/// Throws ValueError (options; fewer than two inputs), ShapeError, DTypeError.
///
///     auto crossed = layers::HashedCrossing({.num_bins = 32})({country, age_group});
class HashedCrossing : public LayerRef {
 public:
  explicit HashedCrossing(const HashedCrossingOptions& options);
};

}  // namespace keratin::layers
