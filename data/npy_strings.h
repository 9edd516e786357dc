// Strings in .npy files: all of one length, filled up with NULs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "tensor/tensor.h"

namespace keratin::data::detail {

/// Bytes (S), without the NULs at the end.
void from_npy_bytes(std::span<const std::byte> bytes, std::string& text);

/// Characters of four bytes (U) as UTF-8; false where one is none.
bool from_npy_ucs4(std::span<const std::byte> bytes, bool swap, std::string& text);

/// How many characters the longest string has, at least 1, and all in characters of four bytes.
/// Throws ValueError, naming `what`, for what is no UTF-8 or ends in a NUL.
std::pair<std::int64_t, std::string> to_npy_ucs4(const std::string& what, const Tensor& strings);

}  // namespace keratin::data::detail
