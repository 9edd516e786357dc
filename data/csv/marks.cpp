#include "data/csv/marks.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>

#include "data/csv/parse_number.h"

namespace keratin::data::detail {
namespace {

// The highest bit of each byte that is the mark.
std::uint64_t equal_bytes(std::uint64_t bytes, char mark) {
  constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  const std::uint64_t other = bytes ^ (0x0101010101010101 * static_cast<unsigned char>(mark));
  return ~(((other & kLow) + kLow) | other | kLow);
}

std::int64_t find_by_words(const char* text, std::int64_t words, std::array<char, 4> marks,
                           std::uint32_t base, std::uint32_t* places) {
  std::uint32_t* to = places;
  for (std::int64_t i = 0; i < words * 64; i += 8) {
    const std::uint64_t bytes = load8(text + i);
    std::uint64_t found = 0;
    for (const char mark : marks) found |= equal_bytes(bytes, mark);
    for (; found != 0; found &= found - 1) {
      *to++ = base + static_cast<std::uint32_t>(i) +
              static_cast<std::uint32_t>(std::countr_zero(found)) / 8;
    }
  }
  return to - places;
}

#ifdef __x86_64__
constexpr int kAtOnce = 12;
static_assert(kAtOnce <= kMoreRoom);

// The places of the bits of a word, twelve at a time: nearly all words have fewer, so there is
// nothing to guess.
[[gnu::target("avx2,bmi,popcnt")]] std::uint32_t* put_places(std::uint64_t bits, std::uint32_t base,
                                                             std::uint32_t* to) {
  std::uint32_t* const end = to + _mm_popcnt_u64(bits);
  do {
#pragma GCC unroll kAtOnce
    for (int i = 0; i < kAtOnce; ++i) {
      to[i] = base + static_cast<std::uint32_t>(_tzcnt_u64(bits));
      bits = _blsr_u64(bits);
    }
    to += kAtOnce;
  } while (bits != 0);
  return end;
}

[[gnu::target("avx2,bmi,popcnt")]] std::int64_t find_by_vectors(const char* text,
                                                                std::int64_t words,
                                                                std::array<char, 4> marks,
                                                                std::uint32_t base,
                                                                std::uint32_t* places) {
  const __m256i a = _mm256_set1_epi8(marks[0]), b = _mm256_set1_epi8(marks[1]),
                c = _mm256_set1_epi8(marks[2]), d = _mm256_set1_epi8(marks[3]);
  std::uint32_t* to = places;
  for (std::int64_t word = 0; word < words; ++word) {
    std::uint64_t bits = 0;
    for (int half = 0; half < 64; half += 32) {
      const __m256i v =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + word * 64 + half));
      const __m256i found =
          _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(v, a), _mm256_cmpeq_epi8(v, b)),
                          _mm256_or_si256(_mm256_cmpeq_epi8(v, c), _mm256_cmpeq_epi8(v, d)));
      bits |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(found))} << half;
    }
    to = put_places(bits, base + static_cast<std::uint32_t>(word) * 64, to);
  }
  return to - places;
}
#endif

}  // namespace

std::vector<MarkFinder> mark_finders() {
  std::vector<MarkFinder> all{{"words", find_by_words}};
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("popcnt"))
    all.push_back({"vectors", find_by_vectors});
#endif
  return all;
}

Marks::Marks(std::string_view text, std::array<char, 4> marks) : text_(text), marks_(marks) {}

std::span<const std::uint32_t> Marks::next() {
  static const FindMarks find = mark_finders().back().find;
  while (taken_ == count_ && looked_ < text_.size()) {
    const std::size_t left = text_.size() - looked_;
    const std::int64_t words = std::min(kWords, static_cast<std::int64_t>((left + 63) / 64));
    taken_ = 0;
    count_ = find(text_.data() + looked_, words, marks_, static_cast<std::uint32_t>(looked_),
                  places_.data());
    looked_ += static_cast<std::size_t>(words) * 64;
    while (count_ > 0 && places_[static_cast<std::size_t>(count_ - 1)] >= text_.size())
      --count_;  // of the padding
  }
  return {places_.data() + taken_, places_.data() + count_};
}

void Marks::jump(std::size_t to) {
  while (taken_ < count_ && places_[static_cast<std::size_t>(taken_)] < to) ++taken_;
  if (taken_ == count_) looked_ = std::max(looked_, to);
}

}  // namespace keratin::data::detail
