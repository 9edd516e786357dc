// Texts to tokens, for TextVectorization.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/function_ref.h"
#include "nn/layers/preprocessing/text_steps.h"

namespace keratin::layers::detail {

/// The tokens of a text, in order, by the options of TextVectorization. Safe on several threads,
/// each with a Scratch of its own.
class TextTokens {
 public:
  /// Memory that one thread keeps from text to text.
  struct Scratch {
    std::string letters;                   // of the standardized text
    std::vector<std::string> words;        // where a function splits, or nothing does
    std::vector<std::string_view> tokens;  // to be joined
    std::string joined;
  };
  /// Is given tokens until it says false.
  using Use = kernels::FunctionRef<bool(std::string_view token)>;

  /// Throws ValueError for a name that is none, and sizes below 1.
  TextTokens(Standardize standardize, Split split, std::vector<int> ngrams);

  bool splits() const { return split_by_ != By::Nothing; }

  /// The tokens of one sample: one text, or where nothing splits each text is a token.
  template <class F>
  void each(std::span<const std::string> sample, Scratch& scratch, F&& use) const {
    if (split_by_ == By::Whitespace && !standardize_.function() && sizes_.empty()) {
      between_spaces(sample[0], scratch, use);
    } else {
      each_slowly(sample, scratch, use);
    }
  }

 private:
  enum class By { Nothing, Whitespace, Characters, Function };

  // Standardizes and splits in one go: a table says what to make of each byte. Tokens stay where
  // they are written, one after the other.
  template <class F>
  void between_spaces(std::string_view text, Scratch& scratch, F&& use) const {
    if (scratch.letters.size() <= text.size()) scratch.letters.resize(text.size() + 1);
    char* begin = scratch.letters.data();
    char* end = begin;
    for (const char c : text) {
      const Letter& letter = letters_[static_cast<unsigned char>(c)];
      *end = letter.as;
      end += letter.kept;
      if (!letter.space) continue;
      if (end != begin && !use(std::string_view(begin, static_cast<std::size_t>(end - begin)))) {
        return;
      }
      begin = end;
    }
    if (end != begin) use(std::string_view(begin, static_cast<std::size_t>(end - begin)));
  }

  void each_slowly(std::span<const std::string> sample, Scratch& scratch, Use use) const;
  void each_word(std::span<const std::string> sample, Scratch& scratch, Use use) const;
  std::string standardized(const std::string& text) const;

  struct Letter {
    char as = 0;
    unsigned char kept = 1;  // 0 or 1
    bool space = false;
  };

  Standardize standardize_;
  Split split_;
  By split_by_ = By::Nothing;
  std::vector<int> sizes_;
  std::array<Letter, 256> letters_;
};

}  // namespace keratin::layers::detail
