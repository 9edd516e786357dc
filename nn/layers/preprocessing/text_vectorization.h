#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "nn/layer.h"
#include "nn/layers/preprocessing/text_steps.h"

namespace keratin::layers {

struct TextVectorizationOptions {
  std::optional<std::int64_t> max_tokens = {};  // with those for padding and for unknown tokens
  Standardize standardize = "lower_and_strip_punctuation";
  Split split = "whitespace";
  Ngrams ngrams = {};
  std::string output_mode = "int";  // int, one_hot, multi_hot, count, tf_idf
  std::optional<std::int64_t> output_sequence_length = {};  // in int mode: cut or padded to it
  bool pad_to_max_tokens = false;  // max_tokens wide results, however many tokens there are
  std::vector<std::string> vocabulary = {};  // instead of adapt
  std::vector<double> idf_weights = {};      // with a vocabulary in tf_idf mode
  std::string encoding = "utf-8";
  bool trainable = true;  // there is nothing to train
  std::string name = {};
  std::optional<std::int64_t> vocabulary_size = {};  // from files, for a vocabulary that follows

  void fields(Fields& f);
};

/// Texts to indices of a vocabulary of tokens. Each text is standardized (ASCII letters lowered, the
/// 32 ASCII punctuation characters deleted, so that "don't" is "dont"), split at ASCII whitespace,
/// and tokens are joined to n-grams, " " between.
/// x: strings [batch] or [batch, 1]; where nothing splits, [batch, tokens] too. Result:
///   int: int64 [batch, output_sequence_length], the first tokens, 0 for padding and 1 for unknown
///     ones; without a length, as long as the longest text of the batch, and just [batch] where nothing
///     splits x [batch]
///   multi_hot, count, tf_idf: [batch, vocabulary_size()] without a place for padding, 0 for unknown
///     tokens; one_hot: [batch, longest, vocabulary_size()]. See StringLookup.
/// Throws ValueError (options; no vocabulary yet; texts that are not UTF-8, in adapt), DTypeError,
/// ShapeError. A function to standardize or to split is not saved: give such a text to a pipeline's
/// map instead, where the model is to be saved.
///
///     layers::TextVectorization vectorize({.max_tokens = 10000, .output_sequence_length = 200});
///     vectorize.adapt(train.map([](Example e) { return Example{e.x}; }));
///     auto x = layers::Embedding({.input_dim = 10000, .output_dim = 64})(vectorize(texts));
class TextVectorization : public LayerRef {
 public:
  explicit TextVectorization(const TextVectorizationOptions& options = {});
  /// Learns the vocabulary anew: the most frequent tokens, of equally frequent ones the greater in
  /// bytes. Each text is a document.
  void adapt(const Tensor& data);
  /// The same from the x of every element.
  void adapt(const Dataset& data);
  /// See StringLookup; the mask token is "", the token for unknown ones "[UNK]".
  void set_vocabulary(std::vector<std::string> vocabulary, std::vector<double> idf_weights = {});
  std::vector<std::string> get_vocabulary(bool include_special_tokens = true) const;
  std::int64_t vocabulary_size() const;
};

}  // namespace keratin::layers
