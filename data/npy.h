#pragma once

#include <string>
#include <vector>

#include "tensor/several.h"

namespace keratin::data {

struct ReadNpyOptions {
  /// Take |V2, two bytes of an unknown kind, for bfloat16: NumPy writes ml_dtypes' so.
  bool bfloat16 = false;
};

/// Reads a .npy file, the format of NumPy's save: versions 1.0 to 3.0, either byte order, C or
/// Fortran order.
///   bool, uint8, int32, int64, float32, float64    as they are
///   int8, int16, uint16 -> int32;  uint32, uint64 -> int64;  float16 -> float32
///   S and U -> string: trailing NULs cut, U as UTF-8; the bytes of S as they are
/// Throws FileError, with the file's name and what was found, for what is no such file, or
/// truncated, for pickled Python objects (nothing is ever run), structures, dates, complex
/// numbers, a uint64 that int64 does not hold. No memory is set aside for what a header only
/// claims. Bytes after the array are left out with a warning.
/// Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
///
///     Tensor x = data::read_npy("features.npy");
Tensor read_npy(const std::string& path, ReadNpyOptions options = {});

/// Writes a .npy file of version 1.0, which NumPy's load reads; it appears whole or not at all.
/// Strings become U, so they must be UTF-8 that ends in no NUL (ValueError); bfloat16, which NumPy
/// lacks, becomes float32. Throws FileError.
void write_npy(const std::string& path, const Tensor& x);

struct ReadNpzOptions {
  /// Only these arrays; not given: all.
  std::vector<std::string> names = {};
  bool bfloat16 = false;  // as for read_npy
};

/// Reads the arrays of a .npz file, NumPy's savez and savez_compressed, by name. Throws FileError
/// as read_npy and ZipReader do, and for an array that is not there.
///
///     Tensors mnist = data::read_npz("mnist.npz");
///     Tensor x = mnist["x_train"];
Tensors read_npz(const std::string& path, const ReadNpzOptions& options = {});

struct WriteNpzOptions {
  bool compressed = false;
};

/// Writes arrays into a .npz file; those without names are arr_0, arr_1 ... Throws FileError, and
/// ValueError for a name that is no file's name.
///
///     data::write_npz("scores.npz", {{"mean", mean}, {"spread", spread}});
void write_npz(const std::string& path, const Tensors& arrays, WriteNpzOptions options = {});

}  // namespace keratin::data
