#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace keratin::layers::detail {

/// Where each token of a vocabulary stands. Open addressing, at most half full; the letters lie
/// together, so that a search mostly reads one slot and one word.
template <class Token>
class TokenTable;

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

/// What both kinds of tokens share.
class TokenSlots {
 protected:
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t place = -1;  // -1: empty
  };
  void resize(std::size_t tokens) {
    slots_.assign(std::bit_ceil(2 * tokens + 1), Slot{});
    mask_ = slots_.size() - 1;
  }
  void put(std::uint64_t hash, std::size_t place) {
    std::size_t at = hash & mask_;
    while (slots_[at].place >= 0) at = (at + 1) & mask_;
    slots_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::int32_t>(place)};
  }
  template <class Equal>
  std::int64_t find(std::uint64_t hash, Equal&& equal) const {
    if (slots_.empty()) return -1;
    const auto high = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.place < 0) return -1;
      if (slot.hash == high && equal(static_cast<std::size_t>(slot.place))) return slot.place;
    }
  }

 private:
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
};

template <>
class TokenTable<std::string> : TokenSlots {
 public:
  void build(const std::vector<std::string>& tokens) {
    resize(tokens.size());
    letters_.clear();
    ends_.assign(1, 0);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      letters_ += tokens[i];
      ends_.push_back(letters_.size());
      put(token_hash::of(std::string_view(tokens[i])), i);
    }
  }
  /// -1 where there is none.
  std::int64_t find(std::string_view token) const {
    return TokenSlots::find(token_hash::of(token), [&](std::size_t place) {
      const std::size_t first = ends_[place];
      return ends_[place + 1] - first == token.size() &&
             std::memcmp(letters_.data() + first, token.data(), token.size()) == 0;
    });
  }

 private:
  std::string letters_;
  std::vector<std::size_t> ends_;
};

template <>
class TokenTable<std::int64_t> : TokenSlots {
 public:
  void build(const std::vector<std::int64_t>& tokens) {
    resize(tokens.size());
    tokens_ = tokens;
    for (std::size_t i = 0; i < tokens.size(); ++i) put(token_hash::of(tokens[i]), i);
  }
  std::int64_t find(std::int64_t token) const {
    return TokenSlots::find(token_hash::of(token),
                            [&](std::size_t place) { return tokens_[place] == token; });
  }

 private:
  std::vector<std::int64_t> tokens_;
};

}  // namespace keratin::layers::detail
