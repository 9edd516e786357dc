#include "nn/model/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "nn/layers/configured_layer.h"
#include "nn/output_watch.h"

namespace keratin::detail {
namespace {

std::vector<std::string> names_of(const SymbolicTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors.entries()) {
    names.push_back(tensors.named() ? name : tensor.node()->layer->name());
  }
  return names;
}

FusedPart part_of(const Layer& layer) {
  const auto* const known = dynamic_cast<const layers::KerasLayer*>(&layer);
  return known != nullptr ? known->fused_part() : FusedPart::none;
}

}  // namespace

Graph::Graph(const SymbolicTensors& inputs, const SymbolicTensors& outputs)
    : inputs_(inputs), outputs_(outputs) {
  if (inputs.none() || outputs.none())
    throw ValueError("Model: needs at least one input and one output");
  for (const SymbolicTensors* side : {&inputs, &outputs}) {
    for (const auto& [name, tensor] : side->entries()) {
      if (!tensor.defined())
        throw ValueError("Model: a symbolic tensor among its inputs or outputs was never set");
    }
  }
  order_steps();
  order_layers();
  order_runs();
}

std::vector<std::string> Graph::input_names() const { return names_of(inputs_); }
std::vector<std::string> Graph::output_names() const { return names_of(outputs_); }

void Graph::order_steps() {
  std::unordered_map<const SymbolicImpl*, std::size_t> slot;
  for (const auto& [name, tensor] : inputs_.entries()) {
    slot.emplace(tensor.id(), slots_);
    input_slots_.push_back(slots_++);
  }
  std::unordered_set<const GraphNode*> done;
  std::unordered_map<const GraphNode*, std::vector<std::size_t>> node_slots;
  // Depth first over inputs, with a stack of our own: a deep model must not overflow the program's.
  struct Visit {
    SymbolicTensor tensor;
    bool inputs_done;
  };
  std::vector<Visit> stack;
  for (std::int64_t i = outputs_.count(); i-- > 0;) stack.push_back({outputs_.get(i), false});
  const auto slot_of = [&](const SymbolicTensor& tensor) {
    if (const auto input = slot.find(tensor.id()); input != slot.end()) return input->second;
    return node_slots.at(tensor.node().get())[static_cast<std::size_t>(tensor.index())];
  };
  while (!stack.empty()) {
    const Visit visit = stack.back();
    stack.pop_back();
    const GraphNode* node = visit.tensor.node().get();
    if (slot.count(visit.tensor.id()) != 0 || done.count(node) != 0) continue;
    if (node->inputs.none()) {
      throw ValueError(fmt::format(
          "Model: an output depends on input \"{}\", which is not among the model's inputs",
          node->layer->name()));
    }
    if (!visit.inputs_done) {
      stack.push_back({visit.tensor, true});
      for (std::int64_t i = node->inputs.count(); i-- > 0;)
        stack.push_back({node->inputs.get(i), false});
      continue;
    }
    done.insert(node);
    Step step;
    step.node = visit.tensor.node();
    for (const auto& [name, input] : node->inputs.entries()) step.inputs.push_back(slot_of(input));
    for (std::size_t i = 0; i < node->outputs.size(); ++i) step.outputs.push_back(slots_++);
    node_slots[node] = step.outputs;
    steps_.push_back(std::move(step));
  }
  for (const auto& [name, tensor] : outputs_.entries()) output_slots_.push_back(slot_of(tensor));
}

std::vector<std::size_t> Graph::fused_row(std::size_t step, const std::vector<std::size_t>& reads,
                                          const std::vector<std::size_t>& reader) const {
  std::vector<std::size_t> row{step};
  FusedPart part = part_of(*steps_[step].node->layer);
  if (part != FusedPart::batch_normalization) return {};
  while (part != FusedPart::relu) {
    const std::size_t between = steps_[row.back()].outputs[0];
    if (reads[between] != 1 || reader[between] == steps_.size()) return {};
    const Step& next = steps_[reader[between]];
    const Layer &first = *steps_[step].node->layer, &layer = *next.node->layer;
    part = part_of(layer);
    const bool adds = part == FusedPart::add && row.size() == 1 && next.inputs.size() == 2;
    if (!adds && part != FusedPart::relu) return {};
    if (layer.compute_dtype() != first.compute_dtype()) return {};
    row.push_back(reader[between]);
  }
  return row;
}

