#pragma once

#include <atomic>
#include <concepts>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "autograd/variable.h"
#include "kernels/call_site.h"
#include "nn/constraints.h"
#include "nn/dtype_policy.h"
#include "nn/fields.h"
#include "nn/initializers.h"
#include "nn/regularizers.h"
#include "nn/symbolic.h"
#include "tensor/named.h"

namespace keratin {

/// How a layer is called. `training` not given: as the layer or model that calls this one; where
/// none does, false, but true for layers that augment data.
struct CallContext {
  std::optional<bool> training = {};
  /// Which time steps of the (first) input count, [batch, time]. Not given: what the input carries.
  Tensor mask = {};
  /// Set by the layer that is called: `mask` as it found it on its input. A context that is handed
  /// on to an inner layer as it came does not force this mask on what the inner layer is given.
  Tensor carried_mask = {};
};

struct AddWeightOptions {
  Shape shape = {};
  Initializer initializer = {};  // not given: glorot_uniform for floating types
  DTypePolicy dtype = {};
  bool trainable = true;
  Regularizer regularizer = {};
  Constraint constraint = {};
  std::string name = {};
};

class Layer;
class LayerRef;
class SeedGenerator;

/// One row of a layer's weights.
struct Weight {
  Variable variable;
  bool trainable = true;
  Regularizer regularizer = {};
};

/// A shared handle to a layer: what `layers::Dense({...})` is, and what graphs and models hold.
/// Copies are the same layer.
class LayerRef {
 public:
  LayerRef() = default;
  explicit LayerRef(std::shared_ptr<Layer> layer);

  /// Extends a graph by this layer. Throws as the layer would for such an input. With
  /// {.training = false} it infers there even while the model is trained: a frozen base model.
  SymbolicTensors operator()(const SymbolicTensor& x, const CallContext& context = {}) const;
  SymbolicTensors operator()(const SymbolicTensors& x, const CallContext& context = {}) const;
  template <std::same_as<std::vector<SymbolicTensor>> V>
  SymbolicTensors operator()(const V& x, const CallContext& context = {}) const {
    return (*this)(SymbolicTensors(x), context);
  }
  /// Computes. Builds the layer's weights at the first call.
  Variables operator()(const Variable& x, const CallContext& context = {}) const;
  Variables operator()(const Variables& x, const CallContext& context = {}) const;
  template <std::same_as<Tensors> T>
  Variables operator()(const T& x, const CallContext& context = {}) const {
    return (*this)(x.map([](const Tensor& t) { return Variable(t, false); }), context);
  }

  bool defined() const { return layer_ != nullptr; }
  const std::string& name() const;
  bool trainable() const;
  /// Sets this layer and all in it. A compiled model must be compiled again afterwards.
  void set_trainable(bool trainable);
  /// In Keras' order: own trainable ones, own others, then each inner layer's; shared ones once.
  std::vector<Variable> weights() const;
  std::vector<Variable> trainable_variables() const;
  std::vector<Variable> non_trainable_variables() const;
  /// Copies, on the CPU: training on leaves them as they are.
  std::vector<Tensor> get_weights() const;
  /// In the order of weights(). Throws ShapeError that names the layer and the weight; nothing is
  /// changed then.
  void set_weights(const std::vector<Tensor>& weights);
  std::int64_t count_params() const;

  const std::shared_ptr<Layer>& layer() const { return layer_; }
  bool is(const LayerRef& other) const { return layer_ == other.layer_; }

 protected:
  std::shared_ptr<Layer> layer_;
};

/// The class to derive a layer of one's own from: weights in build(), the computation in call().
/// Make it with make_layer<T>(...).
class Layer : public std::enable_shared_from_this<Layer> {
 public:
  Layer();
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
  virtual ~Layer();

