#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/bytes.h"

namespace keratin::data::detail {

/// What a file of the Python version of CIFAR holds.
struct PythonBatch {
  std::int64_t rows = 0, columns = 0;
  std::string data = {};  // rows times columns bytes
  std::vector<std::int64_t> labels = {};
};

/// Reads {"data": uint8 array [rows, columns], "labels": [...]} from a pickle. Numbers, texts,
/// lists, dictionaries and NumPy's arrays of bytes are all that it knows: whatever else a pickle
/// asks for is refused, and nothing is ever called. Throws FileError, "name: text".
PythonBatch read_python_batch(const std::string& name, const Bytes& pickle);

}  // namespace keratin::data::detail
