#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tensor/device.h"

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
  Storage(std::size_t bytes, Device device);
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

 private:
  void* data_ = nullptr;
  std::size_t capacity_ = 0;
  Device device_;
  std::vector<std::string> strings_;
  std::uint64_t version_ = 0;
};

}  // namespace detail
}  // namespace keratin
