// The bytes of a file of rows, from any place.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "data/csv/rows.h"

namespace keratin::data::detail {

/// Room that is used again; not set to 0.
class CsvBuffer {
 public:
  /// At least so many bytes, and kCsvPadding more. What was there is lost.
  char* of(std::size_t bytes);

 private:
  std::unique_ptr<char[]> room_;
  std::size_t size_ = 0;
};

/// A plain file, read where it is asked for; or what a gzip file holds, in memory.
class CsvSource {
 public:
  /// Throws FileError: "what: path: there is no such file" ...
  CsvSource(const char* what, const std::string& path);
  ~CsvSource();
  CsvSource(const CsvSource&) = delete;
  CsvSource& operator=(const CsvSource&) = delete;

  std::int64_t size() const { return size_; }
  /// These bytes, and kCsvPadding readable ones after them; `buffer` may hold them. From several
  /// threads at once. Throws FileError.
  std::string_view view(std::int64_t first, std::int64_t count, CsvBuffer& buffer) const;
  /// "what: path".
  const std::string& where() const { return where_; }

 private:
  [[noreturn]] void fail(const std::string& text) const;

  std::string where_;
  int file_ = -1;
  std::int64_t size_ = 0;
  std::string inflated_;
};

}  // namespace keratin::data::detail
