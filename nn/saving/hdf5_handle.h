// What the HDF5 sources share: handles, the lock, the library's settings. Includes hdf5.h: for
// sources of nn/saving only.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

namespace keratin::saving::detail {

/// An identifier of the library's, closed in the end by `close`.
class H5Handle {
 public:
  H5Handle() = default;
  H5Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~H5Handle() { reset(); }
  H5Handle(H5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  H5Handle& operator=(H5Handle&& other) noexcept {
    reset();
    id_ = std::exchange(other.id_, -1);
    close_ = other.close_;
    return *this;
  }

  operator hid_t() const { return id_; }
  bool valid() const { return id_ >= 0; }
  void reset() {
    if (id_ >= 0) close_(std::exchange(id_, -1));
  }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// The library, for one thread: it may be built without locks of its own. Held while any of its
/// functions runs. It prints no errors and loads no plugins meanwhile.
class H5Lock {
 public:
  H5Lock();
  ~H5Lock();
  H5Lock(const H5Lock&) = delete;
  H5Lock& operator=(const H5Lock&) = delete;

 private:
  std::unique_lock<std::mutex> lock_;
  H5E_auto2_t printer_ = nullptr;
  void* printer_data_ = nullptr;
  unsigned plugins_ = 0;
};

/// What the library's last error says, innermost first.
std::string h5_problem();

/// A name for a file in memory. The library takes two of one name for the same file.
std::string h5_image_name();

/// The enumeration that h5py writes for bool: int8, FALSE = 0, TRUE = 1.
H5Handle h5_bool();

}  // namespace keratin::saving::detail
