// bfloat16: the upper 16 bits of a float32, as kernels store it.
#pragma once

#include <bit>
#include <cstdint>

namespace keratin::kernels {

/// The upper 16 bits of a float32. Storage only: kernels compute in float32.
struct BFloat16 {
  std::uint16_t bits = 0;
};

constexpr float to_float(BFloat16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16);
}
/// Rounded to nearest, ties to even; a NaN stays one.
constexpr BFloat16 to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (value != value) return {static_cast<std::uint16_t>((bits >> 16) | 0x40)};
  return {static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
}

}  // namespace keratin::kernels
