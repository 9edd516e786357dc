#pragma once

#include <string>

#include "tensor/named.h"
#include "tensor/tensor.h"

namespace keratin::saving {

struct Safetensors {
  Named<Tensor> tensors = {};        // in the order of the data
  Named<std::string> metadata = {};  // "__metadata__"
};

/// Reads a .safetensors file: 8 bytes of length, JSON, the elements.
/// F32, F64, BF16, U8, I32, I64 and BOOL come as they are; F16 as float32; I8, I16, U16 as int32;
/// U32 as int64; U64 as int64, an error where a number is too large. Others (F8_E4M3 ...) are
/// refused.
/// Throws FileError, "what: path: text", for a header that is longer than the file or 100 MB, is no
/// such JSON, names one tensor twice; for shapes that do not fit their bytes; for data that overlap
/// or leave holes. Nothing is set aside for what a header only claims.
/// Source: github.com/huggingface/safetensors, "Format".
Safetensors read_safetensors(const std::string& path);

/// Writes one, whole or not at all. float32, float64, bfloat16, uint8, int32, int64, bool. Throws
/// DTypeError for strings, FileError as AtomicFile does.
void write_safetensors(const std::string& path, const Named<Tensor>& tensors,
                       const Named<std::string>& metadata = {});

}  // namespace keratin::saving
