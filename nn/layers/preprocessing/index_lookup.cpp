#include "nn/layers/preprocessing/index_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/error.h"
#include "nn/layer.h"
#include "nn/layers/preprocessing/hash.h"
#include "tensor/cast.h"

namespace keratin::layers::detail {

std::string shown(std::string_view token) {
  constexpr std::size_t kLongest = 60;
  if (token.size() <= kLongest) return fmt::format("\"{}\"", token);
  return fmt::format("\"{}...\"", token.substr(0, kLongest));
}
std::string shown(std::int64_t token) { return std::to_string(token); }

template <class Token>
IndexLookup<Token>::IndexLookup(LookupRules<Token> rules) : rules_(std::move(rules)) {
  const auto refuse = [&](const std::string& text) {
    throw ValueError(fmt::format("{}: {}", rules_.layer, text));
  };
  if (rules_.max_tokens && *rules_.max_tokens <= 1) {
    refuse(fmt::format("max_tokens is {}; expected more than 1", *rules_.max_tokens));
  }
  if (rules_.num_oov_indices < 0) {
    refuse(fmt::format("num_oov_indices is {}; expected 0 or more", rules_.num_oov_indices));
  }
  if (rules_.max_tokens && *rules_.max_tokens < first_token()) {
    refuse(fmt::format("max_tokens is {}, but the mask and OOV tokens take {} already",
                       *rules_.max_tokens, first_token()));
  }
  if (rules_.pad_to_max_tokens && !rules_.max_tokens) {
    refuse("pad_to_max_tokens without max_tokens; give max_tokens too");
  }
  if (rules_.invert && rules_.mode != OutputMode::Int) {
    refuse(
        fmt::format("output_mode is \"{}\"; with invert it must be \"int\"", name_of(rules_.mode)));
  }
}

template <class Token>
bool IndexLookup<Token>::strip_special(std::vector<Token>& tokens) const {
  const auto first = static_cast<std::size_t>(first_token());
  if (first == 0 || tokens.size() < first) return false;
  for (std::size_t i = 0; i < first; ++i) {
    const bool is_mask = static_cast<std::int64_t>(i) < first_oov();
    const std::optional<Token>& special = is_mask ? rules_.mask_token : rules_.oov_token;
    if (!special || tokens[i] != *special) return false;
  }
  tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(first));
  return true;
}

template <class Token>
void IndexLookup<Token>::check(const std::vector<Token>& tokens) const {
  const std::int64_t size = first_token() + static_cast<std::int64_t>(tokens.size());
  if (rules_.max_tokens && size > *rules_.max_tokens) {
    throw ValueError(fmt::format(
        "{}: the vocabulary has {} tokens, with those for the mask and for unknown ones; "
        "max_tokens is {}",
        rules_.layer, size, *rules_.max_tokens));
  }
  TokenMap<Token, std::size_t> places;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto [found, added] = places.try_emplace(tokens[i], i);
    if (!added) {
      throw ValueError(fmt::format("{}: the vocabulary holds {} twice, at {} and {}", rules_.layer,
                                   shown(tokens[i]), found->second, i));
    }
    const bool is_mask = rules_.mask_token && tokens[i] == *rules_.mask_token;
    if (is_mask || (rules_.invert && rules_.oov_token && tokens[i] == *rules_.oov_token)) {
      throw ValueError(fmt::format(
          "{}: the vocabulary holds the {} token {} at {}; leave it and the like out, or have them "
          "at the front: the mask token once in int mode, then the OOV token {} times",
          rules_.layer, is_mask ? "mask" : "OOV", shown(tokens[i]), i, rules_.num_oov_indices));
    }
  }
}

template <class Token>
void IndexLookup<Token>::take(std::vector<Token> tokens) {
  tokens_ = std::move(tokens);
  table_ = TokenTable<Token>(tokens_);
  known_ = true;
}

template <class Token>
void IndexLookup<Token>::take_idf(const std::vector<double>& of_tokens,
                                  const std::vector<double>& of_special) {
  std::vector<double> all = of_special;
  all.insert(all.end(), of_tokens.begin(), of_tokens.end());
  all.resize(static_cast<std::size_t>(depth()), 0);
  idf_ = cast(Tensor::from(all), config::dtype_policy().variable_dtype());
}

template <class Token>
void IndexLookup<Token>::set_vocabulary(std::vector<Token> tokens,
                                        std::optional<std::vector<double>> idf) {
  const bool needs_idf = rules_.mode == OutputMode::TfIdf;
  if (idf.has_value() != needs_idf) {
    throw ValueError(fmt::format(
        "{}: {}", rules_.layer,
        needs_idf ? "a vocabulary in tf_idf mode needs its idf_weights"
                  : fmt::format("idf_weights in output_mode \"{}\"; they are for \"tf_idf\"",
                                name_of(rules_.mode))));
  }
  if (tokens.empty()) throw ValueError(fmt::format("{}: the vocabulary is empty", rules_.layer));
  if (needs_idf && idf->size() != tokens.size()) {
    throw ValueError(fmt::format("{}: {} idf_weights for a vocabulary of {}", rules_.layer,
                                 idf->size(), tokens.size()));
  }
  const bool had_special = strip_special(tokens);
  check(tokens);
  take(std::move(tokens));
  if (!needs_idf) return;
  const double mean =
      std::accumulate(idf->begin(), idf->end(), 0.0) / static_cast<double>(idf->size());
  take_idf(*idf,
           std::vector<double>(had_special ? 0 : static_cast<std::size_t>(first_token()), mean));
}

