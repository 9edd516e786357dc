#include "autograd/tape.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "autograd/elementwise.h"
#include "autograd/ops/add.h"
#include "tensor/recording.h"

namespace keratin {
namespace detail {
namespace {

std::atomic<std::uint64_t> next_node_id = 1;
std::atomic<std::uint64_t> next_walk = 1;
thread_local bool recording = true;
thread_local bool widening = false;
thread_local std::optional<DType> autocasting;

// What is being taken down on this thread. A plain pointer, as variables may die after everything
// that has a destructor and is local to the thread.
thread_local std::vector<std::shared_ptr<void>>* graveyard = nullptr;

// Gives up `owned`. Of what it was the last owner is taken down one by one, not by recursion: a
// record may be a long chain.
template <class T>
void bury(std::shared_ptr<T>& owned) {
  if (owned.use_count() != 1) return owned.reset();
  if (graveyard != nullptr) {
    graveyard->push_back(std::move(owned));
    return;
  }
  std::vector<std::shared_ptr<void>> waiting;
  graveyard = &waiting;
  waiting.push_back(std::move(owned));
  while (!waiting.empty()) {
    const std::shared_ptr<void> last = std::move(waiting.back());
    waiting.pop_back();  // and `last` goes, which may bury what it held
  }
  graveyard = nullptr;
}

// Nodes from which `root` was computed, itself included, newest first.
std::vector<Node*> nodes_behind(Node* root) {
  const std::uint64_t walk = next_walk.fetch_add(1, std::memory_order_relaxed);
  std::vector<Node*> found{root};
  root->visited = walk;
  root->readers = 1;  // who asks for the gradients
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const Edge& edge : found[i]->edges()) {
      Node* node = edge.node.get();
      if (node == nullptr) continue;
      if (node->visited == walk) {
        ++node->readers;
        continue;
      }
      node->visited = walk;
      node->readers = 1;
      found.push_back(node);
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Node* a, const Node* b) { return a->id() > b->id(); });
  return found;
}

void check_gradient(const Node& node, const Edge& edge, const Tensor& dx) {
  if (dx.spec() == edge.spec) return;
  throw Error(fmt::format(
      "backward: the gradient rule of {} gave {} for an input that is {}; please report it",
      node.name(), dx.spec().text(), edge.spec.text()));
}

// Can the record be gone through? Asked of all of it before anything is changed.
void check_intact(std::span<Node* const> nodes) {
  for (const Node* node : nodes) {
    if (node->released()) {
      throw ValueError(
          fmt::format("backward: {} was gone through already and its saved values freed; pass "
                      "{{.retain_graph = true}} the first time",
                      node->name()));
    }
    if (!node->intact()) throw_changed_in_place(node->name());
  }
}

// sum += x, into the storage of `sum` where nobody else can see it.
void accumulate(Tensor& sum, const Tensor& x) {
  if (!sum.defined()) {
    sum = x;
  } else if (sum.dtype() == bfloat16) {
    sum = sum + x;
  } else if (sum.is_unique()) {
    binary_into("backward", kernels::Binary::add, sum, x, sum);
  } else {
    sum = binary("backward", kernels::Binary::add, sum, x);
  }
}
void accumulate(Variable& sum, const Variable& x) { sum = sum.defined() ? sum + x : x; }

// The same for a gradient that somebody will see, and may write to: it has storage of its own.
void accumulate_own(Tensor& sum, const Tensor& x) {
  if (sum.defined() || x.is_unique()) return accumulate(sum, x);
  sum = x.copy();
}

// The gradient by the result of the operation before `node`, where that takes it as it is before a
// max pooling spreads it, and nobody else adds to it.
std::optional<PooledGradient> not_spread(Node& node, const Tensor& dy) {
  if (node.edges().size() != 1 || node.edges()[0].node == nullptr) return {};
  const Node& before = *node.edges()[0].node;
  return before.readers == 1 && before.takes_pooled() ? node.not_spread(dy) : std::nullopt;
}

// The walk. T is Tensor, or Variable where the gradients get a graph of their own. `leaf(impl,
// gradient)` receives those of leaves, in the order of the walk.
template <class T, class Leaf>
void walk(const Variable& root, const T& seed, bool retain, Leaf&& leaf) {
  const std::shared_ptr<Node> top = root.impl()->node;
  if (top == nullptr) {
    // A copy that shares with the caller: the leaf is to make its own.
    const T shared = seed;  // NOLINT(performance-unnecessary-copy-initialization)
    leaf(*root.impl(), shared);
    return;
  }
  const std::vector<Node*> order = nodes_behind(top.get());
  check_intact(order);
  // What unwinding would free is kept until the end, since `order` points into it.
  std::vector<std::shared_ptr<Node>> alive;
  alive.reserve(order.size());
  for (Node* node : order) alive.push_back(node->shared_from_this());

  std::unordered_map<const Node*, T> pending;  // gradients by what a node computed, so far
  pending[top.get()] = seed;
  std::unordered_map<const Node*, PooledGradient> pooled;  // in place of those
  std::vector<T> dx;
  for (Node* node : order) {
    const auto found = pending.find(node);
    const auto before_spread = pooled.find(node);
    if (found == pending.end() && before_spread == pooled.end()) continue;
    const kernels::CallSiteGuard site(node->site());
    dx.assign(node->edges().size(), T{});
    if constexpr (std::same_as<T, Tensor>) {
      if (before_spread != pooled.end()) {
        const PooledGradient dy = std::move(before_spread->second);
        pooled.erase(before_spread);
        node->gradient(dy, std::span<T>(dx));
      }
    }
    if (found != pending.end()) {
      const T dy = std::move(found->second);
      pending.erase(found);
      std::optional<PooledGradient> handed_on;
      if constexpr (std::same_as<T, Tensor>) handed_on = not_spread(*node, dy);
      if (handed_on.has_value()) {
        pooled.emplace(node->edges()[0].node.get(), *std::move(handed_on));
      } else {
        node->gradient(dy, std::span<T>(dx));
      }
    }
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const Edge& edge = node->edges()[i];
      if (!dx[i].defined() || !edge.wanted()) continue;
      check_gradient(*node, edge, value_of(dx[i]));
      if (edge.node != nullptr) {
        accumulate(pending[edge.node.get()], dx[i]);
      } else {
        leaf(*edge.leaf, dx[i]);
      }
      dx[i] = {};
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
  return read_only_on(root.value().device(), ones(root.shape(), root.dtype()));
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

Edge::Edge(const Variable& input) {
  if (!input.defined()) return;
  spec = input.value().spec();
  node = input.impl()->node;
  if (node == nullptr && input.requires_grad()) leaf = input.impl();
}

bool Edge::wanted() const { return node != nullptr || (leaf != nullptr && leaf->requires_grad); }

Variable Edge::variable(const Tensor& value) const {
  if (node != nullptr) return result_of(value, node);
  return leaf != nullptr ? Variable(leaf) : Variable(value, false);
}

Node::Node(std::span<const Variable> inputs, Spec output)
    : id_(next_node_id.fetch_add(1, std::memory_order_relaxed)),
      edges_(inputs.begin(), inputs.end()),
      output_(std::move(output)),
      scope_(kernels::call_site.scope),
      op_call_(kernels::call_site.op_call) {}

kernels::CallSite Node::site() const {
  kernels::CallSite site;
  site.scope = scope_;
  site.op = name();
  site.op_call = op_call_;
  site.backward = true;
  return site;
}

Node::~Node() {
  for (Edge& edge : edges_) bury(edge.node);
}

std::optional<PooledGradient> Node::not_spread(const Tensor&) { return {}; }
void Node::gradient(const PooledGradient&, std::span<Tensor>) {
  KERATIN_ASSERT(false);  // takes_pooled() says so
}

void Node::unwind() {
  release();
  released_ = true;
  edges_.clear();
}

VariableImpl::~VariableImpl() {
  bury(node);
  bury(scores);
}

void require_like(std::string_view what, const Tensor& gradient, const Tensor& value) {
  if (!gradient.defined()) throw ValueError(fmt::format("{}: the gradient has no value", what));
  const std::string text =
      fmt::format("{}: the gradient given is {}, the variable {}; they must be alike", what,
                  gradient.spec().text(), value.spec().text());
  if (gradient.shape() != value.shape()) throw ShapeError(text);
  if (gradient.dtype() != value.dtype()) throw DTypeError(text + ". Use cast.");
}

Variable result_of(const Tensor& value, std::shared_ptr<Node> node) {
  auto impl = std::make_shared<VariableImpl>(value, true);
  impl->node = std::move(node);
  return Variable(std::move(impl));
}

WidenMixedFloats::WidenMixedFloats() : before_(std::exchange(widening, true)) {}
WidenMixedFloats::~WidenMixedFloats() { widening = before_; }
bool WidenMixedFloats::active() { return widening; }

AutocastScope::AutocastScope(std::optional<DType> dtype)
    : before_(std::exchange(autocasting, dtype)) {}
AutocastScope::~AutocastScope() { autocasting = before_; }
std::optional<DType> AutocastScope::dtype() { return autocasting; }

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
  detail::require_like("backward", gradient, value());
  if (options.create_graph) {
    throw ValueError(
        "backward: grad() is a Tensor and cannot hold the graph that create_graph asks for. Use "
        "gradients(y, {x}, {.create_graph = true}).");
  }
  const NoGrad no_grad;
  detail::walk<Tensor>(
      *this, gradient, options.retain_graph,
      [](detail::VariableImpl& leaf, const Tensor& dx) { detail::accumulate_own(leaf.grad, dx); });
}

std::vector<Variable> gradients(const Variable& output, const std::vector<Variable>& inputs,
                                BackwardOptions options) {
  if (!output.defined()) throw ValueError("gradients: the variable has no value");
  detail::check_root(output);
  for (const Variable& input : inputs) {
    if (input.defined() && input.is_leaf() && input.requires_grad()) continue;
    throw ValueError(
        "gradients: the inputs must be leaves that require a gradient: Variables made from a "
        "Tensor, not computed ones and not constants");
  }
  const Tensor seed = detail::one_for(output);
  // For each input, the first of the list that is the same variable.
  std::unordered_map<const detail::VariableImpl*, std::size_t> place;
  for (std::size_t i = 0; i < inputs.size(); ++i) place.emplace(inputs[i].impl().get(), i);
  std::vector<Variable> found(inputs.size());
  if (options.create_graph) {
    detail::walk<Variable>(output, Variable(seed, false), true,
                           [&](detail::VariableImpl& leaf, const Variable& dx) {
                             const auto at = place.find(&leaf);
                             if (at != place.end()) detail::accumulate(found[at->second], dx);
                           });
  } else {
    const NoGrad no_grad;
    std::vector<Tensor> sums(inputs.size());
    detail::walk<Tensor>(output, seed, options.retain_graph,
                         [&](detail::VariableImpl& leaf, const Tensor& dx) {
                           const auto at = place.find(&leaf);
                           if (at != place.end()) detail::accumulate_own(sums[at->second], dx);
                         });
    for (std::size_t i = 0; i < sums.size(); ++i) found[i] = Variable(sums[i], false);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i)
    found[i] = found[place.at(inputs[i].impl().get())];
  return found;
}

}  // namespace keratin
