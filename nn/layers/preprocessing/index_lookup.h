// The table under StringLookup, IntegerLookup and TextVectorization: tokens to indices by Keras'
// rules, and the vocabulary learned by counting.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "nn/layers/preprocessing/encoding.h"
#include "nn/layers/preprocessing/token_counts.h"
#include "tensor/tensor.h"

namespace keratin::layers::detail {

/// Finds std::string keys by std::string_view.
struct TokenHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
  std::size_t operator()(std::int64_t value) const { return std::hash<std::int64_t>{}(value); }
};
template <class Token, class Value>
using TokenMap = std::unordered_map<Token, Value, TokenHash, std::equal_to<>>;

template <class Token>
struct LookupRules {
  const char* layer = "";  // the class, for messages
  std::optional<std::int64_t> max_tokens = {};
  std::int64_t num_oov_indices = 1;
  std::optional<Token> mask_token = {};
  std::optional<Token> oov_token = {};
  bool invert = false;
  OutputMode mode = OutputMode::Int;
  bool pad_to_max_tokens = false;
  bool hashed_oov = true;  // several OOV indices by hash; false: by remainder, for integers
  std::optional<std::array<std::uint64_t, 2>> salt = {};
};

/// Indices: the mask's, in Int mode only, then those for unknown tokens (OOV), then the vocabulary.
/// Reading it is safe on several threads.
template <class Token>
class IndexLookup {
 public:
  /// Throws ValueError for rules that contradict each other.
  explicit IndexLookup(LookupRules<Token> rules);

  const LookupRules<Token>& rules() const { return rules_; }
  bool has_vocabulary() const { return known_; }
  /// Indices there are, those of the mask and of unknown tokens among them.
  std::int64_t size() const { return first_token() + static_cast<std::int64_t>(tokens_.size()); }
  /// The last axis of encoded results: size(), or max_tokens where padded to it.
  std::int64_t depth() const { return rules_.pad_to_max_tokens ? *rules_.max_tokens : size(); }
  std::int64_t first_oov() const {
    return rules_.mask_token && rules_.mode == OutputMode::Int ? 1 : 0;
  }
  std::int64_t first_token() const { return first_oov() + rules_.num_oov_indices; }

  /// With the mask and OOV tokens exactly at the front, or without any. `idf`: one for each of
  /// `tokens`, in TfIdf mode only. Throws ValueError; nothing is changed then.
  void set_vocabulary(std::vector<Token> tokens, std::optional<std::vector<double>> idf);
  /// The most frequent tokens; of equally frequent ones the greater first. idf(t) is
  /// ln(1 + documents / (1 + documents with t)), of unknown tokens the mean.
  void learn(TokenCounts<Token>& counts);
  std::vector<Token> vocabulary(bool include_special_tokens) const;

  /// Inverse document frequencies, [depth], in the type of the results; undefined outside of TfIdf
  /// mode and before there is a vocabulary.
  const Tensor& idf() const { return idf_; }
  void set_idf(const Tensor& idf) { idf_ = idf; }
  /// For a vocabulary whose frequencies are read later.
  void set_vocabulary_without_idf(std::vector<Token> tokens);

  /// The index of one token; -1 for the mask outside of Int mode. Throws ValueError for an unknown
  /// one where there are no OOV indices.
  std::int64_t index_of(TokenView<Token> token) const;
  /// The token of an index: the mask token's for 0, the OOV token for what is none.
  const Token& token_at(std::int64_t index) const;

 private:
  // Without the special tokens that it may begin with; says whether it did.
  bool strip_special(std::vector<Token>& tokens) const;
  void check(const std::vector<Token>& tokens) const;
  void take(std::vector<Token> tokens);
  void take_idf(const std::vector<double>& of_tokens, const std::vector<double>& of_special);
  std::int64_t oov_index(TokenView<Token> token) const;

  LookupRules<Token> rules_;
  bool known_ = false;
  std::vector<Token> tokens_;
  TokenTable<Token> table_;
  Tensor idf_;
};

/// A token as messages show it.
std::string shown(std::string_view token);
std::string shown(std::int64_t token);

extern template class IndexLookup<std::string>;
extern template class IndexLookup<std::int64_t>;

}  // namespace keratin::layers::detail
