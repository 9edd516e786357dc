#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "kernels/function_ref.h"
#include "tensor/tensor.h"

namespace keratin::data {

/// Bytes that nobody changes any more: a handle, copies and slices share them.
class Bytes {
 public:
  Bytes() = default;
  /// `size` bytes that `fill` writes. Throws FileError, beginning with `what`, where memory lacks.
  static Bytes filled(const std::string& what, std::int64_t size,
                      kernels::FunctionRef<void(std::span<std::byte>)> fill);
  static Bytes copy_of(std::span<const std::byte> bytes);
  static Bytes from(std::string text);
  /// The elements of a tensor of numbers, row by row, as they lie in memory; shared, so do not
  /// write to the tensor meanwhile.
  static Bytes of(const Tensor& x);
  /// Bytes that `owner` keeps alive.
  static Bytes view(std::shared_ptr<const void> owner, std::span<const std::byte> bytes);

  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }
  const std::byte* data() const { return bytes_.data(); }
  std::span<const std::byte> span() const { return bytes_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  /// `count` bytes from `first` on, which must be there.
  Bytes slice(std::int64_t first, std::int64_t count) const;

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
};

/// Throws FileError, "where: there is no such file", unless `path` is a regular file; to be asked
/// before a file is opened, as to open a pipe is to wait for who writes to it.
void require_file(const std::string& where, const std::string& path);

/// A whole file. Throws FileError, beginning with `what` and the file's name, if it is missing, a
/// folder, not a regular file, cannot be read, or is longer than `max_bytes`.
Bytes read_file(const std::string& what, const std::string& path,
                std::int64_t max_bytes = std::int64_t{1} << 40);

}  // namespace keratin::data
