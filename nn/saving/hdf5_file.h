// An HDF5 file in memory, opened to be read, and its objects. Includes hdf5.h: for sources of
// nn/saving only. Every function wants an H5Lock to be held.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/bytes.h"
#include "nn/saving/hdf5.h"
#include "nn/saving/hdf5_handle.h"

namespace keratin::saving::detail {

class H5File {
 public:
  H5File(std::string what, std::string file, data::Bytes bytes);

  /// Throws FileError: "what: file: path: text", without the path where it is "".
  [[noreturn]] void fail(std::string_view path, const std::string& text) const;
  /// The object of a path, followed along hard links; none where it is not there. Throws FileError
  /// for other links and other objects than groups and datasets.
  H5Handle find(std::string_view path) const;
  /// The same; throws FileError where there is none of this kind.
  H5Handle group(std::string_view path) const;
  H5Handle dataset(std::string_view path) const;
  H5Handle object(std::string_view path) const;
  std::vector<std::string> children(std::string_view path) const;
  std::int64_t bytes() const { return bytes_.size(); }

 private:
  std::string what_, file_name_;
  data::Bytes bytes_;
  H5Handle file_;
};

/// In hdf5_dataset.cpp. `expected`: unset, or what the shape has to be.
Hdf5Spec h5_spec(const H5File& file, std::string_view path);
Tensor h5_read(const H5File& file, std::string_view path, const Shape& expected);

/// In hdf5_chunks.cpp: throws FileError unless all chunks of a dataset are there, and hold, where
/// they are compressed, just the bytes of a chunk.
void h5_check_chunks(const H5File& file, std::string_view path, hid_t dataset, const Shape& shape,
                     std::int64_t element_bytes);

/// In hdf5_attributes.cpp.
std::vector<std::string> h5_attributes(const H5File& file, std::string_view path);
/// Strings of one attribute; none where there is no such attribute.
struct H5Texts {
  std::vector<std::string> values;
  bool scalar = false;
};
std::optional<H5Texts> h5_texts(const H5File& file, std::string_view path, hid_t object,
                                const std::string& name);

}  // namespace keratin::saving::detail
