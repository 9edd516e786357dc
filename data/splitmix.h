#pragma once

#include <cstdint>

namespace keratin::data {

/// Scrambles 64 bits: a bijection in which every input bit reaches every output bit.
/// Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators",
/// mix64variant13.
constexpr std::uint64_t scramble(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// A small random generator for orders and drawings (SplitMix64): 64 bits of state, so one can be
/// made for each (seed, stream), which is how results stay the same on any number of threads.
class SplitMix {
 public:
  constexpr SplitMix(std::uint64_t seed, std::uint64_t stream)
      : state_(scramble(seed) + scramble(~stream) * kStep) {}

  constexpr std::uint64_t operator()() { return scramble(state_ += kStep); }
  /// 0 <= result < n, for n >= 1. The bias is below n / 2^64.
  constexpr std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(
        (static_cast<unsigned __int128>((*this)()) * static_cast<std::uint64_t>(n)) >> 64);
  }
  /// 0 <= result < 1.
  constexpr double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }
  /// About standard normal, at most 4.9 away from 0: eight uniform numbers of 16 bits, summed.
  constexpr double normal() {
    std::int64_t sum = 0;
    for (int draw = 0; draw < 2; ++draw)
      for (std::uint64_t bits = (*this)(), i = 0; i < 4; ++i, bits >>= 16)
        sum += static_cast<std::int64_t>(bits & 0xffff);
    return static_cast<double>(sum - 4 * 0xffff) * (1.2247448713915890 / 65536);  // sqrt(12 / 8)
  }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio, odd
  std::uint64_t state_;
};

}  // namespace keratin::data
