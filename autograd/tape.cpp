#include "autograd/tape.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "autograd/accumulate.h"
#include "autograd/ops/add.h"

namespace keratin {
namespace detail {
namespace {

std::atomic<std::uint64_t> next_node_id = 1;
std::atomic<std::uint64_t> next_walk = 1;
thread_local bool recording = true;
thread_local bool widening = false;

// Nodes whose last owner is gone. A long chain is taken down one by one from here, not by
// recursion.
struct Graveyard {
  std::vector<std::shared_ptr<Node>> nodes;
  bool clearing = false;

  void bury(std::shared_ptr<Node> node) {
    nodes.push_back(std::move(node));
    if (clearing) return;
    clearing = true;
    while (!nodes.empty()) {
      std::shared_ptr<Node> last = std::move(nodes.back());
      nodes.pop_back();
      last.reset();  // may bury its inputs' nodes
    }
    clearing = false;
  }
};
Graveyard& graveyard() {
  static thread_local Graveyard instance;
  return instance;
}

// Nodes from which `root` was computed, itself included, newest first.
std::vector<Node*> nodes_behind(Node* root) {
  const std::uint64_t walk = next_walk.fetch_add(1, std::memory_order_relaxed);
  std::vector<Node*> found{root};
  root->visited = walk;
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const Variable& input : found[i]->inputs()) {
      if (!input.defined()) continue;
      Node* node = input.impl()->node.get();
      if (node == nullptr || node->visited == walk) continue;
      node->visited = walk;
      found.push_back(node);
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Node* a, const Node* b) { return a->id() > b->id(); });
  return found;
}

void check_gradient(const Node& node, const Variable& input, const Tensor& dx) {
  if (dx.shape() == input.shape() && dx.dtype() == input.dtype()) return;
  throw Error(fmt::format(
      "backward: the gradient rule of {} gave {} for an input that is {}; please report it",
      node.name(), dx.spec().text(), input.value().spec().text()));
}

// The walk. T is Tensor, or Variable where the gradients get a graph of their own. `leaf(impl,
// gradient)` receives those of leaves, in the order of the walk.
template <class T, class Leaf>
void walk(const Variable& root, const T& seed, bool retain, Leaf&& leaf) {
  struct Pending {
    T gradient;
    bool owned = false;  // made by a sum here, so that no one else holds it
  };
  const std::shared_ptr<Node> top = root.impl()->node;
  if (top == nullptr) {
    leaf(*root.impl(), seed);
    return;
  }
  std::unordered_map<const Node*, Pending> pending;
  const std::vector<Node*> order = nodes_behind(top.get());
  // What unwinding would free is kept until the end, since `order` points into it.
  std::vector<std::shared_ptr<Node>> alive;
  alive.reserve(order.size());
  for (Node* node : order) alive.push_back(node->shared_from_this());
  pending[top.get()].gradient = seed;

  std::vector<T> dx;
  for (Node* node : order) {
    const auto found = pending.find(node);
    if (found == pending.end()) continue;
    if (node->released()) {
      throw ValueError(
          fmt::format("backward: {} was gone through already and its saved values freed; pass "
                      "{{.retain_graph = true}} the first time",
                      node->name()));
    }
    const T dy = std::move(found->second.gradient);
    pending.erase(found);
    dx.assign(node->inputs().size(), T{});
    node->gradient(dy, std::span<T>(dx));
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const Variable& input = node->inputs()[i];
      if (!dx[i].defined() || !input.requires_grad()) continue;
      check_gradient(*node, input, value_of(dx[i]));
      if (Node* producer = input.impl()->node.get()) {
        Pending& sum = pending[producer];
        if (!sum.gradient.defined()) {
          sum.gradient = std::move(dx[i]);
        } else if constexpr (std::is_same_v<T, Tensor>) {
          accumulate(sum.gradient, dx[i], sum.owned);
          sum.owned = true;
        } else {
          sum.gradient = sum.gradient + dx[i];
        }
      } else {
        leaf(*input.impl(), dx[i]);
      }
    }
    if (!retain) node->unwind();
  }
}

