// The file of Dataset.cache: elements one after the other, numbers little-endian.
//
//   magic      "keratin dataset cache 1\n"
//   u64 count  of elements
//   u64 bytes  of the whole file
//   count times
//     u64 bytes  of the element
//     u32 crc    of its bytes, CRC-32
//     x, y and sample_weight, each
//       u8 structure   0 none, 1 one tensor, 2 a list, 3 by name
//       u32 count, and count times
//         u32 bytes and the name; u8 bytes and the dtype's name; u8 rank; rank times u64 size
//         the elements; of strings u64 bytes and the text each
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "data/atomic_file.h"
#include "data/byte_reader.h"
#include "tensor/several.h"

namespace keratin::data::detail {

/// The file appears with finish(), whole, or not at all. Throws FileError.
class CacheWriter {
 public:
  explicit CacheWriter(const std::string& path);
  void add(const Example& element);
  std::int64_t count() const { return count_; }
  void finish();

 private:
  AtomicFile file_;
  std::int64_t count_ = 0;
};

/// Throws FileError, with the path, for what no CacheWriter has finished.
class CacheReader {
 public:
  /// Is there anything of that name?
  static bool exists(const std::string& path);
  /// `expected` elements, if that is no negative number.
  CacheReader(const std::string& path, std::int64_t expected);
  std::optional<Example> next();
  /// Leaves one out; false at the end.
  bool skip();

 private:
  struct Record {
    std::int64_t bytes = 0;
    std::uint32_t crc = 0;
  };
  std::optional<Record> next_record();
  void read(std::span<std::byte> bytes);

  ByteReader reader_;
  std::int64_t count_ = 0, read_ = 0, left_ = 0;  // elements; bytes of the file
};

}  // namespace keratin::data::detail
