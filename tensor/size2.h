#pragma once

#include <concepts>
#include <cstdint>

#include "tensor/shape.h"

namespace keratin {

/// One size for both axes, or one each: 3 or {3, 3}.
class Size2 {
 public:
  Size2() = default;  // not given
  template <std::integral T>
  Size2(T both) : height_(both), width_(both) {}
  Size2(std::int64_t height, std::int64_t width) : height_(height), width_(width) {}

  bool given() const { return height_ != None; }
  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }

 private:
  std::int64_t height_ = None, width_ = None;
};

}  // namespace keratin
