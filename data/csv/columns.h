// What the fields of a column are, and how they become the elements of a tensor.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv/rows.h"
#include "tensor/tensor.h"

namespace keratin::data {
struct CsvOptions;
}

namespace keratin::data::detail {

/// The texts that stand for a missing value.
class CsvMissing {
 public:
  explicit CsvMissing(const CsvOptions& options);
  /// In a column of numbers.
  bool in_numbers(std::string_view text) const { return contains(all_, text); }
  /// In one of strings: those that were given.
  bool in_strings(std::string_view text) const { return contains(given_, text); }
  /// Is one of them a number?
  bool numeric() const { return numeric_; }
  bool given() const { return !given_.texts.empty(); }

 private:
  struct Texts {
    std::vector<std::string> texts = {};
    std::size_t longest = 0;
    void add(std::string_view text);
  };
  static bool contains(const Texts& set, std::string_view text);

  Texts all_, given_;
  bool numeric_ = false;
};

/// What was seen of a column: bits.
enum CsvSeen : std::uint8_t {
  kSeenMissing = 1,
  kSeenInteger = 2,
  kSeenNumber = 4,  // no integer, and without a decimal mark
  kSeenPoint = 8,
  kSeenComma = 16,
  kSeenBool = 32,
  kSeenText = 64,
};

/// How fields are read.
struct CsvCells {
  const char* text;
  const CsvIndex& index;
  std::int64_t column;  // of the file

  /// The first row's; the others follow at distances of index.columns.
  const CsvCell* first() const { return index.cells.get() + column; }
};

struct CsvRules {
  CsvMissing missing;
  bool point = true, comma = false;  // decimal marks that may be
};

/// What of CsvSeen the fields of a column are, up to the first text.
std::uint8_t classify(const CsvCells& cells, const CsvRules& rules);

/// The dtype of a column of such fields.
DType dtype_of_seen(std::uint8_t seen);

/// Converts the fields of a column to elements of `dtype` from y[first] on; strings go to `texts`.
/// Returns the first row that is no such element, or how many rows there are. `valid`: texts are
/// known to be UTF-8.
std::int64_t convert_column(const CsvCells& cells, const CsvRules& rules, char decimal, DType dtype,
                            Tensor& y, std::int64_t first, bool valid);

/// A field's text, doubled quotes undone.
std::string text_of(const CsvCell& cell, const char* text);

}  // namespace keratin::data::detail
