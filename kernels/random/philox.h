// Philox4x32-10, the counter-based generator of Salmon et al. 2011 ("Parallel random numbers: as
// easy as 1, 2, 3"), the same on every device: four words from a key of 64 bits and a counter of
// 128.
#pragma once

#include <array>
#include <cstdint>

namespace keratin::kernels {

struct PhiloxKey {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;  // the upper half of the counter
  // On a GPU: what its kernels add to `stream`, in memory there, for work that is recorded once and
  // done again with other numbers. nullptr: nothing.
  const std::uint64_t* shift = nullptr;
};

/// Words 4 block .. 4 block + 3 of a stream.
constexpr std::array<std::uint32_t, 4> philox(PhiloxKey key, std::uint64_t block) {
  constexpr std::uint32_t kM0 = 0xD2511F53, kM1 = 0xCD9E8D57, kW0 = 0x9E3779B9, kW1 = 0xBB67AE85;
  auto c0 = static_cast<std::uint32_t>(block), c1 = static_cast<std::uint32_t>(block >> 32);
  auto c2 = static_cast<std::uint32_t>(key.stream),
       c3 = static_cast<std::uint32_t>(key.stream >> 32);
  auto k0 = static_cast<std::uint32_t>(key.seed), k1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{kM0} * c0, p1 = std::uint64_t{kM1} * c2;
    const auto n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    const auto n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<std::uint32_t>(p1);
    c3 = static_cast<std::uint32_t>(p0);
    c0 = n0;
    c2 = n2;
    k0 += kW0;
    k1 += kW1;
  }
  return {c0, c1, c2, c3};
}

/// A word as a number in [0, 1): its upper 24 bits.
constexpr float unit_float(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }
/// Two words as a number in [0, 1): 53 bits.
constexpr double unit_double(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 21) ^ (low >> 11)) * 0x1p-53;
}

}  // namespace keratin::kernels
