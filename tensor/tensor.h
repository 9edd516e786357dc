#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/stream.h"
#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"
#include "tensor/storage.h"

namespace keratin {

class Tensor;
namespace detail {
class Recording;
void note_read(const Tensor& watched);  // tensor/recording.cpp
}  // namespace detail

/// What a tensor is, without its values.
struct Spec {
  Shape shape = {};
  DType dtype = float32;
  Device device = {};
  /// "f32[32, 128]", as messages show it.
  std::string text() const;
  friend bool operator==(const Spec&, const Spec&) = default;
};

/// One string in a braced list. Not std::string: its {"a", "b"} is a pair of iterators, and
/// compiles.
class Text {
 public:
  Text(const char* s) : text_(s) {}
  Text(const std::string& s) : text_(s) {}
  std::string_view view() const { return text_; }

 private:
  std::string_view text_;
};

/// A dense, row-major array of numbers or strings: a handle, copies share the storage. Reshape and
/// a slice of the leading axis share it too; everything else copies. It knows nothing of gradients.
class Tensor {
 public:
  Tensor() = default;  // none: defined() is false

  /// Values that are not set yet.
  static Tensor empty(const Shape& shape, DType dtype = float32, Device device = {});
  static Tensor empty(const Spec& spec) { return empty(spec.shape, spec.dtype, spec.device); }
  /// A copy of `values`, row by row. Throws ShapeError unless their number is the shape's; a shape
  /// that is not given is [values.size()].
  template <class T>
  static Tensor from(std::span<const T> values, const Shape& shape = Shape::unset());
  template <class T>
  static Tensor from(const std::vector<T>& values, const Shape& shape = Shape::unset()) {
    return from(std::span<const T>(values), shape);
  }
  static Tensor numbers(std::initializer_list<double> values, const Shape& shape = Shape::unset(),
                        DType dtype = float32);
  static Tensor strings(std::initializer_list<Text> values, const Shape& shape = Shape::unset());
  template <std::same_as<std::string>
                S>  // a template, as {{"a", "b"}} would otherwise be a string from two iterators
  static Tensor strings(std::vector<S> values, const Shape& shape = Shape::unset()) {
    return from_strings(std::move(values), shape);
  }
  /// Rank 0.
  static Tensor scalar(double value, DType dtype = float32);

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  Device device() const { return storage_ == nullptr ? Device{} : storage_->device(); }
  Spec spec() const { return {shape_, dtype_, device()}; }
  std::int64_t rank() const { return shape_.rank(); }
  /// How many elements.
  std::int64_t size() const { return size_; }
  std::int64_t bytes() const { return size_ * static_cast<std::int64_t>(size_of(dtype_)); }

  /// Row i of the leading axis, without it; negative i counts from the end. Shares storage. Throws
  /// ShapeError.
  Tensor operator[](std::int64_t i) const;
  /// Rows first .. last - 1 of the leading axis, sharing storage. Throws ShapeError unless 0 <=
  /// first <= last <= size.
  Tensor slice(std::int64_t first, std::int64_t last) const;
  /// The same elements under another shape of as many, sharing storage; one size may be -1. Throws
  /// ShapeError.
  Tensor reshaped(const Shape& shape) const;
  /// A copy with storage of its own, on the same device.
  Tensor copy() const;
  /// The same elements on this device: this tensor itself if it is there already. Throws DTypeError
  /// for strings to a GPU.
  Tensor to(Device device) const;
  /// By name: "cpu", "cuda", "cuda:1". Throws DeviceError where there is no such device.
  Tensor to(const std::string& device) const { return to(Device::named(device, "to")); }
  /// Where kernels that read or write this tensor run.
  kernels::Stream stream() const;

  /// One element, converted as cast does (or a string, T = std::string). The index may
  /// be left out where there is one element only. Throws ShapeError or DTypeError.
  template <class T>
  T item(std::initializer_list<std::int64_t> index = {}) const;
  /// All elements, row by row, converted likewise.
  template <class T>
  std::vector<T> to_vector() const;

  /// The first element; T must be the element type. Strings are no array: see strings(). Throws
  /// DeviceError for a tensor on a GPU.
  template <class T>
  const T* data() const {
    check_type(dtype_of<T>);
    return static_cast<const T*>(raw());
  }
  /// The same, to write to. Every handle on this storage sees the change.
  template <class T>
  T* mutable_data() {
    check_type(dtype_of<T>);
    return static_cast<T*>(raw());
  }
  /// The first byte, whatever the type.
  void* raw() const {
    require_defined("raw");
    if (!storage_->device().is_cpu()) require_cpu();
    return address();
  }
  /// The first element wherever it is, for kernels that run there: see stream().
  template <class T>
  const T* on_device() const {
    check_type(dtype_of<T>);
    return static_cast<const T*>(address());
  }
  template <class T>
  T* mutable_on_device() {
    check_type(dtype_of<T>);
    return static_cast<T*>(address());
  }
  /// The first byte wherever it is.
  void* address() const {
    require_defined("address");
    if (storage_->watched()) [[unlikely]]
      detail::note_read(*this);
    return static_cast<char*>(storage_->data()) +
           offset_ * static_cast<std::int64_t>(size_of(dtype_));
  }
  std::span<const std::string> strings() const;
  std::span<std::string> mutable_strings();

  /// Counts changes in place; see detail::Storage.
  std::uint64_t version() const { return storage_ == nullptr ? 0 : storage_->version(); }
  /// To be called after writing to a tensor that others may have saved.
  void mark_changed() { storage_->changed(); }
  /// Overwrites the elements in place with those of a tensor of the same shape and dtype, wherever
  /// that is. Throws ShapeError, DTypeError.
  void copy_from(const Tensor& other);
  /// Is this the only handle on its storage?
  bool is_unique() const { return storage_.use_count() == 1; }
  bool shares_storage_with(const Tensor& other) const { return storage_ == other.storage_; }

 private:
  friend class detail::Recording;
  static Tensor from_strings(std::vector<std::string> values, const Shape& shape);
  void require_defined(const char* what) const;
  void require_cpu() const;
  void check_type(DType wanted) const;
  std::int64_t flat_index(std::initializer_list<std::int64_t> index) const;
  Tensor one(std::int64_t flat) const;

  std::shared_ptr<detail::Storage> storage_;
  std::int64_t offset_ = 0;  // elements
  std::int64_t size_ = 0;
  Shape shape_;
  DType dtype_ = float32;
};

Tensor zeros(const Shape& shape, DType dtype = float32);
Tensor ones(const Shape& shape, DType dtype = float32);
Tensor full(const Shape& shape, double value, DType dtype = float32);
/// start, start + step ... below stop. Throws ValueError if step is 0.
Tensor arange(double start, double stop, double step = 1, DType dtype = float32);
/// The same elements under another shape of as many, sharing storage; one size may be -1. Throws
/// ShapeError.
Tensor reshape(const Tensor& x, const Shape& shape);

}  // namespace keratin
