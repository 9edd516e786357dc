#include "tensor/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/accelerator.h"
#include "kernels/cast/convert.h"
#include "tensor/huge_pages.h"
#include "tensor/recording.h"

namespace keratin {
namespace {

// Calls f with a typed pointer to the elements.
template <class F>
decltype(auto) visit(DType dtype, void* raw, F&& f) {
  switch (dtype) {
    case DType::float32:
      return f(static_cast<float*>(raw));
    case DType::float64:
      return f(static_cast<double*>(raw));
    case DType::bfloat16:
      return f(static_cast<BFloat16*>(raw));
    case DType::uint8:
      return f(static_cast<std::uint8_t*>(raw));
    case DType::int32:
      return f(static_cast<std::int32_t*>(raw));
    case DType::int64:
      return f(static_cast<std::int64_t*>(raw));
    case DType::boolean:
      return f(static_cast<bool*>(raw));
    case DType::string:
      break;
  }
  throw DTypeError("tensor: strings where numbers are needed; use strings()");
}

// As cast does.
template <class To, class From>
To converted(From value) {
  if constexpr (std::is_same_v<From, BFloat16>) {
    return converted<To>(to_float(value));
  } else if constexpr (std::is_same_v<To, BFloat16>) {
    return to_bfloat16(static_cast<float>(value));
  } else {
    return kernels::cpu::convert<To>(value);
  }
}

void fill(Tensor& x, double value) {
  visit(x.dtype(), x.raw(), [&](auto* data) {
    std::fill_n(data, x.size(), converted<std::remove_pointer_t<decltype(data)>>(value));
  });
}

// Between tensors of one size, each on its device.
void copy_bytes(Tensor& to, const Tensor& from) {
  const auto bytes = static_cast<std::size_t>(to.bytes());
  const Device target = to.device(), source = from.device();
  detail::Recording* const recording = detail::Recording::current();
  if (recording != nullptr && source.is_cpu() && !target.is_cpu())
    return copy_bytes(to, recording->sent(from));
  if (recording != nullptr && target.is_cpu() && !source.is_cpu())
    recording->refuse(fmt::format("reads {} on the CPU", from.spec().text()));
  if (target.is_cpu() && source.is_cpu()) {
    std::memmove(to.address(), from.address(), bytes);
  } else if (source.is_cpu()) {
    kernels::accelerator()->to_gpu(to.address(), from.address(), bytes, to.stream());
  } else if (target.is_cpu()) {
    kernels::accelerator()->from_gpu(to.address(), from.address(), bytes, from.stream());
  } else if (target == source) {
    kernels::accelerator()->within_gpu(to.address(), from.address(), bytes, to.stream());
  } else {  // by way of the CPU: two GPUs need not reach each other
    const Tensor between = from.to(Device{});
    kernels::accelerator()->to_gpu(to.address(), between.address(), bytes, to.stream());
  }
}

}  // namespace

std::string Spec::text() const { return fmt::format("{}{}", short_name_of(dtype), shape.text()); }

Tensor Tensor::empty(const Shape& shape, DType dtype, Device device) {
  Tensor x;
  x.size_ = shape.size();
  x.shape_ = shape;
  x.dtype_ = dtype;
  if (dtype == DType::string) {
    KERATIN_ASSERT(device.is_cpu());
    std::vector<std::string> texts;
    texts.reserve(static_cast<std::size_t>(x.size_));
    detail::ask_for_huge_pages(texts.data(), texts.capacity() * sizeof(std::string));
    texts.resize(static_cast<std::size_t>(x.size_));
    x.storage_ = std::make_shared<detail::Storage>(std::move(texts));
    return x;
  }
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(x.size_, static_cast<std::int64_t>(size_of(dtype)), &bytes)) {
    throw ShapeError(fmt::format("tensor: {} has more bytes than 64 bits count", x.spec().text()));
  }
  x.storage_ =
      std::make_shared<detail::Storage>(static_cast<std::size_t>(bytes), device, shape, dtype);
  return x;
}

template <class T>
Tensor Tensor::from(std::span<const T> values, const Shape& shape) {
  const auto count = static_cast<std::int64_t>(values.size());
  const Shape wanted = shape.is_set() ? shape : Shape{count};
  if (wanted.size() != count) {
    throw ShapeError(fmt::format("tensor: {} values for shape {}, which has {}", count,
                                 wanted.text(), wanted.size()));
  }
  Tensor x = empty(wanted, dtype_of<T>);
  if (count != 0) std::memcpy(x.raw(), values.data(), values.size_bytes());
  return x;
}
template Tensor Tensor::from(std::span<const float>, const Shape&);
template Tensor Tensor::from(std::span<const double>, const Shape&);
template Tensor Tensor::from(std::span<const std::uint8_t>, const Shape&);
template Tensor Tensor::from(std::span<const std::int32_t>, const Shape&);
template Tensor Tensor::from(std::span<const std::int64_t>, const Shape&);

