#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/call_site.h"
#include "kernels/function_ref.h"
#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace keratin {

/// What the CPU's allocator holds.
struct MemoryStats {
  std::int64_t bytes_in_use = 0;  // in living tensors
  std::int64_t bytes_cached = 0;  // freed, kept for reuse
  std::int64_t peak_bytes_in_use = 0;
  std::int64_t system_allocations = 0;  // how often the system was asked
};
MemoryStats memory_stats();

/// Gives cached memory back to the system.
void release_cached_memory();

namespace detail {

/// Memory of tensors: 64-byte aligned bytes from a caching allocator, or strings. Content is not
/// initialised.
class Storage {
 public:
  /// For a tensor of this shape, which takes `bytes`.
  Storage(std::size_t bytes, Device device, const Shape& shape, DType dtype);
  explicit Storage(std::vector<std::string> strings) : strings_(std::move(strings)) {}
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  std::vector<std::string>& strings() { return strings_; }
  Device device() const { return device_; }

  /// Counts changes made in place, so that the tape can tell that what it saved is no longer what
  /// it was.
  std::uint64_t version() const { return version_; }
  void changed() { ++version_; }

  /// Does a Recording watch what is read of it? See tensor/recording.h.
  bool watched() const { return watched_; }
  void watch(bool watched) { watched_ = watched; }

  std::size_t capacity() const { return capacity_; }
  /// Of the tensor that it was made for.
  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  /// The layer or the like in which it was made; nullptr: outside of any.
  const kernels::Scope* scope() const { return scope_; }
  bool made_backward() const { return made_backward_; }

 private:
  friend class LivingStorages;
  void* data_ = nullptr;
  std::size_t capacity_ = 0;
  Device device_;
  std::vector<std::string> strings_;
  std::uint64_t version_ = 0;
  Shape shape_;
  DType dtype_ = DType::string;
  const kernels::Scope* scope_ = nullptr;
  bool made_backward_ = false, watched_ = false;
  Storage* previous_ = nullptr;  // all that live are a list
  Storage* next_ = nullptr;
};

/// Shows every storage of tensors that lives; no tensor is made or freed meanwhile.
void each_living_storage(kernels::FunctionRef<void(const Storage&)> show);

/// Bytes in living tensors, and those kept for reuse: what memory_stats says, without waiting.
std::int64_t bytes_in_use();
std::int64_t bytes_cached();

}  // namespace detail
}  // namespace keratin