void Graph::order_runs() {
  std::vector<std::size_t> reads(slots_, 0),
      reader(slots_, steps_.size());  // the last; none: outputs
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    for (const std::size_t input : steps_[i].inputs) {
      ++reads[input];
      reader[input] = i;
    }
  }
  for (const std::size_t output : output_slots_) ++reads[output];

  // A row is run where its last step is: what is added has been computed by then.
  std::vector<std::vector<std::size_t>> ending(steps_.size());
  std::vector<bool> in_row(steps_.size(), false);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const std::vector<std::size_t> row = fused_row(i, reads, reader);
    if (row.empty() || in_row[row.back()]) continue;  // both that are added may be normalized
    for (const std::size_t step : row) in_row[step] = true;
    steps_[i].fused = row.size() - 1;
    if (row.size() == 3) {
      const std::vector<std::size_t>& added = steps_[row[1]].inputs;
      steps_[i].residual = added[0] == steps_[i].outputs[0] ? added[1] : added[0];
    }
    ending[row.back()] = row;
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (!in_row[i]) runs_.push_back(i);
    runs_.insert(runs_.end(), ending[i].begin(), ending[i].end());
  }

  std::vector<bool> read_later(slots_, false);
  for (const std::size_t output : output_slots_) read_later[output] = true;
  for (std::size_t i = runs_.size(); i-- > 0;) {
    Step& step = steps_[runs_[i]];
    for (const std::size_t input : step.inputs) {
      if (!read_later[input]) step.last_use.push_back(input);
      read_later[input] = true;
    }
  }
}

void Graph::order_layers() {
  // Depth of a call: the longest way from it to an output; that of a layer is its deepest call's,
  // of those that were met before, going back from the outputs. Deeper layers come first; of equal
  // depth, those that a walk from the outputs over the inputs of each call meets first.
  std::unordered_map<const GraphNode*, std::int64_t> depth;
  std::unordered_map<const Layer*, std::int64_t> layer_depth;
  const auto deepen = [&](const GraphNode* node, std::int64_t at_least) {
    auto& d = depth[node];
    d = std::max(d, at_least);
  };
  for (std::size_t i = steps_.size(); i-- > 0;) {
    const GraphNode* node = steps_[i].node.get();
    auto& d = layer_depth[node->layer.get()];
    d = std::max(d, depth[node]);
    depth[node] = d;
    for (const auto& [name, input] : node->inputs.entries()) deepen(input.node().get(), d + 1);
  }
  std::unordered_map<const Layer*, std::int64_t> first_met = order_of_meeting();
  std::vector<std::shared_ptr<Layer>> all;
  const auto add = [&](const std::shared_ptr<Layer>& layer) {
    const auto same = [&](const auto& other) { return other == layer; };
    if (std::none_of(all.begin(), all.end(), same)) all.push_back(layer);
  };
  for (const auto& [name, tensor] : inputs_.entries()) {
    const GraphNode* node = tensor.node().get();
    if (node->inputs.none()) {  // an Input, not a tensor from the middle of another graph
      auto& d = layer_depth[node->layer.get()];
      d = std::max(d, depth[node]);
    }
    add(tensor.node()->layer);
    first_met.emplace(node->layer.get(), -1);
  }
  for (const Step& step : steps_) add(step.node->layer);
  std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    const std::int64_t da = layer_depth[a.get()], db = layer_depth[b.get()];
    return da != db ? da > db : first_met.at(a.get()) < first_met.at(b.get());
  });
  std::map<std::string, const Layer*> names;
  for (const auto& layer : all) {
    const auto [found, added] = names.emplace(layer->name(), layer.get());
    if (!added) {
      throw ValueError(fmt::format(
          "Model: two layers are called \"{}\"; names must differ within a model", layer->name()));
    }
    layers_.emplace_back(layer);
  }
}

