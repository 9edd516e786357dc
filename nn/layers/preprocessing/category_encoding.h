#pragma once

#include <cstdint>
#include <string>

#include "nn/layer.h"

namespace keratin::layers {

struct CategoryEncodingOptions {
  std::int64_t num_tokens = 0;            // required: how many categories there are
  std::string output_mode = "multi_hot";  // one_hot, multi_hot, count
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("num_tokens", num_tokens);
    f("output_mode", output_mode);
  }
};

/// Category numbers to rows of zeros and ones, or counts, in the compute dtype.
/// x: integers of 0 to num_tokens - 1 of any shape; floating types are cut to whole numbers. one_hot:
/// [..., num_tokens] for each element, a last axis of 1 goes away; multi_hot and count:
/// [..., num_tokens] for the elements of the last axis together. Called on two inputs in count mode,
/// the second has the weight of each element, to be added instead of 1.
/// Throws ValueError (options; a number out of range, with its place), ShapeError, DTypeError.
class CategoryEncoding : public LayerRef {
 public:
  explicit CategoryEncoding(const CategoryEncodingOptions& options);
};

}  // namespace keratin::layers