Tensor Tensor::numbers(std::initializer_list<double> values, const Shape& shape, DType dtype) {
  const auto count = static_cast<std::int64_t>(values.size());
  const Shape wanted = shape.is_set() ? shape : Shape{count};
  if (wanted.size() != count) {
    throw ShapeError(fmt::format("tensor: {} values for shape {}, which has {}", count,
                                 wanted.text(), wanted.size()));
  }
  Tensor x = empty(wanted, dtype);
  visit(dtype, x.raw(), [&](auto* data) {
    for (const double value : values)
      *data++ = converted<std::remove_pointer_t<decltype(data)>>(value);
  });
  return x;
}

Tensor Tensor::strings(std::initializer_list<Text> values, const Shape& shape) {
  std::vector<std::string> texts;
  for (const Text& text : values) texts.emplace_back(text.view());
  return from_strings(std::move(texts), shape);
}

Tensor Tensor::from_strings(std::vector<std::string> values, const Shape& shape) {
  const auto count = static_cast<std::int64_t>(values.size());
  const Shape wanted = shape.is_set() ? shape : Shape{count};
  if (wanted.size() != count) {
    throw ShapeError(fmt::format("tensor: {} strings for shape {}, which has {}", count,
                                 wanted.text(), wanted.size()));
  }
  Tensor x;
  x.size_ = count;
  x.shape_ = wanted;
  x.dtype_ = DType::string;
  x.storage_ = std::make_shared<detail::Storage>(std::move(values));
  return x;
}

Tensor Tensor::scalar(double value, DType dtype) { return full({}, value, dtype); }

Tensor Tensor::operator[](std::int64_t i) const {
  if (rank() == 0)
    throw ShapeError(fmt::format("tensor: row {} of {}, which has no axis", i, spec().text()));
  const std::int64_t rows = shape_[0];
  if (i < -rows || i >= rows) {
    throw ShapeError(
        fmt::format("tensor: row {} of {}; rows go from 0 to {}", i, spec().text(), rows - 1));
  }
  const std::int64_t row = i < 0 ? i + rows : i;
  Tensor x = slice(row, row + 1);
  x.shape_ = shape_.slice(1, rank());
  return x;
}

Tensor Tensor::slice(std::int64_t first, std::int64_t last) const {
  if (rank() == 0 || first < 0 || first > last || last > shape_[0]) {
    throw ShapeError(fmt::format("tensor: rows {} to {} of {}; expected 0 <= first <= last <= rows",
                                 first, last, spec().text()));
  }
  const std::int64_t row = shape_.slice(1, rank()).size();
  Tensor x = *this;
  x.offset_ += first * row;
  x.size_ = (last - first) * row;
  x.shape_ = shape_.with(0, last - first);
  return x;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  require_defined("reshape");
  Shape wanted = shape;
  std::int64_t inferred = -1;
  for (std::int64_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] != -1) continue;
    if (inferred >= 0)
      throw ShapeError(fmt::format("reshape: {} has more than one -1", shape.text()));
    inferred = i;
  }
  if (inferred >= 0) {
    const std::int64_t known = shape.with(inferred, 1).size();
    if (known > 0 && size_ % known == 0) wanted = wanted.with(inferred, size_ / known);
  }
  if ((inferred >= 0 && wanted[inferred] < 0) || wanted.size() != size_) {
    throw ShapeError(
        fmt::format("reshape: {} has {} elements; the shape asked for, {}, does not hold as many",
                    spec().text(), size_, shape.text()));
  }
  Tensor x = *this;
  x.shape_ = wanted;
  return x;
}

Tensor Tensor::copy() const {
  require_defined("copy");
  Tensor x = empty(spec());
  x.copy_from(*this);
  return x;
}

Tensor Tensor::to(Device device) const {
  require_defined("to");
  if (device == this->device()) return *this;
  if (dtype_ == DType::string) {
    throw DTypeError(fmt::format(
        "to: {} cannot go to {}: strings live on the CPU. Turn them into numbers there, as "
        "StringLookup and TextVectorization do.",
        spec().text(), device.text()));
  }
  Tensor x = empty(shape_, dtype_, device);
  x.copy_from(*this);
  detail::Recording* const recording = detail::Recording::current();
  if (recording != nullptr && !device.is_cpu() && detail::Recording::is_watched(*this))
    recording->note_origin(x, *this);
  return x;
}

kernels::Stream Tensor::stream() const {
  const Device device = this->device();
  return device.is_cpu() ? kernels::Stream{} : kernels::accelerator()->stream(device.index);
}

void Tensor::copy_from(const Tensor& other) {
  require_defined("copy_from");
  other.require_defined("copy_from");
  if (shape_ != other.shape_) {
    throw ShapeError(
        fmt::format("tensor: {} cannot take the values of {}", spec().text(), other.spec().text()));
  }
  if (dtype_ != other.dtype_) {
    throw DTypeError(fmt::format("tensor: {} cannot take the values of {}; use cast", spec().text(),
                                 other.spec().text()));
  }
  if (dtype_ == DType::string) {
    std::copy_n(other.strings().begin(), size_, mutable_strings().begin());
  } else if (size_ != 0) {
    copy_bytes(*this, other);
  }
  mark_changed();
}

