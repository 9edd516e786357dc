#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "nn/layer.h"

namespace keratin::layers {

struct StringLookupOptions {
  std::optional<std::int64_t> max_tokens = {};  // with those for the mask and for unknown tokens
  std::int64_t num_oov_indices = 1;             // how many indices unknown tokens share, by hash
  std::optional<std::string> mask_token = {};
  std::string oov_token = "[UNK]";
  std::vector<std::string> vocabulary = {};  // instead of adapt
  std::vector<double> idf_weights = {};      // with a vocabulary in tf_idf mode
  bool invert = false;                       // indices to tokens
  std::string output_mode = "int";           // int, one_hot, multi_hot, count, tf_idf
  bool pad_to_max_tokens = false;  // max_tokens wide results, however many tokens there are
  std::string encoding = "utf-8";
  std::string name = {};
  std::vector<std::int64_t> salt = {};  // one or two numbers: SipHash with them as the key
  std::optional<std::int64_t> vocabulary_size = {};  // from files, for a vocabulary that follows

  void fields(Fields& f);
};

/// Strings to the indices of a vocabulary, and back (invert).
///   index: the mask token's is 0, where there is one; then num_oov_indices for unknown tokens; then
///   the vocabulary, the most frequent token first, of equally frequent ones the greater in bytes
/// int gives int64 of the input's shape. In the other modes indices have no place for the mask:
/// one_hot gives [..., depth] for each element (a last axis of 1 goes away); multi_hot, count and
/// tf_idf give [..., depth] for the elements of the last axis together, int64 or, tf_idf, the compute
/// dtype: count * idf with idf(t) = ln(1 + documents / (1 + documents with t)), and of unknown
/// tokens the mean idf. depth: vocabulary_size(), or max_tokens where padded to it.
/// Throws ValueError (options, an unknown token where num_oov_indices is 0, no vocabulary yet),
/// DTypeError.
///
///     layers::StringLookup lookup({.output_mode = "one_hot"});
///     lookup.adapt(table["thal"]);
class StringLookup : public LayerRef {
 public:
  explicit StringLookup(const StringLookupOptions& options = {});
  /// Learns the vocabulary anew. Each element of one axis, and each row of two, is a document.
  void adapt(const Tensor& data);
  /// The same from the x of every element: rows of two axes are documents, an element of one axis
  /// is one.
  void adapt(const Dataset& data);
  /// With the special tokens exactly at the front, or without any. Throws ValueError and changes
  /// nothing for doubles, special tokens elsewhere, too many tokens, or another size than layers
  /// were built for.
  void set_vocabulary(std::vector<std::string> vocabulary, std::vector<double> idf_weights = {});
  std::vector<std::string> get_vocabulary(bool include_special_tokens = true) const;
  std::int64_t vocabulary_size() const;
};

}  // namespace keratin::layers