  /// Makes the weights, once, for inputs of this shape (the batch axis may be None).
  virtual void build(const Shape& input);
  /// The same for layers of several inputs; by default build() of the first.
  virtual void build_several(const std::vector<Shape>& inputs);
  /// The result for one input.
  virtual Variable call(const Variable& x, CallContext context);
  /// The result for several inputs, or several results; by default call() of the one.
  // Another name than call: overriding one of two overloads hides the other, and clang warns.
  virtual Variables call_several(const Variables& x, CallContext context);
  /// Masks of the results, given those of the inputs, of which at least one has one; entries that
  /// are not defined(), or left out, stand for none. By default the inputs' own masks, one by one,
  /// where set_supports_masking(true) was called; else none, and a warning, once a layer. Not asked
  /// where all results carry a mask already, from with_mask in call() or from an inner layer.
  virtual std::vector<Tensor> compute_mask(const Variables& inputs,
                                           const std::vector<Tensor>& masks);
  /// Shape and dtype of the results for such inputs, without computing. By default found by calling
  /// the layer on zeros of two batch sizes; a layer that can say it itself is quicker, and takes
  /// unknown sizes everywhere.
  virtual std::vector<Spec> output_specs(const std::vector<Spec>& inputs);
  /// Throws ShapeError or DTypeError unless the layer can take such inputs. By default anything.
  virtual void check_inputs(const std::vector<Spec>& inputs) const;
  /// Names of the results where they are told apart by name; none by default.
  virtual std::vector<std::string> output_names() const { return {}; }
  /// Is this layer in training where neither the call nor a calling layer or model says so?
  virtual bool training_by_default() const { return false; }
  /// What this layer draws random numbers from, so that a run can be saved and resumed; nullptr
  /// where it draws none.
  virtual SeedGenerator* seed_generator() { return nullptr; }
  /// "Dense": by default the name of the class.
  virtual std::string class_name() const;

  // What files hold of a layer beside its weights.
  /// Its options by name, written or, where `f` is reading, set. None by default.
  virtual void fields(Fields& f);
  /// Inner layers by the names that they have in files; by default "layers/dense",
  /// "layers/dense_1" ...
  virtual std::vector<std::pair<std::string, LayerRef>> named_sublayers() const;
  /// Texts such as a vocabulary, by the names of their files, and what was read of them. None by
  /// default.
  virtual Named<std::string> assets() const { return {}; }
  virtual void set_assets(const Named<std::string>& assets);
  /// Arrays beside the weights, by the names that they have among them in files; not defined() while
  /// there is nothing to save or no place to read to. Read, after the assets, in shape and dtype as
  /// they are. None by default.
  virtual Named<Tensor> named_state() const { return {}; }
  virtual void set_named_state(const Named<Tensor>& state);

  const std::string& name() const;
  void set_name(std::string name) {
    name_ = std::move(name);
    scope_ = nullptr;
  }
  bool built() const { return built_; }
  /// Where its weights are and it computes: the default device when it was built, or that of the
  /// model that was being computed then.
  Device device() const { return device_; }
  /// Does it compute on the CPU, wherever the model around it does?
  bool works_on_cpu_only() const { return cpu_only_; }
  bool trainable() const { return trainable_; }
  void set_trainable(bool trainable);
  bool supports_masking() const { return supports_masking_; }
  DType compute_dtype() const { return policy_.compute_dtype(); }
  /// `Dense "head"`, for messages.
  std::string label() const;

  /// Of the results of the first call; the batch axis None. Empty before.
  const std::vector<Spec>& last_outputs() const { return last_outputs_; }
  const std::vector<Weight>& own_weights() const { return weights_; }
  const DTypePolicy& policy() const { return policy_; }
  /// Before the layer is built.
  void set_policy(const DTypePolicy& policy) { policy_ = policy.resolved(); }
  virtual std::vector<LayerRef> sublayers() const { return sublayers_; }

  /// Specs of such inputs as call() sees them: floating ones in the compute dtype, unless the layer
  /// takes them as they are.
  std::vector<Spec> autocast_specs(std::vector<Spec> inputs) const;
  /// Builds if that has not been done.
  virtual void ensure_built(const std::vector<Spec>& inputs);
  /// What a handle's operator() does: build, check, cast, call. Several threads may call a layer
  /// that changes nothing in call(), such as a preprocessing one in Dataset::map.
  Variables invoke(const Variables& x, const CallContext& context);
  /// The node that the next symbolic call makes gets this number.
  int next_node_index() { return node_count_++; }
  int node_count() const { return node_count_; }

