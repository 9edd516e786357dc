// The functional API's graph: symbolic tensors and the calls of layers that made them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tensor/several.h"

namespace keratin {

class LayerRef;
class Layer;

namespace detail {
struct GraphNode;
struct SymbolicImpl;
}  // namespace detail

/// A tensor that will be: a shape with None where a size is not known yet, a dtype, and the call of
/// a layer that makes it.
class SymbolicTensor {
 public:
  SymbolicTensor() = default;
  explicit SymbolicTensor(std::shared_ptr<detail::SymbolicImpl> impl) : impl_(std::move(impl)) {}

  bool defined() const { return impl_ != nullptr; }
  const Shape& shape() const;
  DType dtype() const;
  Spec spec() const { return {shape(), dtype(), {}}; }
  /// The call that makes it, and which of its results it is.
  const std::shared_ptr<detail::GraphNode>& node() const;
  std::int64_t index() const;
  bool is(const SymbolicTensor& other) const { return impl_ == other.impl_; }
  const detail::SymbolicImpl* id() const { return impl_.get(); }

 private:
  std::shared_ptr<detail::SymbolicImpl> impl_;
};
using SymbolicTensors = Several<SymbolicTensor>;

struct InputOptions {
  Shape shape = Shape::unset();  // without the batch axis
  std::optional<std::int64_t> batch_size = {};
  DType dtype = float32;
  Shape batch_shape = Shape::unset();  // with it
  std::string name = {};
  bool optional = false;
};

/// The start of a graph. Throws ValueError unless exactly one of shape and batch_shape is given.
SymbolicTensor Input(const InputOptions& options);

namespace detail {

/// One call of a layer on symbolic tensors. Nodes hold those before them: the destructor lets go of a
/// chain of any length without recursion.
struct GraphNode {
  std::shared_ptr<Layer> layer;
  int index = 0;                      // which call of that layer
  SymbolicTensors inputs;             // as they were given: one, a list, by name
  std::optional<bool> training = {};  // where the call said so; else as the model is called
  std::vector<Spec> outputs;

  ~GraphNode();
};

struct SymbolicImpl {
  Spec spec;
  std::shared_ptr<GraphNode> node;
  std::int64_t index = 0;
};

/// Records a call; one symbolic tensor for each output.
SymbolicTensors call_symbolically(const std::shared_ptr<Layer>& layer,
                                  const SymbolicTensors& inputs, std::optional<bool> training = {});

}  // namespace detail
}  // namespace keratin
