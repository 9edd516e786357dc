// Where separators, line ends and quotes are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace keratin::data::detail {

/// Bytes after a text that may be read, whatever they are: a vector of bytes, a number of eight.
inline constexpr std::size_t kCsvPadding = 64;

/// Places that a finder may write behind the last one, whatever is in them.
inline constexpr int kMoreRoom = 12;

/// Finds the bytes that are one of four: their places among 64 * words bytes of a text, each with
/// `base` added, in order. Returns how many; `places` has room for 64 * words and kMoreRoom.
using FindMarks = std::int64_t (*)(const char* text, std::int64_t words, std::array<char, 4> marks,
                                   std::uint32_t base, std::uint32_t* places);

/// The ways to do that on this processor, the plainest first, the one that is taken last.
struct MarkFinder {
  const char* name;
  FindMarks find;
};
std::vector<MarkFinder> mark_finders();

/// The places of marks in a text, one after the other; kCsvPadding bytes after it can be read.
class Marks {
 public:
  Marks(std::string_view text, std::array<char, 4> marks);

  /// The next ones, some of them; empty: there are none any more.
  std::span<const std::uint32_t> next();
  /// Leaves out the first n of next().
  void take(std::int64_t n) { taken_ += n; }
  /// Leaves out those before `to`.
  void jump(std::size_t to);

 private:
  static constexpr std::int64_t kWords = 16;  // looked through at a time

  std::string_view text_;
  std::array<char, 4> marks_;
  std::size_t looked_ = 0;  // bytes of the text that were looked through, or left out
  std::int64_t taken_ = 0, count_ = 0;
  std::array<std::uint32_t, 64 * kWords + kMoreRoom> places_;
};

}  // namespace keratin::data::detail