std::span<const std::string> Tensor::strings() const {
  check_type(DType::string);
  if (storage_->watched()) detail::note_read(*this);
  return {storage_->strings().data() + offset_, static_cast<std::size_t>(size_)};
}
std::span<std::string> Tensor::mutable_strings() {
  check_type(DType::string);
  return {storage_->strings().data() + offset_, static_cast<std::size_t>(size_)};
}

void Tensor::require_defined(const char* what) const {
  if (!defined())
    throw ValueError(fmt::format("{}: the tensor has no value: it was never set", what));
}

void Tensor::require_cpu() const {
  if (device().is_cpu()) return;
  throw DeviceError(
      fmt::format("data: {} is on {}, where the CPU cannot read; use .to(\"cpu\") first",
                  spec().text(), device().text()));
}

void Tensor::check_type(DType wanted) const {
  require_defined("data");
  if (dtype_ != wanted) {
    throw DTypeError(
        fmt::format("tensor: {} read as {}; use cast", spec().text(), name_of(wanted)));
  }
}

std::int64_t Tensor::flat_index(std::initializer_list<std::int64_t> index) const {
  require_defined("item");
  if (index.size() == 0 && size_ == 1) return 0;
  if (static_cast<std::int64_t>(index.size()) != rank()) {
    throw ShapeError(
        fmt::format("item: {} indices for {}; expected {}", index.size(), spec().text(), rank()));
  }
  std::int64_t flat = 0, axis = 0;
  for (const std::int64_t i : index) {
    if (i < 0 || i >= shape_[axis]) {
      throw ShapeError(fmt::format("item: index {} on axis {} of {}", i, axis, spec().text()));
    }
    flat = flat * shape_[axis++] + i;
  }
  return flat;
}

Tensor Tensor::one(std::int64_t flat) const {
  Tensor x = *this;
  x.offset_ += flat;
  x.size_ = 1;
  x.shape_ = {};
  return x;
}

template <class T>
T Tensor::item(std::initializer_list<std::int64_t> index) const {
  const std::int64_t i = flat_index(index);
  if constexpr (std::is_same_v<T, std::string>) {
    return strings()[static_cast<std::size_t>(i)];
  } else {
    const Tensor x = one(i).to(Device{});
    return visit(dtype_, x.raw(), [](const auto* data) { return converted<T>(data[0]); });
  }
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  require_defined("to_vector");
  if constexpr (std::is_same_v<T, std::string>) {
    return {strings().begin(), strings().end()};
  } else {
    std::vector<T> values(static_cast<std::size_t>(size_));
    const Tensor here = to(Device{});
    visit(dtype_, here.raw(), [&](const auto* data) {
      for (std::int64_t i = 0; i < size_; ++i)
        values[static_cast<std::size_t>(i)] = converted<T>(data[i]);
    });
    return values;
  }
}

#define KERATIN_INSTANTIATE(T)                                                 \
  template T Tensor::item<T>(std::initializer_list<std::int64_t> index) const; \
  template std::vector<T> Tensor::to_vector<T>() const;
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
KERATIN_INSTANTIATE(std::uint8_t)
KERATIN_INSTANTIATE(std::int32_t)
KERATIN_INSTANTIATE(std::int64_t)
KERATIN_INSTANTIATE(bool)
KERATIN_INSTANTIATE(std::string)
#undef KERATIN_INSTANTIATE

Tensor full(const Shape& shape, double value, DType dtype) {
  Tensor x = Tensor::empty(shape, dtype);
  fill(x, value);
  return x;
}
Tensor zeros(const Shape& shape, DType dtype) {
  Tensor x = Tensor::empty(shape, dtype);
  if (dtype != DType::string && x.size() != 0)
    std::memset(x.raw(), 0, static_cast<std::size_t>(x.bytes()));
  return x;
}
Tensor ones(const Shape& shape, DType dtype) { return full(shape, 1, dtype); }

Tensor arange(double start, double stop, double step, DType dtype) {
  if (step == 0 || !std::isfinite(start) || !std::isfinite(stop) || !std::isfinite(step)) {
    throw ValueError(fmt::format(
        "arange: start {}, stop {}, step {}; expected finite numbers and a step that is not 0",
        start, stop, step));
  }
  const double steps = std::ceil((stop - start) / step);
  if (steps >= 0x1p63) {
    throw ValueError(
        fmt::format("arange: start {}, stop {}, step {}: more elements than 64 bits "
                    "count",
                    start, stop, step));
  }
  const auto count = static_cast<std::int64_t>(std::max(0.0, steps));
  Tensor x = Tensor::empty({count}, dtype);
  visit(dtype, x.raw(), [&](auto* data) {
    for (std::int64_t i = 0; i < count; ++i)
      data[i] =
          converted<std::remove_pointer_t<decltype(data)>>(start + step * static_cast<double>(i));
  });
  return x;
}

Tensor reshape(const Tensor& x, const Shape& shape) { return x.reshaped(shape); }

}  // namespace keratin
