// The hashes by which Keras' layers tell categories apart, to the bit: files and programs of both
// give a text the same bin.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace keratin::layers::detail {

/// FarmHash's Fingerprint64. Source: google/farmhash, farmhashna::Hash64.
std::uint64_t fingerprint64(std::string_view text);

/// SipHash-2-4 with a key of 128 bits. Source: Aumasson and Bernstein, "SipHash: a fast short-input
/// PRF", 2012.
std::uint64_t siphash24(std::string_view text, std::array<std::uint64_t, 2> key);

/// One fingerprint of two, in order. Source: TensorFlow's FingerprintCat64.
std::uint64_t joined_fingerprint(std::uint64_t first, std::uint64_t second);

}  // namespace keratin::layers::detail
