#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "nn/layer.h"

namespace keratin::layers {

struct IntegerLookupOptions {
  std::optional<std::int64_t> max_tokens = {};  // with those for the mask and for unknown tokens
  std::int64_t num_oov_indices = 1;             // how many indices unknown tokens share
  std::optional<std::int64_t> mask_token = {};
  std::int64_t oov_token = -1;
  std::vector<std::int64_t> vocabulary = {};  // instead of adapt
  std::vector<double> idf_weights = {};       // with a vocabulary in tf_idf mode
  bool invert = false;                        // indices to tokens
  std::string output_mode = "int";            // int, one_hot, multi_hot, count, tf_idf
  bool pad_to_max_tokens = false;  // max_tokens wide results, however many tokens there are
  std::string name = {};
  std::string oov_method = "floormod";  // of unknown tokens: by remainder; farmhash: by hash
  std::vector<std::int64_t> salt = {};  // with farmhash, one or two numbers: SipHash instead
  std::optional<std::int64_t> vocabulary_size = {};  // from files, for a vocabulary that follows

  void fields(Fields& f);
};

/// Integers to the indices of a vocabulary, and back (invert): as StringLookup, but for unknown
/// tokens, whose index among several is the token modulo num_oov_indices. Inputs of floating types
/// are cut to whole numbers.
///
///     layers::IntegerLookup lookup({.vocabulary = {12, 1138, 42}});
///     lookup(Tensor::numbers({1138, 7}));  // [2, 0]
class IntegerLookup : public LayerRef {
 public:
  explicit IntegerLookup(const IntegerLookupOptions& options = {});
  /// As StringLookup's.
  void adapt(const Tensor& data);
  void adapt(const Dataset& data);
  void set_vocabulary(std::vector<std::int64_t> vocabulary, std::vector<double> idf_weights = {});
  std::vector<std::int64_t> get_vocabulary(bool include_special_tokens = true) const;
  std::int64_t vocabulary_size() const;
};

}  // namespace keratin::layers
