// The record that backward walks: one node an operation, linked from its result to its inputs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "autograd/pooled_gradient.h"
#include "autograd/variable.h"
#include "kernels/call_site.h"

namespace keratin::detail {

class Node;
struct VariableImpl;

/// Where the gradient of an input goes: to the operation that computed it, or to the leaf that it
/// is; nowhere for constants. It does not hold the input's value: that is kept only where a
/// gradient rule reads it.
struct Edge {
  explicit Edge(const Variable& input);
  bool wanted() const;
  /// The input again, given its value, as part of the record.
  Variable variable(const Tensor& value) const;

  std::shared_ptr<Node> node;
  std::shared_ptr<VariableImpl> leaf;
  Spec spec;
};

/// One operation that was computed. Nodes are numbered in order of creation, which is an order in
/// which every node follows its inputs; backward goes through it in reverse, so its order, and
/// every sum in it, is fixed.
class Node : public std::enable_shared_from_this<Node> {
 public:
  Node(std::span<const Variable> inputs, Spec output);
  virtual ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  virtual std::string_view name() const = 0;
  /// Gradients by the inputs, given that by the output; not defined() where an input needs none.
  virtual void gradient(const Tensor& dy, std::span<Tensor> dx) = 0;
  /// The same, recorded. Throws ValueError where the operation's gradient is a kernel of its own.
  virtual void gradient(const Variable& dy, std::span<Variable> dx) = 0;
  /// Of a max pooling: the gradient by its input before it is spread. Else nothing.
  virtual std::optional<PooledGradient> not_spread(const Tensor& dy);
  /// Does the operation take the gradient by its result like that?
  virtual bool takes_pooled() const { return false; }
  virtual void gradient(const PooledGradient& dy, std::span<Tensor> dx);
  /// Is what was saved still what it was?
  virtual bool intact() const = 0;
  /// Drops what was saved.
  virtual void release() = 0;

  std::uint64_t id() const { return id_; }
  const std::vector<Edge>& edges() const { return edges_; }
  const Spec& output() const { return output_; }
  bool released() const { return released_; }
  /// Where the operation was called, as its gradient is to be seen in traces.
  kernels::CallSite site() const;
  /// Drops saved values and edges.
  void unwind();

  // Used by one walk at a time: its number, and how many inputs of its operations are this one's
  // result.
  std::uint64_t visited = 0;
  std::uint64_t readers = 0;

 private:
  std::uint64_t id_;
  std::vector<Edge> edges_;
  Spec output_;
  const kernels::Scope* scope_;
  std::uint64_t op_call_;
  bool released_ = false;
};

/// What a float32 weight is in bfloat16, as long as `version` is that of the weight's value `of`:
/// the optimizer's pass writes both, any other write of the weight makes it stale. See shadow.h.
struct Shadow {
  Tensor value, of;
  std::uint64_t version = 0;
};

struct VariableImpl {
  Tensor value;
  Tensor grad;
  bool requires_grad = false;
  std::shared_ptr<Node> node;  // what computed it; null for leaves and constants
  std::string name;
  // Where the value is a softmax or sigmoid: of what. Losses take the scores from here, for the
  // stable, fused form.
  std::shared_ptr<VariableImpl> scores;
  const char* scores_function = "";  // "softmax" (over the last axis) or "sigmoid"
  // Of a batch of sequences: which time steps count, bool, [batch, time]; not defined: all.
  Tensor mask;
  // Of a weight: do operations in an AutocastScope read it in the scope's dtype?
  bool autocast = false;
  Shadow shadow;
  // Of a weight: what optimizers put its value through after each step; may be empty.
  std::function<Tensor(const Tensor&)> constraint;

  VariableImpl(Tensor v, bool wants_grad) : value(std::move(v)), requires_grad(wants_grad) {}
  ~VariableImpl();
  VariableImpl(const VariableImpl&) = delete;
  VariableImpl& operator=(const VariableImpl&) = delete;
};

/// Throws ValueError, ShapeError or DTypeError unless a gradient is of the variable's kind.
void require_like(std::string_view what, const Tensor& gradient, const Tensor& value);

/// The numbers, of either kind.
inline const Tensor& value_of(const Tensor& x) { return x; }
inline const Tensor& value_of(const Variable& x) { return x.value(); }

/// A variable computed by `node`.
Variable result_of(const Tensor& value, std::shared_ptr<Node> node);

/// While one lives (in gradcheck), operations that meet float32 beside float64 widen it.
class WidenMixedFloats {
 public:
  WidenMixedFloats();
  ~WidenMixedFloats();
  WidenMixedFloats(const WidenMixedFloats&) = delete;
  WidenMixedFloats& operator=(const WidenMixedFloats&) = delete;
  static bool active();

 private:
  bool before_;
};

/// While one lives, operations on this thread read weights with `autocast` in this dtype, as layers
/// of a mixed dtype policy do; nullopt: in their own.
class AutocastScope {
 public:
  explicit AutocastScope(std::optional<DType> dtype);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;
  static std::optional<DType> dtype();

 private:
  std::optional<DType> before_;
};

}  // namespace keratin::detail
