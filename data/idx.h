#pragma once

#include <string>

#include "tensor/tensor.h"

namespace keratin::data {

/// Reads an IDX file, the format of MNIST: plain, or compressed by gzip.
/// Magic 0, 0, type, rank; `rank` sizes of 32 bits; the elements; all big-endian.
/// Types: 0x08 uint8; 0x09 int8, 0x0b int16 and 0x0c int32 as int32; 0x0d float32; 0x0e float64.
/// Throws FileError, with the file's name and what was found, where the file is not just that: a
/// wrong magic, fewer or more bytes than the sizes say. No memory is set aside for what a header
/// only claims.
/// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file
/// formats.
Tensor read_idx(const std::string& path);

}  // namespace keratin::data