Tensor one_for(const Variable& root) {
  if (root.size() != 1) {
    throw ShapeError(
        fmt::format("backward: {} has more than one element; take its mean or sum first, or pass "
                    "the gradient of its value",
                    root.value().spec().text()));
  }
  return ones(root.shape(), root.dtype());
}

void check_root(const Variable& root) {
  if (!root.requires_grad()) {
    throw ValueError(
        "backward: nothing that it was computed from requires a gradient; make the weights "
        "Variables, and see that no "
        "NoGrad was in force");
  }
}

}  // namespace

Node::Node(std::vector<Variable> inputs, Spec output)
    : id_(next_node_id.fetch_add(1, std::memory_order_relaxed)),
      inputs_(std::move(inputs)),
      output_(std::move(output)) {}

Node::~Node() = default;

void Node::unwind() {
  release();
  released_ = true;
  inputs_.clear();
}

VariableImpl::~VariableImpl() {
  if (node != nullptr && node.use_count() == 1) graveyard().bury(std::move(node));
}

Variable result_of(const Tensor& value, std::shared_ptr<Node> node) {
  auto impl = std::make_shared<VariableImpl>(value, true);
  impl->node = std::move(node);
  return Variable(std::move(impl));
}

WidenMixedFloats::WidenMixedFloats() : before_(std::exchange(widening, true)) {}
WidenMixedFloats::~WidenMixedFloats() { widening = before_; }
bool WidenMixedFloats::active() { return widening; }

}  // namespace detail

NoGrad::NoGrad() : before_(std::exchange(detail::recording, false)) {}
NoGrad::~NoGrad() { detail::recording = before_; }
bool grad_enabled() { return detail::recording; }

void Variable::backward(BackwardOptions options) const {
  if (!defined()) throw ValueError("backward: the variable has no value");
  detail::check_root(*this);
  backward(detail::one_for(*this), options);
}

void Variable::backward(const Tensor& gradient, BackwardOptions options) const {
  if (!defined()) throw ValueError("backward: the variable has no value");
  detail::check_root(*this);
  if (gradient.shape() != shape() || gradient.dtype() != dtype()) {
    throw ShapeError(
        fmt::format("backward: the gradient given is {}, the variable {}; they must be alike",
                    gradient.spec().text(), value().spec().text()));
  }
  if (options.create_graph) {
    detail::walk<Variable>(*this, Variable(gradient, false), true,
                           [](detail::VariableImpl& leaf, const Variable& dx) {
                             detail::accumulate(leaf.grad, dx.value(), false);
                           });
    return;
  }
  const NoGrad no_grad;
  detail::walk<Tensor>(*this, gradient, options.retain_graph,
                       [](detail::VariableImpl& leaf, const Tensor& dx) {
                         detail::accumulate(leaf.grad, dx, false);
                       });
}

std::vector<Variable> gradients(const Variable& output, const std::vector<Variable>& inputs,
                                BackwardOptions options) {
  if (!output.defined()) throw ValueError("gradients: the variable has no value");
  detail::check_root(output);
  for (const Variable& input : inputs) {
    if (!input.defined() || !input.is_leaf()) {
      throw ValueError(
          "gradients: the inputs must be leaves: Variables made from a Tensor, not computed ones");
    }
  }
  std::vector<Variable> found(inputs.size());
  const auto collect = [&](detail::VariableImpl& leaf, const Variable& dx) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].impl().get() == &leaf) found[i] = found[i].defined() ? found[i] + dx : dx;
    }
  };
  const Tensor seed = detail::one_for(output);
  if (options.create_graph) {
    detail::walk<Variable>(output, Variable(seed, false), true, collect);
  } else {
    const NoGrad no_grad;
    detail::walk<Tensor>(
        output, seed, options.retain_graph,
        [&](detail::VariableImpl& leaf, const Tensor& dx) { collect(leaf, Variable(dx, false)); });
  }
  return found;
}

}  // namespace keratin
