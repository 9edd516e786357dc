#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace keratin::layers::detail {

/// How a token is handed around: std::string_view or std::int64_t.
template <class Token>
using TokenView = std::conditional_t<std::is_same_v<Token, std::string>, std::string_view, Token>;

namespace token_hash {

inline std::uint64_t mixed(std::uint64_t h, std::uint64_t word) {
  h = (h ^ word) * 0x9e3779b97f4a7c15;
  return h ^ (h >> 32);
}
inline std::uint64_t of(std::int64_t value) { return mixed(0, static_cast<std::uint64_t>(value)); }
inline std::uint64_t of(std::string_view text) {
  std::uint64_t h = text.size(), word = 0;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::memcpy(&word, at, 8);
    h = mixed(h, word);
  }
  word = 0;
  for (std::size_t i = 0; i < left; ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  }
  return mixed(h, word);
}

}  // namespace token_hash

/// Texts one after the other in one piece of memory.
class TokenTexts {
 public:
  std::size_t size() const { return ends_.size() - 1; }
  std::string_view operator[](std::size_t i) const {
    return std::string_view(letters_).substr(ends_[i], ends_[i + 1] - ends_[i]);
  }
  void push_back(std::string_view text) {
    letters_ += text;
    ends_.push_back(letters_.size());
  }

 private:
  std::string letters_;
  std::vector<std::size_t> ends_{0};
};

/// Tokens by place and places by token. Open addressing, at most half full; the letters lie
/// together, so that a search mostly reads one slot and one word.
template <class Token>
class TokenTable {
 public:
  using View = TokenView<Token>;

  TokenTable() = default;
  explicit TokenTable(const std::vector<Token>& tokens) {
    resize(tokens.size());
    for (const Token& token : tokens) {
      put(token_hash::of(View(token)), tokens_.size());
      tokens_.push_back(token);
    }
  }
  std::size_t size() const { return tokens_.size(); }
  View operator[](std::size_t place) const { return tokens_[place]; }
  /// -1 where there is none.
  std::int64_t find(View token) const {
    return slots_.empty() ? -1 : slots_[slot_of(token, token_hash::of(token))].place;
  }
  /// Its place: the next one for a new token. `hash`: token_hash::of(token).
  std::size_t place_of(View token, std::uint64_t hash) {
    if (slots_.size() < 2 * (size() + 1)) {
      resize(std::max<std::size_t>(16, 2 * size()));
      for (std::size_t i = 0; i < size(); ++i) put(token_hash::of(View(tokens_[i])), i);
    }
    Slot& slot = slots_[slot_of(token, hash)];
    if (slot.place < 0) {
      slot = {tag_of(hash), static_cast<std::int32_t>(size())};
      tokens_.push_back(token);
    }
    return static_cast<std::size_t>(slot.place);
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::int32_t place = -1;  // -1: empty
  };
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  void resize(std::size_t tokens) {
    slots_.assign(std::bit_ceil(2 * tokens + 1), Slot{});
    mask_ = slots_.size() - 1;
  }
  void put(std::uint64_t hash, std::size_t place) {
    std::size_t at = hash & mask_;
    while (slots_[at].place >= 0) at = (at + 1) & mask_;
    slots_[at] = {tag_of(hash), static_cast<std::int32_t>(place)};
  }
  // The token's, or the empty one where it belongs.
  std::size_t slot_of(View token, std::uint64_t hash) const {
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.place < 0) return at;
      if (slot.tag == tag_of(hash) && tokens_[static_cast<std::size_t>(slot.place)] == token)
        return at;
    }
  }

  std::conditional_t<std::is_same_v<Token, std::string>, TokenTexts, std::vector<Token>> tokens_;
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
};

}  // namespace keratin::layers::detail