template <class Token>
void IndexLookup<Token>::set_vocabulary_without_idf(std::vector<Token> tokens) {
  if (tokens.empty()) throw ValueError(fmt::format("{}: the vocabulary is empty", rules_.layer));
  strip_special(tokens);
  check(tokens);
  take(std::move(tokens));
  if (rules_.mode != OutputMode::TfIdf) return;
  const DType dtype = config::dtype_policy().variable_dtype();
  keratin::detail::UnsetWeights* unset = keratin::detail::UnsetWeights::current();
  idf_ = unset != nullptr ? unset->make({depth()}, dtype) : zeros({depth()}, dtype);
}

template <class Token>
void IndexLookup<Token>::learn(TokenCounts<Token>& counts) {
  struct Entry {
    TokenView<Token> token;
    std::int64_t times, documents;
  };
  const typename TokenCounts<Token>::Part& all = counts.joined();
  std::vector<Entry> order;
  for (const auto& shard : all.shards()) {
    for (std::size_t i = 0; i < shard.tokens.size(); ++i) {
      const TokenView<Token> token = shard.tokens[i];
      const bool special = (rules_.mask_token && token == *rules_.mask_token) ||
                           (rules_.oov_token && token == *rules_.oov_token);
      if (!special) order.push_back({token, shard.seen[i].times, shard.seen[i].documents});
    }
  }
  const auto before = [](const Entry& a, const Entry& b) {
    if (a.times != b.times) return a.times > b.times;
    return a.token > b.token;  // strings by their bytes, as char_traits compares them unsigned
  };
  std::size_t kept = order.size();
  if (rules_.max_tokens) {
    kept = std::min(kept, static_cast<std::size_t>(*rules_.max_tokens - first_token()));
  }
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(kept);
  std::nth_element(order.begin(), end, order.end(), before);
  std::sort(order.begin(), end, before);
  std::vector<Token> tokens;
  std::vector<double> idf;
  for (std::size_t i = 0; i < kept; ++i) {
    tokens.emplace_back(order[i].token);
    idf.push_back(std::log(1 + static_cast<double>(all.documents()) /
                                   (1 + static_cast<double>(order[i].documents))));
  }
  take(std::move(tokens));
  if (rules_.mode != OutputMode::TfIdf) return;
  const double mean =
      kept == 0 ? 0 : std::accumulate(idf.begin(), idf.end(), 0.0) / static_cast<double>(kept);
  take_idf(idf, std::vector<double>(static_cast<std::size_t>(first_token()), mean));
}

template <class Token>
std::vector<Token> IndexLookup<Token>::vocabulary(bool include_special_tokens) const {
  if (!include_special_tokens) return tokens_;
  std::vector<Token> all;
  all.reserve(static_cast<std::size_t>(size()));
  if (first_oov() == 1) all.push_back(*rules_.mask_token);
  all.resize(static_cast<std::size_t>(first_token()), rules_.oov_token.value_or(Token{}));
  all.insert(all.end(), tokens_.begin(), tokens_.end());
  return all;
}

template <class Token>
std::int64_t IndexLookup<Token>::oov_index(TokenView<Token> token) const {
  const std::int64_t count = rules_.num_oov_indices;
  if (count == 0) {
    throw ValueError(fmt::format(
        "{}: {} is not in the vocabulary, and num_oov_indices is 0; set it to 1 to have an index "
        "for unknown tokens",
        rules_.layer, shown(token)));
  }
  if (count == 1) return first_oov();
  if constexpr (std::is_same_v<Token, std::int64_t>) {
    if (!rules_.hashed_oov) return first_oov() + (token % count + count) % count;
    const std::string text = std::to_string(token);
    const std::uint64_t hash = rules_.salt ? siphash24(text, *rules_.salt) : fingerprint64(text);
    return first_oov() + static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(count));
  } else {
    const std::uint64_t hash = rules_.salt ? siphash24(token, *rules_.salt) : fingerprint64(token);
    return first_oov() + static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(count));
  }
}

template <class Token>
std::int64_t IndexLookup<Token>::index_of(TokenView<Token> token) const {
  if (const std::int64_t place = table_.find(token); place >= 0) return first_token() + place;
  if (rules_.mask_token && token == *rules_.mask_token) {
    return rules_.mode == OutputMode::Int ? 0 : -1;
  }
  return oov_index(token);
}

template <class Token>
const Token& IndexLookup<Token>::token_at(std::int64_t index) const {
  static const Token none{};
  if (first_oov() == 1 && index == 0) return *rules_.mask_token;
  if (index >= first_token() && index < size()) {
    return tokens_[static_cast<std::size_t>(index - first_token())];
  }
  return rules_.oov_token ? *rules_.oov_token : none;
}

template class IndexLookup<std::string>;
template class IndexLookup<std::int64_t>;

}  // namespace keratin::layers::detail
