#pragma once

#include <stdexcept>
#include <string>

namespace keratin {

/// Whatever keratin reports. Text: `op: what is wrong: what was given; what was expected. What to
/// do.`
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sizes or ranks that do not fit.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An element type that an operation does not take.
class DTypeError : public Error {
 public:
  using Error::Error;
};

/// Tensors on different devices, or a device that is not there.
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// An option, a label or a number outside its range; an unknown name.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// A file that is missing, broken, or not what it claims to be.
class FileError : public Error {
 public:
  using Error::Error;
};

namespace kernels {
/// Throws Error for a broken internal promise, naming the expression and its place.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}  // namespace kernels

}  // namespace keratin

/// Checks an internal promise, in every build. For mistakes of a user throw an Error with the
/// values instead.
#define KERATIN_ASSERT(expression) \
  ((expression) ? void() : ::keratin::kernels::assertion_failed(#expression, __FILE__, __LINE__))
