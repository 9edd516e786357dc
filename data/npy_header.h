// The header of a .npy file: a Python dictionary of three entries, read without Python.
#pragma once

#include <string>
#include <string_view>

#include "kernels/function_ref.h"
#include "tensor/shape.h"

namespace keratin::data::detail {

struct NpyHeader {
  char order = '|';        // '<', '>', '=' or '|'
  char kind = '?';         // 'f', 'i', 'u', 'b', 'S', 'U', 'V' ...
  std::int64_t bytes = 0;  // of an element; of U four times its number
  bool fortran_order = false;
  Shape shape = {};
};

/// Reads "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }". Calls `fail`, which throws,
/// with what is wrong.
NpyHeader parse_npy_header(std::string_view text, kernels::FunctionRef<void(std::string)> fail);

/// From the magic bytes to the end of the header, a multiple of 64 bytes.
std::string npy_header(std::string_view descr, const Shape& shape);

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

}  // namespace keratin::data::detail
