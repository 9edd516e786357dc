#include "nn/saving/onnx/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace keratin::saving::onnx {
namespace {

// [batch, ..., channels] to [batch, channels, ...], and back.
std::vector<std::int64_t> order_of_first(std::int64_t rank) {
  std::vector<std::int64_t> order{0, rank - 1};
  for (std::int64_t axis = 1; axis < rank - 1; ++axis) order.push_back(axis);
  return order;
}
std::vector<std::int64_t> order_of_last(std::int64_t rank) {
  std::vector<std::int64_t> order{0};
  for (std::int64_t axis = 2; axis < rank; ++axis) order.push_back(axis);
  order.push_back(1);
  return order;
}

constexpr std::int64_t kSmall = 64;  // bytes

}  // namespace

std::int64_t axis_in_first(std::int64_t axis, std::int64_t rank) {
  return axis == 0 ? 0 : axis == rank - 1 ? 1 : axis + 1;
}

std::string Builder::unique(const std::string& name) {
  std::string free = name;
  for (int number = 1; !taken_.insert(free).second; ++number) {
    free = fmt::format("{}_{}", name, number);
  }
  return free;
}

std::string Builder::add(const std::string& op, std::vector<std::string> inputs,
                         Attributes attributes) {
  return add_several(op, std::move(inputs), 1, std::move(attributes))[0];
}

std::vector<std::string> Builder::add_several(const std::string& op,
                                              std::vector<std::string> inputs, std::size_t results,
                                              Attributes attributes) {
  const std::string name = unique(scope_.empty() ? op : scope_ + "/" + op);
  std::vector<std::string> outputs{name};
  while (outputs.size() < results) {
    outputs.push_back(unique(fmt::format("{}:{}", name, outputs.size())));
  }
  while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
  for (std::string& input : inputs) input = renamed(input);
  graph_.nodes.push_back({op, name, std::move(inputs), outputs, std::move(attributes)});
  return outputs;
}

std::string Builder::constant(const std::string& name, const Tensor& given) {
  const Tensor value = given.to(Device{});
  std::string key;
  if (value.bytes() <= kSmall) {
    key = fmt::format("{}:", value.spec().text());
    key.append(static_cast<const char*>(value.raw()), static_cast<std::size_t>(value.bytes()));
    if (const auto found = constants_.find(key); found != constants_.end()) return found->second;
  }
  const std::string unique_name = unique(scope_.empty() ? name : scope_ + "/" + name);
  graph_.initializers.emplace_back(unique_name, value);
  if (!key.empty()) constants_[key] = unique_name;
  return unique_name;
}

std::string Builder::scalar(double value) { return constant("constant", Tensor::scalar(value)); }

std::string Builder::integers(const std::vector<std::int64_t>& values) {
  return constant("integers", Tensor::from(values));
}

std::string Builder::weight(const Variable& weight, const std::string& as,
                            const std::function<Tensor(const Tensor&)>& prepare) {
  const auto key = std::pair<const void*, std::string>(weight.impl().get(), as);
  if (const auto found = weights_.find(key); found != weights_.end()) return found->second;
  kept_.push_back(weight);
  const std::string name = unique(scope_ + "/" + weight.name());
  graph_.initializers.emplace_back(
      name, prepare ? prepare(weight.value().to(Device{})) : weight.value().to(Device{}));
  weights_[key] = name;
  return name;
}

std::string Builder::last(const Value& x) {
  if (x->last.empty()) {
    x->last = add("Transpose", {x->first}, {{"perm", order_of_last(x->spec.shape.rank())}});
  }
  return x->last;
}

std::string Builder::first(const Value& x) {
  if (x->first.empty()) {
    x->first = add("Transpose", {x->last}, {{"perm", order_of_first(x->spec.shape.rank())}});
  }
  return x->first;
}

std::string Builder::cast(const std::string& x, DType dtype) {
  return add("Cast", {x}, {{"to", std::int64_t{element_type(dtype)}}});
}

Value Builder::cast(const Value& x, DType dtype) {
  if (x->spec.dtype == dtype) return x;
  Value y = held_like(x, cast(either(x), dtype), {x->spec.shape, dtype, {}});
  y->mask = x->mask;
  y->mask_rank = x->mask_rank;
  return y;
}

ValueInfo Builder::described(const std::string& name, const Spec& spec) const {
  ValueInfo info{name, spec, {}};
  for (std::int64_t axis = 0; axis < spec.shape.rank(); ++axis) {
    info.dims.push_back(axis == 0 ? "batch" : fmt::format("{}_axis{}", name, axis));
  }
  return info;
}

Value Builder::input(const std::string& name, const Spec& spec) {
  const std::string unique_name = unique(name);
  graph_.inputs.push_back(described(unique_name, spec));
  return held_last(unique_name, spec);
}

const std::string& Builder::renamed(const std::string& name) const {
  const auto found = renamed_.find(name);
  return found == renamed_.end() ? name : found->second;
}

void Builder::rename(const std::string& from, const std::string& to) {
  renamed_[from] = to;
  for (NodeProto& node : graph_.nodes) {
    std::replace(node.inputs.begin(), node.inputs.end(), from, to);
    std::replace(node.outputs.begin(), node.outputs.end(), from, to);
  }
}

void Builder::output(const std::string& name, const Value& value) {
  const std::string made = renamed(last(value));
  const bool by_node =
      std::any_of(graph_.nodes.begin(), graph_.nodes.end(), [&](const NodeProto& node) {
        return std::find(node.outputs.begin(), node.outputs.end(), made) != node.outputs.end();
      });
  const bool named = std::any_of(graph_.outputs.begin(), graph_.outputs.end(),
                                 [&](const ValueInfo& other) { return other.name == made; });
  if (by_node && !named) {
    rename(made, name);
    value->last = name;
  } else {  // an input, or an output under another name as well
    graph_.nodes.push_back({"Identity", name, {made}, {name}, {}});
  }
  graph_.outputs.push_back(described(name, value->spec));
}

GraphProto Builder::finish(const std::string& name) {
  std::set<std::string> needed;
  for (const ValueInfo& value : graph_.outputs) needed.insert(value.name);
  std::vector<NodeProto> nodes;
  for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
    NodeProto& node = graph_.nodes[i];
    const bool used = std::any_of(node.outputs.begin(), node.outputs.end(),
                                  [&](const std::string& one) { return needed.count(one) > 0; });
    if (!used) continue;
    needed.insert(node.inputs.begin(), node.inputs.end());
    nodes.push_back(std::move(node));
  }
  std::reverse(nodes.begin(), nodes.end());
  graph_.nodes = std::move(nodes);
  std::erase_if(graph_.initializers, [&](const auto& one) { return needed.count(one.first) == 0; });
  graph_.name = name;
  return std::move(graph_);
}

}  // namespace keratin::saving::onnx
