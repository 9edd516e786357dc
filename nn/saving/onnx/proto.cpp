// Field numbers: github.com/onnx/onnx, onnx/onnx.proto.
#include "nn/saving/onnx/proto.h"

#include <fmt/format.h>

#include <bit>
#include <protozero/pbf_writer.hpp>

#include "keratin/build_config.h"

namespace keratin::saving::onnx {
namespace {

using protozero::pbf_writer;

static_assert(std::endian::native == std::endian::little);

constexpr std::int64_t kIrVersion = 8;                            // the one that goes with opset 17
constexpr std::int64_t kMostBytes = (std::int64_t{1} << 31) - 1;  // of a protobuf message

enum ModelField : std::uint32_t {
  kModelIrVersion = 1,
  kModelProducerName = 2,
  kModelProducerVersion = 3,
  kModelGraph = 7,
  kModelOpsetImport = 8
};
enum GraphField : std::uint32_t {
  kGraphNode = 1,
  kGraphName = 2,
  kGraphInitializer = 5,
  kGraphInput = 11,
  kGraphOutput = 12
};
enum NodeField : std::uint32_t {
  kNodeInput = 1,
  kNodeOutput = 2,
  kNodeName = 3,
  kNodeOp = 4,
  kNodeAttribute = 5
};
enum AttributeField : std::uint32_t {
  kAttributeName = 1,
  kAttributeFloat = 2,
  kAttributeInt = 3,
  kAttributeString = 4,
  kAttributeInts = 8,
  kAttributeType = 20
};
enum AttributeType : std::int32_t { kFloat = 1, kInt = 2, kString = 3, kInts = 7 };
enum TensorField : std::uint32_t {
  kTensorDims = 1,
  kTensorType = 2,
  kTensorName = 8,
  kTensorRaw = 9
};

void write_attribute(pbf_writer& node, const Attribute& attribute) {
  pbf_writer out(node, kNodeAttribute);
  out.add_string(kAttributeName, attribute.name);
  if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) {
    out.add_int64(kAttributeInt, *number);
    out.add_enum(kAttributeType, kInt);
  } else if (const auto* real = std::get_if<double>(&attribute.value)) {
    out.add_float(kAttributeFloat, static_cast<float>(*real));
    out.add_enum(kAttributeType, kFloat);
  } else if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    out.add_bytes(kAttributeString, *text);
    out.add_enum(kAttributeType, kString);
  } else {
    for (const std::int64_t one : std::get<std::vector<std::int64_t>>(attribute.value)) {
      out.add_int64(kAttributeInts, one);
    }
    out.add_enum(kAttributeType, kInts);
  }
}

void write_node(pbf_writer& graph, const NodeProto& node) {
  pbf_writer out(graph, kGraphNode);
  for (const std::string& name : node.inputs) out.add_string(kNodeInput, name);
  for (const std::string& name : node.outputs) out.add_string(kNodeOutput, name);
  out.add_string(kNodeName, node.name);
  out.add_string(kNodeOp, node.op);
  for (const Attribute& attribute : node.attributes) write_attribute(out, attribute);
}

void write_tensor(pbf_writer& graph, const std::string& name, const Tensor& value) {
  pbf_writer out(graph, kGraphInitializer);
  for (const std::int64_t size : value.shape()) out.add_int64(kTensorDims, size);
  out.add_enum(kTensorType, element_type(value.dtype()));
  out.add_string(kTensorName, name);
  out.add_bytes(kTensorRaw, static_cast<const char*>(value.raw()),
                static_cast<std::size_t>(value.bytes()));
}

// ValueInfoProto {name, TypeProto {Tensor {elem_type, TensorShapeProto {dim ...}}}}
void write_value(pbf_writer& graph, GraphField field, const ValueInfo& value) {
  pbf_writer out(graph, field);
  out.add_string(1, value.name);
  pbf_writer type(out, 2);
  pbf_writer tensor(type, 1);
  tensor.add_enum(1, element_type(value.spec.dtype));
  pbf_writer shape(tensor, 2);
  for (std::int64_t axis = 0; axis < value.spec.shape.rank(); ++axis) {
    pbf_writer dim(shape, 1);
    const std::int64_t size = value.spec.shape[axis];
    if (size == None) {
      dim.add_string(2, value.dims.at(static_cast<std::size_t>(axis)));
    } else {
      dim.add_int64(1, size);
    }
  }
}

}  // namespace

std::int32_t element_type(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return 1;
    case DType::uint8:
      return 2;
    case DType::int32:
      return 6;
    case DType::int64:
      return 7;
    case DType::string:
      return 8;
    case DType::boolean:
      return 9;
    case DType::float64:
      return 11;
    case DType::bfloat16:
      return 16;
  }
  return 0;
}

std::string encode(const GraphProto& graph) {
  std::int64_t weights = 0;
  for (const auto& [name, value] : graph.initializers) weights += value.bytes();
  const auto require_room = [&](std::int64_t bytes) {
    if (bytes <= kMostBytes) return;
    throw ValueError(fmt::format(
        "export_onnx: {} bytes of weights; an ONNX file holds less than 2 GiB. Export the model in "
        "parts, each a Model of some of its layers.",
        weights));
  };
  require_room(weights);
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(weights) + (1 << 20));
  pbf_writer model(bytes);
  model.add_int64(kModelIrVersion, kIrVersion);
  model.add_string(kModelProducerName, "keratin");
  model.add_string(kModelProducerVersion, KERATIN_VERSION);
  {
    pbf_writer out(model, kModelGraph);
    for (const NodeProto& node : graph.nodes) write_node(out, node);
    out.add_string(kGraphName, graph.name);
    for (const auto& [name, value] : graph.initializers) write_tensor(out, name, value);
    for (const ValueInfo& value : graph.inputs) write_value(out, kGraphInput, value);
    for (const ValueInfo& value : graph.outputs) write_value(out, kGraphOutput, value);
  }
  pbf_writer(model, kModelOpsetImport).add_int64(2, kOpset);
  require_room(static_cast<std::int64_t>(bytes.size()));
  return bytes;
}

}  // namespace keratin::saving::onnx
