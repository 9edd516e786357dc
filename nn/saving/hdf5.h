#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/bytes.h"
#include "tensor/tensor.h"

namespace keratin::saving {

/// Builds an HDF5 file in memory, laid out as h5py does by default: superblock 0, old-style groups,
/// contiguous datasets. The same calls give the same bytes. Paths are "layers/dense/vars/0", with
/// or without a slash in front; "" is the root. Groups above a path are made where they lack.
///
/// dtypes: float32, float64, int32, int64, uint8; bool as h5py's enum; bfloat16 as Keras writes it,
/// two opaque bytes and an attribute dtype = "bfloat16".
class Hdf5Writer {
 public:
  /// `what` begins the messages.
  explicit Hdf5Writer(std::string what);
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  /// Throws ValueError if there is a dataset of this path, or the path has empty names.
  void group(const std::string& path);
  /// Keeps a handle on `values`, which must not change before finish(). Throws ValueError if the
  /// path is taken, DTypeError for strings.
  void dataset(const std::string& path, const Tensor& values);
  /// A scalar, int64.
  void dataset(const std::string& path, std::int64_t value);
  /// An attribute of a group or dataset: a scalar string of variable length, UTF-8. Throws
  /// ValueError if the object has none of this path, or has that attribute already.
  void attribute(const std::string& path, const std::string& name, const std::string& value);

  /// The file. Throws FileError if the HDF5 library fails.
  data::Bytes finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A dataset without its values.
struct Hdf5Spec {
  Shape shape = {};
  DType dtype = float32;  // what read(path) gives
  std::string type = {};  // in the file: "float16", "uint32" ...
};

/// Reads an HDF5 file that may come from anywhere. A path is followed name by name, along hard
/// links. Throws FileError, "what: file: path: text", for soft and external links, external and
/// virtual storage, filters other than deflate, shuffle and fletcher32, compound and other types of
/// no tensor, more elements than the file can hold, and what is broken. Sizes are checked before
/// memory is set aside.
///
/// Types: float32, float64, int32, int64, uint8 and bool as they are; bfloat16 in Keras' form (two
/// opaque bytes, attribute dtype) or as a 16-bit float; float16 is widened to float32; int8, int16
/// and uint16 to int32; uint32 to int64; uint64 to int64, an error where a number is too large.
class Hdf5Reader {
 public:
  /// Reads the whole file into memory.
  Hdf5Reader(std::string what, const std::string& file);
  /// From bytes, which are not copied; `file` is what messages call them.
  Hdf5Reader(std::string what, std::string file, data::Bytes bytes);
  ~Hdf5Reader();
  Hdf5Reader(Hdf5Reader&&) noexcept;
  Hdf5Reader& operator=(Hdf5Reader&&) noexcept;

  bool exists(const std::string& path) const;
  bool is_group(const std::string& path) const;
  bool is_dataset(const std::string& path) const;
  /// Names in a group, in byte order: "10" before "2".
  std::vector<std::string> children(const std::string& group) const;
  /// Paths of all datasets below a group, in that order, each with no slash in front. Throws
  /// FileError where groups hold one another in a circle.
  std::vector<std::string> datasets(const std::string& group = "") const;

  Hdf5Spec spec(const std::string& path) const;
  /// The values. Without a shape known beforehand, what a dataset may take is bound by what the
  /// file holds.
  Tensor read(const std::string& path) const;
  /// The values as another dtype, as cast does. Throws FileError unless the shape is `shape`; it is
  /// compared before anything else is looked at.
  Tensor read(const std::string& path, const Shape& shape, DType dtype) const;

  /// Names of the attributes of an object.
  std::vector<std::string> attributes(const std::string& path) const;
  /// A string, of fixed or variable length; nothing where there is no attribute of this name.
  std::optional<std::string> text_attribute(const std::string& path, const std::string& name) const;
  /// A list of strings; an empty list may be an array of any type without elements. One that was
  /// cut into name0, name1 ... is joined.
  std::optional<std::vector<std::string>> texts_attribute(const std::string& path,
                                                          const std::string& name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace keratin::saving
