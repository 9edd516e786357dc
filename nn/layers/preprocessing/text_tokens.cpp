#include "nn/layers/preprocessing/text_tokens.h"

#include <fmt/format.h>

#include "data/utf8.h"
#include "kernels/error.h"

namespace keratin::layers {

Ngrams::Ngrams(int up_to) {
  for (int size = 1; size <= up_to; ++size) sizes_.push_back(size);
  if (up_to < 1) sizes_.push_back(up_to);  // for the layer to object to
}

namespace detail {
namespace {

constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
constexpr std::string_view kSpaces = " \t\n\v\f\r";

// How many bytes the character at the front of well-formed UTF-8 takes.
std::size_t length_of_character(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

}  // namespace

TextTokens::TextTokens(Standardize standardize, Split split, std::vector<int> ngrams)
    : standardize_(std::move(standardize)), split_(std::move(split)), sizes_(std::move(ngrams)) {
  const std::string& how = standardize_.name();
  const bool both = how == "lower_and_strip_punctuation";
  const bool lower = both || how == "lower", strip = both || how == "strip_punctuation";
  if (!lower && !strip && !how.empty()) {
    throw ValueError(fmt::format(
        "TextVectorization: standardize is \"{}\"; expected lower_and_strip_punctuation, lower, "
        "strip_punctuation, a function, or \"\" for none",
        how));
  }
  if (split_.function()) {
    split_by_ = By::Function;
  } else if (split_.name() == "whitespace") {
    split_by_ = By::Whitespace;
  } else if (split_.name() == "character") {
    split_by_ = By::Characters;
  } else if (!split_.name().empty()) {
    throw ValueError(fmt::format(
        "TextVectorization: split is \"{}\"; expected whitespace, character, a function, or \"\" "
        "for none",
        split_.name()));
  }
  for (const int size : sizes_) {
    if (size >= 1) continue;
    throw ValueError(
        fmt::format("TextVectorization: ngrams of {} tokens; expected at least 1", size));
  }
  for (std::size_t i = 0; i < letters_.size(); ++i) {
    const char c = static_cast<char>(i);
    Letter& letter = letters_[i];
    letter.as = lower && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    letter.space = kSpaces.find(c) != std::string_view::npos;
    letter.kept = !letter.space && !(strip && kPunctuation.find(c) != std::string_view::npos);
  }
}

std::string TextTokens::standardized(const std::string& text) const {
  if (standardize_.function()) return standardize_.function()(text);
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const Letter& letter = letters_[static_cast<unsigned char>(c)];
    if (letter.kept || letter.space) result += letter.as;
  }
  return result;
}

void TextTokens::each_slowly(std::span<const std::string> sample, Scratch& scratch, Use use) const {
  if (sizes_.empty()) return each_word(sample, scratch, use);
  scratch.tokens.clear();
  each_word(sample, scratch, [&](std::string_view token) {
    scratch.tokens.push_back(token);
    return true;
  });
  for (const int size : sizes_) {
    const auto n = static_cast<std::size_t>(size);
    for (std::size_t first = 0; first + n <= scratch.tokens.size(); ++first) {
      scratch.joined.assign(scratch.tokens[first]);
      for (std::size_t i = first + 1; i < first + n; ++i) {
        scratch.joined += ' ';
        scratch.joined += scratch.tokens[i];
      }
      if (!use(scratch.joined)) return;
    }
  }
}

// Tokens point into the scratch, where they stay until the next text.
void TextTokens::each_word(std::span<const std::string> sample, Scratch& scratch, Use use) const {
  const auto all = [&](const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (!use(word)) return;
    }
  };
  switch (split_by_) {
    case By::Nothing:
      scratch.words.clear();
      for (const std::string& text : sample) scratch.words.push_back(standardized(text));
      return all(scratch.words);
    case By::Function:
      scratch.words = split_.function()(standardized(sample[0]));
      return all(scratch.words);
    case By::Whitespace:
      if (!standardize_.function()) return between_spaces(sample[0], scratch, use);
      scratch.words = {standardized(sample[0])};
      for (std::size_t first = 0; first < scratch.words[0].size();) {
        const std::string_view text = scratch.words[0];
        const std::size_t begin = text.find_first_not_of(kSpaces, first);
        if (begin == std::string_view::npos) return;
        first = std::min(text.find_first_of(kSpaces, begin), text.size());
        if (!use(text.substr(begin, first - begin))) return;
      }
      return;
    case By::Characters:
      scratch.letters = standardized(sample[0]);
      if (data::well_formed_utf8(scratch.letters) != scratch.letters.size()) {
        scratch.letters = data::replace_ill_formed_utf8(scratch.letters);
      }
      for (std::size_t first = 0; first < scratch.letters.size();) {
        const std::size_t n = length_of_character(scratch.letters[first]);
        if (!use(std::string_view(scratch.letters).substr(first, n))) return;
        first += n;
      }
      return;
  }
}

}  // namespace detail
}  // namespace keratin::layers
