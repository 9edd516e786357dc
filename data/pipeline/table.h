#pragma once

#include <cstdint>
#include <span>

#include "tensor/several.h"

namespace keratin::data::detail {

/// Tensors with as many rows each.
class Table {
 public:
  /// Throws ShapeError or ValueError naming from_tensor_slices.
  explicit Table(Example columns);

  std::int64_t rows() const { return rows_; }
  /// A copy of one row, without the leading axis.
  Example row(std::int64_t i) const;
  /// Copies of these rows, one below the other.
  Example gather(std::span<const std::int64_t> rows) const;

 private:
  Example columns_;
  std::int64_t rows_ = 0;
};

}  // namespace keratin::data::detail