std::unordered_map<const Layer*, std::int64_t> Graph::order_of_meeting() const {
  std::unordered_map<const Layer*, std::int64_t> met;
  std::unordered_set<const SymbolicImpl*> given;
  for (const auto& [name, tensor] : inputs_.entries()) given.insert(tensor.id());
  std::unordered_set<const GraphNode*> seen;
  std::vector<SymbolicTensor> stack;  // the next one to visit is the last
  std::vector<SymbolicTensors::Entry> outputs = outputs_.entries();
  if (outputs_.named()) {
    std::sort(outputs.begin(), outputs.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  for (auto output = outputs.rbegin(); output != outputs.rend(); ++output) {
    stack.push_back(output->second);
  }
  while (!stack.empty()) {
    const SymbolicTensor tensor = stack.back();
    stack.pop_back();
    const GraphNode* node = tensor.node().get();
    if (!seen.insert(node).second) continue;
    met.emplace(node->layer.get(), static_cast<std::int64_t>(met.size()));
    if (given.count(tensor.id()) != 0) continue;
    for (std::int64_t i = node->inputs.count(); i-- > 0;) stack.push_back(node->inputs.get(i));
  }
  return met;
}

bool Graph::is_chain() const {
  if (inputs_.count() != 1 || outputs_.count() != 1) return false;
  std::unordered_set<const Layer*> seen;
  std::size_t previous = input_slots_[0];
  for (const Step& step : steps_) {
    if (step.inputs.size() != 1 || step.outputs.size() != 1 || step.inputs[0] != previous)
      return false;
    if (!seen.insert(step.node->layer.get()).second) return false;
    previous = step.outputs[0];
  }
  return true;
}

std::vector<const GraphNode*> Graph::calls() const {
  std::vector<const GraphNode*> calls;
  for (const Step& step : steps_) calls.push_back(step.node.get());
  return calls;
}

std::vector<const GraphNode*> Graph::calls_of(const Layer* layer) const {
  std::vector<const GraphNode*> calls;
  for (const auto& [name, tensor] : inputs_.entries()) {
    if (tensor.node()->layer.get() == layer) calls.push_back(tensor.node().get());
  }
  for (const Step& step : steps_) {
    if (step.node->layer.get() == layer) calls.push_back(step.node.get());
  }
  return calls;
}

bool Graph::read_on_cpu_only(std::int64_t input, const std::string& name) const {
  auto i = static_cast<std::size_t>(input);
  if (!name.empty()) {
    const std::vector<std::string> names = input_names();
    i = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }
  if (i >= input_slots_.size()) return false;
  bool any = false;
  for (const Step& step : steps_) {
    if (std::find(step.inputs.begin(), step.inputs.end(), input_slots_[i]) == step.inputs.end())
      continue;
    if (!step.node->layer->works_on_cpu_only()) return false;
    any = true;
  }
  return any;
}

void Graph::compute(const Step& step, std::vector<Variable>& values,
                    const CallContext& context) const {
  const SymbolicTensors& as_given = step.node->inputs;
  std::size_t next = 0;
  const Variables inputs =
      as_given.single()
          ? Variables(values[step.inputs[0]])
          : as_given.map([&](const SymbolicTensor&) { return values[step.inputs[next++]]; });
  const std::optional<bool>& fixed = step.node->training;
  const Variables outputs =
      step.node->layer->invoke(inputs, {.training = fixed ? fixed : context.training});
  KERATIN_ASSERT(outputs.count() == static_cast<std::int64_t>(step.outputs.size()));
  for (std::size_t i = 0; i < step.outputs.size(); ++i) {
    values[step.outputs[i]] = outputs.get(static_cast<std::int64_t>(i));
  }
}

Variables Graph::run(const std::vector<Variable>& x, const CallContext& context) const {
  std::vector<Variable> values(slots_);
  for (std::size_t i = 0; i < input_slots_.size(); ++i) values[input_slots_[i]] = x[i];
  const bool fuses = ran_->load(std::memory_order_acquire) && OutputWatch::current() == nullptr;
  for (std::size_t i = 0; i < runs_.size();) {
    const Step& step = steps_[runs_[i]];
    std::size_t end = i + 1;
    if (fuses && step.fused > 0) {
      const FusedRelu offer(*step.node->layer, step.residual ? values[*step.residual] : Variable());
      compute(step, values, context);
      if (offer.taken()) {
        end += step.fused;
        values[steps_[runs_[end - 1]].outputs[0]] = std::move(values[step.outputs[0]]);
      }
    } else {
      compute(step, values, context);
    }
    for (; i < end; ++i) {
      for (const std::size_t slot : steps_[runs_[i]].last_use) values[slot] = Variable();
    }
  }
  ran_->store(true, std::memory_order_release);
  std::size_t next = 0;
  if (outputs_.single()) return Variables(values[output_slots_[0]]);
  return outputs_.map([&](const SymbolicTensor&) { return values[output_slots_[next++]]; });
}

std::vector<Spec> Graph::output_specs(const std::vector<Spec>& x) const {
  std::vector<Spec> values(slots_);
  for (std::size_t i = 0; i < input_slots_.size(); ++i) values[input_slots_[i]] = x[i];
  for (const Step& step : steps_) {
    std::vector<Spec> inputs;
    for (const std::size_t slot : step.inputs) inputs.push_back(values[slot]);
    step.node->layer->check_inputs(inputs);
    const Layer& layer = *step.node->layer;
    const std::vector<Spec> outputs =
        step.node->layer->output_specs(layer.autocast_specs(std::move(inputs)));
    for (std::size_t i = 0; i < step.outputs.size(); ++i) values[step.outputs[i]] = outputs[i];
  }
  std::vector<Spec> specs;
  for (const std::size_t slot : output_slots_) specs.push_back(values[slot]);
  return specs;
}

}  // namespace keratin::detail
