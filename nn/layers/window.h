// What layers that slide a window over images or sequences share.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "nn/options.h"
#include "tensor/shape.h"

namespace keratin::layers {

/// {height, width}. Throws ValueError unless both are at least 1.
std::array<std::int64_t, 2> positive_sizes(const char* layer, const char* option, Size2 sizes);
/// Throws ValueError unless "valid" or "same".
void require_padding(const char* layer, const std::string& padding);

/// Throws ValueError unless filters is at least 1.
void require_filters(const char* layer, std::int64_t filters);
/// Along one axis. Throws ValueError unless all are at least 1.
void require_positive(const char* layer, std::int64_t kernel_size, std::int64_t strides,
                      std::int64_t dilation);
/// Throws ValueError for strides together with a dilation.
void require_one_step(const char* layer, std::int64_t strides, std::int64_t dilation);
void require_one_step(const char* layer, const std::array<std::int64_t, 2>& strides,
                      const std::array<std::int64_t, 2>& dilation);

/// How many windows fit along an axis of `size` pixels: None where that is not known, 0 where
/// "valid" has room for none.
std::int64_t windows_along(std::int64_t size, std::int64_t window, std::int64_t stride,
                           std::int64_t dilation, const std::string& padding);

}  // namespace keratin::layers
