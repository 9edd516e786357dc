#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "tensor/dtype.h"
#include "tensor/several.h"

namespace keratin::data {

struct Column {
  std::string name = {};
  DType dtype = float32;
};

struct SplitOptions {
  /// Which rows go left depends on it alone. Not given: drawn from keratin's global seed.
  std::optional<std::int64_t> seed = {};
};

/// Columns with names, as many rows each: an immutable value, cheap to copy.
///
///     CsvTable table = read_csv("heart.csv");
///     auto [train, val] = table.split(0.8, {.seed = 1337});
///     Tensor ages = train["age"];  // int64 [241]
class CsvTable {
 public:
  CsvTable() = default;  // no column, no row
  /// Throws ShapeError unless the tensors are [rows] or [rows, 1], of as many rows each; ValueError
  /// where one has no name or a name comes twice.
  explicit CsvTable(const Tensors& columns);

  /// In the order of the file.
  const std::vector<Column>& columns() const;
  std::int64_t rows() const;
  /// A column, [rows]. The storage is shared: do not write to it. Throws ValueError for a name that
  /// no column has.
  Tensor operator[](std::string_view column) const;

  /// The rows in a random order, cut in two: round(left * rows) of them, and the others. Throws
  /// ValueError unless 0 < left < 1 and neither side is empty.
  std::pair<CsvTable, CsvTable> split(double left, SplitOptions options = {}) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

struct FromTableOptions {
  /// The column that becomes y; "": none.
  std::string label = {};
};

/// One example for each row: x has the columns by name, [1] each, so that batches are [batch, 1],
/// as an Input of shape {1} says; y is the label, a number of rank 0. Numbers keep their dtype: a
/// model casts them to that of its inputs. Throws DTypeError for a label of texts: losses take
/// numbers, which a StringLookup makes of them. Throws ValueError where a label is missing or NaN,
/// for a label that is no column, and for a table without other columns.
///
///     auto train = data::from_table(table, {.label = "target"}).shuffle(1024).batch(32);
Dataset from_table(const CsvTable& table, const FromTableOptions& options = {});

}  // namespace keratin::data