 protected:
  /// A weight of this layer, drawn from its initializer. In build() only.
  Variable add_weight(const AddWeightOptions& options);
  /// Makes an inner layer's weights part of this one's.
  void track_layer(const LayerRef& layer);
  template <std::derived_from<LayerRef> L>
  L track(L layer) {
    track_layer(layer);
    return layer;
  }
  /// Adds to the loss of the step in which it is called.
  void add_loss(const Variable& loss);
  void set_activity_regularizer(const Regularizer& regularizer) {
    activity_regularizer_ = regularizer;
  }
  /// Are inputs of other floating types cast to the compute dtype? On unless a layer says no.
  void set_autocast(bool autocast) { autocast_ = autocast; }
  /// For layers that compute in at least float32, as normalizations do, in Keras as here: call()
  /// gets bfloat16 inputs as float32, and its results become the compute dtype.
  void set_computes_in_float32(bool wide) { computes_in_float32_ = wide; }
  /// For layers without kernels for GPUs, such as those that read strings: in a model on a GPU they
  /// are given their inputs on the CPU, and what follows goes over.
  void set_works_on_cpu_only(bool only) { cpu_only_ = only; }
  /// Do results carry the masks of the inputs? For layers that treat each time step by itself.
  void set_supports_masking(bool supports) { supports_masking_ = supports; }

  std::vector<Weight> weights_;

 private:
  Variables invoke_now(const Variables& x, const CallContext& context);
  /// The inputs where this layer computes. Throws DeviceError.
  virtual Variables placed_inputs(const Variables& x) const;
  Variables carry_masks(const Variables& x, const Variables& y);
  void note_outputs(const Variables& y);
  const kernels::Scope* scope();

  mutable std::string name_;
  DTypePolicy policy_;
  Regularizer activity_regularizer_;
  std::vector<LayerRef> sublayers_;
  std::vector<Spec> last_outputs_;
  bool built_ = false;
  bool trainable_ = true;
  bool autocast_ = true;
  bool computes_in_float32_ = false;
  bool supports_masking_ = false;
  bool cpu_only_ = false;
  Device device_ = {};
  bool warned_of_mask_ = false;
  int node_count_ = 0;
  std::atomic<bool> called_ = false;
  std::atomic<const kernels::Scope*> scope_ = nullptr;  // that of the last call
  std::recursive_mutex first_call_;  // until then; finding output shapes may call the layer itself
};

/// A handle that knows the class of its layer.
template <std::derived_from<Layer> T>
class LayerOf : public LayerRef {
 public:
  using LayerRef::LayerRef;
  T* operator->() const { return static_cast<T*>(layer_.get()); }
};
template <std::derived_from<Layer> T, class... Args>
LayerOf<T> make_layer(Args&&... args) {
  return LayerOf<T>(std::make_shared<T>(std::forward<Args>(args)...));
}

namespace detail {

/// While one lives, losses that layers add on this thread are collected here.
class AddedLosses {
 public:
  AddedLosses();
  ~AddedLosses();
  AddedLosses(const AddedLosses&) = delete;
  AddedLosses& operator=(const AddedLosses&) = delete;
  std::vector<Variable> losses;
  /// The innermost that lives on this thread, or nullptr.
  static AddedLosses* current();

 private:
  AddedLosses* before_;
};

/// While one lives, weights made on this thread are not given their first values, as they will be
/// read from a file; together they may take `bytes` at most. Throws ValueError beyond that.
class UnsetWeights {
 public:
  explicit UnsetWeights(std::int64_t bytes);
  ~UnsetWeights();
  UnsetWeights(const UnsetWeights&) = delete;
  UnsetWeights& operator=(const UnsetWeights&) = delete;
  /// A weight's value, not set.
  Tensor make(const Shape& shape, DType dtype);
  static UnsetWeights* current();

 private:
  std::int64_t left_;
  UnsetWeights* before_;
};

/// Every distinct layer in and under `layer`, itself first.
std::vector<Layer*> all_layers(Layer* layer);

/// The name of a class without its namespaces.
std::string class_name_of(const std::type_info& type);

}  // namespace detail
}  // namespace keratin
