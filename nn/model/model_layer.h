#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/layer.h"
#include "nn/model/compiled.h"
#include "nn/model/graph.h"

namespace keratin {
class Model;
}

namespace keratin::detail {

struct FitProgress;
class ResidentSamples;
class StepGraphs;

/// What the handles of a model share: its graph or the object whose call() computes it, and what
/// compile() made. To other models it is a layer like any.
class ModelLayer final : public Layer {
 public:
  enum class Kind { functional, sequential, subclassed };

  ModelLayer(Kind kind, std::string name);
  ModelLayer(Graph graph, std::string name);  // functional

  Kind kind() const { return kind_; }
  /// Of a functional model, and of a Sequential whose input is known.
  const std::optional<Graph>& graph() const { return graph_; }
  /// The layers that a person put in: a Sequential's without its Input.
  std::vector<LayerRef> listed_layers() const;
  /// Names of `count` outputs.
  std::vector<std::string> names_of_outputs(const Variables& outputs) const;

  // Sequential.
  void add_input(const SymbolicTensor& input);
  void add_item(const LayerRef& layer);

  // Subclassed.
  void track(const LayerRef& layer) { track_layer(layer); }

  // The handles alive. One of a class of its own computes a subclassed model.
  void attach(Model* handle) { handles_.push_back(handle); }
  void detach(Model* handle) { std::erase(handles_, handle); }
  /// The handle of a class of its own, or nullptr.
  Model* derived_handle() const;

  std::string class_name() const override;
  std::vector<std::string> output_names() const override;
  std::vector<LayerRef> sublayers() const override;
  void ensure_built(const std::vector<Spec>& inputs) override;
  /// Where the model computes: where the weights of its layers are; of one without weights, the
  /// default device when it was built. Throws DeviceError where they are on several.
  Device model_device();
  /// Is x, the input of this number, and of this name where that is not empty, needed on the CPU
  /// only: strings, and what none but layers that work there read?
  bool stays_on_cpu(const Tensor& x, std::int64_t input, const std::string& name) const;
  void build_several(const std::vector<Shape>& inputs) override;
  void check_inputs(const std::vector<Spec>& inputs) const override;
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override;
  Variables call_several(const Variables& x, CallContext context) override;
  /// The graph's computation; throws ValueError where there is none.
  Variables run_graph(const Variables& x, const CallContext& context) const;

  std::shared_ptr<Compiled> compiled;
  bool stop_training = false;
  FitProgress* progress = nullptr;          // of the fit that runs
  const Example* training_batch = nullptr;  // of the step that runs
  // Of any step: the batch as it was given, and where the model computes.
  const Example *given_batch = nullptr, *fed_batch = nullptr;
  bool takes_fed = true;  // did the last step compute with the latter? One of one's own does not
  StepGraphs* step_graphs = nullptr;                 // of the fit that runs, where it may make some
  const ResidentSamples* resident = nullptr;         // what the numbers of given_batch mean
  std::shared_ptr<const ResidentSamples> evaluated;  // ... of the evaluation that is to begin
  bool reads_results = true;                         // does train_step give its results?
  std::string not_finite;  // why a loss was not, the first time since fit began or compile

 private:
  Model& required_handle() const;
  Variables placed_inputs(const Variables& x) const override { return x; }  // its layers' are
  /// Values in the order of the graph's inputs, in their dtypes.
  std::vector<Variable> fed(const Variables& x) const;

  Kind kind_;
  std::optional<Graph> graph_;
  std::vector<LayerRef> items_;  // of a Sequential
  mutable std::string class_name_;
  std::vector<Model*> handles_;
  std::optional<Device> model_device_;  // once it is known
};

}  // namespace keratin::detail
