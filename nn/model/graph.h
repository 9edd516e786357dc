#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "nn/layer.h"
#include "nn/symbolic.h"

namespace keratin::detail {

/// The calls of layers that lead from some symbolic tensors to others, in an order in which they
/// can be computed.
class Graph {
 public:
  Graph() = default;
  /// Throws ValueError where an output does not depend on the inputs alone, naming what is missing.
  Graph(const SymbolicTensors& inputs, const SymbolicTensors& outputs);

  const SymbolicTensors& inputs() const { return inputs_; }
  const SymbolicTensors& outputs() const { return outputs_; }
  /// Each layer once, in Keras' order: those furthest from the outputs first. Files number layers by
  /// it.
  const std::vector<LayerRef>& layers() const { return layers_; }
  /// The name of an input or output: its key where given by name, else its layer's.
  std::vector<std::string> input_names() const;
  std::vector<std::string> output_names() const;
  /// Is it a plain chain of layers, each called once on one input?
  bool is_chain() const;
  /// All calls, in an order of computation.
  std::vector<const GraphNode*> calls() const;
  /// Calls in this graph of one layer, in order of computation.
  std::vector<const GraphNode*> calls_of(const Layer* layer) const;

  /// Is this input, by its name where that is not empty, read by layers only that work on the CPU?
  bool read_on_cpu_only(std::int64_t input, const std::string& name) const;

  /// Computes the outputs, in the structure in which they were given. `x` has one value for each
  /// input, in order.
  Variables run(const std::vector<Variable>& x, const CallContext& context) const;
  /// Shapes of the outputs for such inputs.
  std::vector<Spec> output_specs(const std::vector<Spec>& x) const;

 private:
  struct Step {
    std::shared_ptr<GraphNode> node;
    std::vector<std::size_t> inputs;    // slots
    std::vector<std::size_t> outputs;   // slots
    std::vector<std::size_t> last_use;  // slots that nothing later reads
    // Of a batch normalization: how many of the next steps it may do too (nn/fused_relu.h), and the
    // slot of what one of them adds.
    std::size_t fused = 0;
    std::optional<std::size_t> residual = {};
  };
  void order_steps();
  void order_layers();
  void order_runs();
  /// The steps of a row that begins with this one: a batch normalization, perhaps an addition, relu.
  std::vector<std::size_t> fused_row(std::size_t step, const std::vector<std::size_t>& reads,
                                     const std::vector<std::size_t>& reader) const;
  void compute(const Step& step, std::vector<Variable>& values, const CallContext& context) const;
  std::unordered_map<const Layer*, std::int64_t> order_of_meeting() const;

  SymbolicTensors inputs_, outputs_;
  std::vector<Step> steps_;
  std::vector<std::size_t> runs_;  // the order in which they are run: rows that may be fused in one
  // Has all been computed once, layer by layer? Each notes then what it gives.
  std::shared_ptr<std::atomic<bool>> ran_ = std::make_shared<std::atomic<bool>>(false);
  std::vector<std::size_t> input_slots_, output_slots_;
  std::size_t slots_ = 0;
  std::vector<LayerRef> layers_;
};

}  // namespace keratin::detail
