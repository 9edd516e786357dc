// The hashes by which Keras' layers tell categories apart, to the bit: files and programs of both
// give a text the same bin.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "nn/fields.h"

namespace keratin::layers::detail {

/// FarmHash's Fingerprint64. Source: google/farmhash, farmhashna::Hash64.
std::uint64_t fingerprint64(std::string_view text);

/// SipHash-2-4 with a key of 128 bits. Source: Aumasson and Bernstein, "SipHash: a fast short-input
/// PRF", 2012.
std::uint64_t siphash24(std::string_view text, std::array<std::uint64_t, 2> key);

/// One fingerprint of two, in order. Source: TensorFlow's FingerprintCat64.
std::uint64_t joined_fingerprint(std::uint64_t first, std::uint64_t second);

/// One or two numbers as a key for SipHash; none where there are none. Throws ValueError for more.
std::optional<std::array<std::uint64_t, 2>> salt_of(const char* layer,
                                                    const std::vector<std::int64_t>& salt);
/// The option "salt": two numbers in files, or, with `always` false, nothing where none are given.
void salt_field(Fields& f, std::vector<std::int64_t>& salt, bool always);

}  // namespace keratin::layers::detail
