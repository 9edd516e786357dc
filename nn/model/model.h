#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/layer.h"
#include "nn/model/history.h"
#include "nn/model/options.h"
#include "nn/symbolic.h"

namespace keratin {

namespace detail {
class FitLoop;
class ModelLayer;
Model model_of(const LayerRef& layer);
ModelLayer& model_state(const Model& model);
}  // namespace detail
struct SummaryOptions;
struct Explanation;

/// A model: a graph of layers, or a class of one's own.
///
/// Functional: Model(inputs, outputs), from symbolic tensors. Subclassed: override call(), or
/// call_several() for several inputs or outputs, and train_step() where fit's own will not do;
/// make inner layers known with track(). A handle: copies are the same model; of a subclassed one
/// the object that was made must live as long as it is used.
///
/// A model computes on the device on which its layers were built, the default one: see set_device.
/// Called, trained or asked it takes its inputs over; strings, and layers of preprocessing that
/// work on the CPU only, stay there. Called, it gives results where it is; predict gives them on the
/// CPU. Losses and metrics stay on a GPU until somebody reads them.
///
///     auto x = Input({.shape = {784}});
///     Model model(x, layers::Dense({.units = 10, .activation = "softmax"})(x));
///     model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
///     History history = model.fit(images, labels, {.epochs = 5});
class Model : public LayerRef {
 public:
  Model();
  /// Throws ValueError where an output does not depend on the inputs alone.
  Model(const SymbolicTensors& inputs, const SymbolicTensors& outputs, std::string name = {});
  Model(const Model& other);
  Model& operator=(const Model& other);
  virtual ~Model();

  // For subclasses, as in Layer.
  virtual void build(const Shape& input);
  virtual Variable call(const Variable& x, CallContext context);
  virtual Variables call_several(const Variables& x, CallContext context);
  /// One batch, as the data gave it: forward, loss, backward, update; gives scalars by name. The
  /// tensors are on the CPU, whatever the device: models, losses and metrics take them over.
  virtual Tensors train_step(const Example& batch);
  /// One batch of evaluation.
  virtual Tensors test_step(const Example& batch);

  /// Makes the model ready for fit and evaluate. Throws ValueError for unknown names.
  void compile(const CompileOptions& options);
  bool compiled() const;

  /// Trains on batches of (x, y) or (x, y, sample_weight). Throws ValueError where the model is
  /// not compiled or has no loss, the data is empty or has NaN, or options exclude each other;
  /// ShapeError where data does not fit the model. The first loss that is not finite is warned of,
  /// with the first layer in the forward pass whose output was not, or the weight.
  History fit(const Dataset& data, const FitOptions& options = {});
  /// Trains on samples: rows of the tensors.
  History fit(const Tensors& x, const Tensors& y, const FitOptions& options = {});
  /// Losses and metrics, sorted by name.
  Logs evaluate(const Dataset& data, const EvaluateOptions& options = {});
  Logs evaluate(const Tensors& x, const Tensors& y, const EvaluateOptions& options = {});
  /// What the model says of every sample, on the CPU, in the structure of its outputs. Needs no
  /// compile.
  Tensors predict(const Dataset& data, const PredictOptions& options = {});
  Tensors predict(const Tensors& x, const PredictOptions& options = {});
  /// One step on one batch, without callbacks; metrics of this batch alone.
  Logs train_on_batch(const Tensors& x, const Tensors& y, const Tensors& sample_weight = {});
  Logs test_on_batch(const Tensors& x, const Tensors& y, const Tensors& sample_weight = {});
  /// To be called by callbacks: fit ends after this batch.
  void stop_training();

  /// Writes the whole model to a `.keras` file, which load_model and Python Keras 3 open: layers,
  /// weights, vocabularies, how it is compiled, the optimizer's state. What was there before is
  /// replaced at the end, in one go. Throws ValueError for another suffix, a model that is not
  /// built, or what no file can hold (a class or function of the program's own); FileError where the
  /// file cannot be written.
  void save(const std::string& path) const;
  /// Throws ValueError where save() would, but for the file: to be told before training.
  void require_saveable() const;
  /// The weights alone, and the optimizer's state if it has any, to a `.weights.h5` file; or,
  /// without that state, to a `.safetensors` file, under the same names: "layers/dense/vars/0".
  void save_weights(const std::string& path) const;
  /// Reads weights from a `.weights.h5`, `.safetensors` or `.keras` file, by the structure of the
  /// model, or from an older `.h5` file. Throws FileError, and changes nothing, unless they fit one
  /// for one; with `skip_mismatch` layers that do not fit are left as they are, each with a warning.
  void load_weights(const std::string& path, bool skip_mismatch = false);

  /// Prints a table of the layers.
  void summary() const;
  void summary(const SummaryOptions& options) const;

  /// Which kernels the layers call on a batch of this shape, on the way there and back: for each the
  /// rung that runs, its instruction set and threads, and why faster ones did not apply. Computes,
  /// on zeros of the inputs' dtype, but changes neither weights nor seeds; a model that is not built
  /// is built. A batch size of None is 32. Throws ShapeError where the shape does not fit.
  ///
  ///     fmt::print("{}", model.explain({32, 28, 28, 1}).text());
  Explanation explain(const Shape& input) const;
  /// The same on data: for several inputs, or where zeros would not do.
  Explanation explain(const Tensors& x) const;

  std::vector<LayerRef> layers() const;
  /// Throws ValueError that lists the names there are.
  LayerRef get_layer(std::string_view name) const;
  LayerRef get_layer(std::int64_t index) const;
  /// The compiled optimizer. Throws ValueError before compile.
  OptimizerRef& optimizer();
  /// Losses and metrics under the names of the logs.
  std::vector<std::pair<std::string, MetricRef>> metrics() const;

 protected:
  explicit Model(std::shared_ptr<detail::ModelLayer> layer);

  MetricRef& loss_tracker();
  /// The losses of all outputs, and what layers and regularizers add, for the batch that was just
  /// put through the model.
  Variable compute_loss(const Tensors& x, const Tensors& y, const Variables& y_pred,
                        const Tensors& sample_weight = {});
  /// Updates the metrics; gives all results so far, the loss among them.
  Tensors compute_metrics(const Tensors& x, const Tensors& y, const Variables& y_pred,
                          const Tensors& sample_weight = {});
  void track_layer(const LayerRef& layer);
  template <std::derived_from<LayerRef> L>
  L track(L layer) {
    track_layer(layer);
    return layer;
  }

  detail::ModelLayer& state() const;

 private:
  friend class detail::ModelLayer;
  friend Model detail::model_of(const LayerRef& layer);
  friend class detail::FitLoop;
  friend detail::ModelLayer& detail::model_state(const Model& model);
  /// `fed`: the batch where the model computes.
  Tensors step(const Example& batch, const Example& fed, bool training);
  void train_on(const Example& batch);
  void measure(const Example& batch, const Variables& y_pred);
  Tensors results_if_wanted() const;
  void resolve(const Variables& y_pred);
  void require_compiled(const char* what) const;
  Logs run_evaluation(const Dataset& data, std::optional<std::int64_t> steps,
                      const detail::CallbackList& callbacks);

  // layer_ once more: a LayerRef made from a temporary Model takes that one away.
  std::shared_ptr<detail::ModelLayer> state_;
};

}  // namespace keratin
