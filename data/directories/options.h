#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace keratin::data {

/// Where labels come from: "inferred" from the folders' names, "none", or a class number for each
/// file, in the order of the listing.
class DirectoryLabels {
 public:
  DirectoryLabels(const char* source) : source_(source) {}
  DirectoryLabels(const std::string& source) : source_(source) {}
  template <std::integral T>
  DirectoryLabels(const std::vector<T>& numbers)
      : source_("given"), numbers_(numbers.begin(), numbers.end()) {}
  template <std::integral T>
  DirectoryLabels(std::initializer_list<T> numbers)
      : source_("given"), numbers_(numbers.begin(), numbers.end()) {}

  bool inferred() const { return source_ == "inferred"; }
  bool none() const { return source_ == "none"; }
  bool given() const { return source_ == "given"; }
  const std::string& source() const { return source_; }
  const std::vector<std::int64_t>& numbers() const { return numbers_; }

 private:
  std::string source_;
  std::vector<std::int64_t> numbers_;
};

/// The files that a dataset left out because they could not be read; passes add to it, each file
/// once.
class BadFiles {
 public:
  struct Entry {
    std::string path = {}, message = {};
  };

  std::int64_t count() const;
  std::vector<Entry> entries() const;
  /// False if that file is known already.
  bool add(const std::string& path, const std::string& message);

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace keratin::data
