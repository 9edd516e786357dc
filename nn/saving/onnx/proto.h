// What an ONNX file holds, as far as it is written here.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tensor/tensor.h"

namespace keratin::saving::onnx {

inline constexpr std::int64_t kOpset = 17;

struct Attribute {
  std::string name;
  std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>> value;
};
using Attributes = std::vector<Attribute>;

struct NodeProto {
  std::string op, name;
  std::vector<std::string> inputs, outputs;  // an input of "" is left out
  Attributes attributes;
};

/// An input or output of the graph; `dims` names the sizes that are None.
struct ValueInfo {
  std::string name;
  Spec spec;
  std::vector<std::string> dims;
};

struct GraphProto {
  std::string name;
  std::vector<NodeProto> nodes;  // in an order of computation
  std::vector<std::pair<std::string, Tensor>> initializers;
  std::vector<ValueInfo> inputs, outputs;
};

/// ONNX' number of a type of elements.
std::int32_t element_type(DType dtype);

/// The bytes of a file, for opset kOpset. Throws ValueError where they would exceed the 2 GiB that
/// a protobuf message may have.
std::string encode(const GraphProto& graph);

}  // namespace keratin::saving::onnx
