// Options of readers of images, as text.
#pragma once

#include <cstdint>
#include <string>

namespace keratin::data::detail {

/// 1, 3 or 4. Throws ValueError naming `op`.
std::int64_t channels_of(const std::string& op, const std::string& color_mode);

/// Throws ValueError naming `op`.
bool is_accurate(const std::string& op, const std::string& dct_method);

}  // namespace keratin::data::detail
