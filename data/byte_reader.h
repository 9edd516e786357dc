#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace keratin::data {

/// Reads the bytes of a file from front to back, inflated where the file is in gzip form (told by
/// its first two bytes, not by its name). Its memory does not depend on what the file holds.
class ByteReader {
 public:
  /// Throws FileError, beginning with `what`, if the file cannot be read.
  ByteReader(std::string what, const std::string& path);
  ~ByteReader();

  /// Fills `bytes` and returns how many there were: fewer only at the end. Throws FileError for
  /// what is no sound gzip data.
  std::size_t read(std::span<std::byte> bytes);

  /// No more bytes than this can come; INT64_MAX where that is unknown.
  std::int64_t most() const;
  bool compressed() const;

  /// Throws FileError: "what: path: text".
  [[noreturn]] void fail(const std::string& text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace keratin::data
