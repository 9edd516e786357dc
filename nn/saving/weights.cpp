#include "nn/saving/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "nn/inspect/terminal.h"
#include "tensor/cast.h"

namespace keratin::saving {
namespace {

std::string joined(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "/" + name;
}

// Trainable ones first, whether the layer is frozen or not.
std::vector<Variable> own_variables(const Layer& layer) {
  std::vector<Variable> variables;
  for (const bool trainable : {true, false}) {
    for (const Weight& weight : layer.own_weights()) {
      if (weight.trainable == trainable) variables.push_back(weight.variable);
    }
  }
  return variables;
}

// The arrays beside the weights that the layer has something in, or a place for.
Named<Tensor> defined_state(const Layer& layer) {
  Named<Tensor> state = layer.named_state();
  Named<Tensor> defined;
  for (const auto& [name, tensor] : state) {
    if (tensor.defined()) defined[name] = tensor;
  }
  return defined;
}

// A place in the file: of a weight, or of an array beside them.
struct Assignment {
  Layer* layer = nullptr;
  std::string path = {};
  Spec spec = {};
  Variable variable = {};
  std::string state_name = {};
};

// Tensors by their paths, to be read as an HDF5 file is.
class ByPath {
 public:
  ByPath(const Named<Tensor>& tensors, const std::string& where) : where_(where) {
    for (const auto& [path, tensor] : tensors) {
      const std::size_t slash = path.rfind('/');
      if (slash != std::string::npos) {
        children_[path.substr(0, slash)].push_back(path.substr(slash + 1));
      }
      tensors_[path] = tensor;
    }
  }

  bool is_group(const std::string& path) const { return children_.count(path) > 0; }
  const std::vector<std::string>& children(const std::string& group) const {
    return children_.at(group);
  }
  std::vector<std::string> datasets() const {
    std::vector<std::string> paths;
    for (const auto& [path, tensor] : tensors_) paths.push_back(path);
    return paths;
  }
  Spec spec(const std::string& path) const {
    const auto found = tensors_.find(path);
    if (found == tensors_.end()) {
      throw FileError(fmt::format("{}: the file has no \"{}\"", where_, path));
    }
    return found->second.spec();
  }
  Tensor read(const std::string& path, const Shape&, DType dtype) const {
    return cast(tensors_.at(path), dtype);
  }

 private:
  const std::string& where_;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::vector<std::string>> children_;
};

// Where the weights of one layer are in the file; throws unless they fit.
template <class File>
std::vector<Assignment> assignments(Layer& layer, const std::string& path, const File& file,
                                    const std::string& where) {
  const std::vector<Variable> variables = own_variables(layer);
  const Named<Tensor> state = defined_state(layer);
  const std::string group = joined(path, "vars");
  std::size_t there = 0;
  if (file.is_group(group)) {
    for (const std::string& child : file.children(group)) there += state.contains(child) ? 0 : 1;
  }
  if (there != variables.size()) {
    throw FileError(fmt::format("{}: {} has {} variables, the file has {} in \"{}\"{}", where,
                                layer.label(), variables.size(), there, group,
                                layer.built() ? "" : "; the layer is not built yet"));
  }
  std::vector<Assignment> result;
  const auto add = [&](const std::string& name, Assignment one) {
    one.layer = &layer;
    one.path = joined(group, name);
    const Shape shape = file.spec(one.path).shape;
    if (shape != one.spec.shape) {
      throw FileError(fmt::format("{}: {}: \"{}\" is {}, the file has shape {} in \"{}\"", where,
                                  layer.label(),
                                  one.variable.defined() ? one.variable.name() : name,
                                  one.spec.text(), shape.text(), one.path));
    }
    result.push_back(std::move(one));
  };
  for (std::size_t i = 0; i < variables.size(); ++i) {
    add(std::to_string(i), {.spec = variables[i].value().spec(), .variable = variables[i]});
  }
  for (const auto& [name, tensor] : state) {
    add(name, {.spec = tensor.spec(), .state_name = name});
  }
  return result;
}

// State of random generators, which Keras' files may have, is not for the layers here.
bool is_weight(const std::string& path) {
  return !path.starts_with("optimizer/") && path.find("seed_generator/") == std::string::npos;
}

template <class File>
void require_all_used(const std::vector<Assignment>& used, const File& file,
                      const std::string& where) {
  std::set<std::string> paths;
  for (const Assignment& one : used) paths.insert(one.path);
  for (const std::string& path : file.datasets()) {
    if (is_weight(path) && paths.count(path) == 0) {
      throw FileError(fmt::format(
          "{}: the file holds \"{}\", for which the model has no place: it was saved from another "
          "structure",
          where, path));
    }
  }
}

template <class File>
void read_from(const LayerRef& model, const File& file, const std::string& where,
               bool skip_mismatch) {
  std::vector<Assignment> all;
  for (const auto& [path, layer] : layer_paths(model)) {
    try {
      for (Assignment& one : assignments(*layer, path, file, where)) all.push_back(std::move(one));
    } catch (const FileError& error) {
      if (!skip_mismatch) throw;
      detail::warn("keratin: {}; left as it is\n", error.what());
    }
  }
  if (!skip_mismatch) require_all_used(all, file, where);
  std::vector<Tensor> values;
  for (const Assignment& one : all) {
    values.push_back(file.read(one.path, one.spec.shape, one.spec.dtype));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].variable.defined()) {
      all[i].variable.assign(values[i]);
    } else {
      all[i].layer->set_named_state({{all[i].state_name, values[i]}});
    }
  }
}

}  // namespace

std::vector<std::pair<std::string, Layer*>> layer_paths(const LayerRef& model) {
  std::vector<std::pair<std::string, Layer*>> found;
  std::set<const Layer*> seen;
  const auto visit = [&](auto&& self, Layer* layer, const std::string& path) -> void {
    if (!seen.insert(layer).second) return;
    found.emplace_back(path, layer);
    for (const auto& [name, inner] : layer->named_sublayers()) {
      self(self, inner.layer().get(), joined(path, name));
    }
  };
  visit(visit, model.layer().get(), "");
  return found;
}

void write_weights(const LayerRef& model, Hdf5Writer& file) {
  for (const auto& [path, layer] : layer_paths(model)) {
    const std::string group = joined(path, "vars");
    file.group(group);
    file.attribute(group, "name", layer->name());
    std::size_t number = 0;
    for (const Variable& variable : own_variables(*layer)) {
      file.dataset(joined(group, std::to_string(number++)), variable.value());
    }
    for (const auto& [name, tensor] : defined_state(*layer)) {
      file.dataset(joined(group, name), tensor);
    }
  }
}

void read_weights(const LayerRef& model, const Hdf5Reader& file, const std::string& where,
                  bool skip_mismatch) {
  read_from(model, file, where, skip_mismatch);
}
void read_weights(const LayerRef& model, const Named<Tensor>& tensors, const std::string& where,
                  bool skip_mismatch) {
  read_from(model, ByPath(tensors, where), where, skip_mismatch);
}

Named<Tensor> weights_by_path(const LayerRef& model) {
  Named<Tensor> tensors;
  for (const auto& [path, layer] : layer_paths(model)) {
    const std::string group = joined(path, "vars");
    std::size_t number = 0;
    for (const Variable& variable : own_variables(*layer)) {
      tensors[joined(group, std::to_string(number++))] = variable.value();
    }
    for (const auto& [name, tensor] : defined_state(*layer)) tensors[joined(group, name)] = tensor;
  }
  return tensors;
}

void write_optimizer(const OptimizerRef& optimizer, Hdf5Writer& file) {
  if (!optimizer.impl()->built()) return;
  file.group("optimizer/vars");
  file.attribute("optimizer/vars", "name", optimizer.name());
  std::size_t number = 0;
  for (const Tensor& tensor : optimizer.impl()->state()) {
    file.dataset(fmt::format("optimizer/vars/{}", number++), tensor);
  }
}

void read_optimizer(OptimizerRef& optimizer, const std::vector<Variable>& variables,
                    const Hdf5Reader& file, const std::string& where) {
  if (!file.is_group("optimizer/vars")) return;
  const std::size_t count = file.children("optimizer/vars").size();
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < count; ++i) {
    paths.push_back(fmt::format("optimizer/vars/{}", i));
  }
  read_optimizer(optimizer, variables, file, paths, where);
}

void read_optimizer(OptimizerRef& optimizer, const std::vector<Variable>& variables,
                    const Hdf5Reader& file, const std::vector<std::string>& paths,
                    const std::string& where) {
  optimizer.build(variables);
  const std::vector<Tensor> mine = optimizer.impl()->state();
  const std::size_t there = paths.size();
  constexpr std::size_t kNotBegun = 2;  // its steps, none, and the learning rate
  if (there == kNotBegun && mine.size() > kNotBegun) return;
  try {
    if (there != mine.size()) {
      throw FileError(fmt::format("{}: the optimizer {} keeps {} tensors, the file has {}", where,
                                  optimizer.name(), mine.size(), there));
    }
    std::vector<Tensor> state;
    for (std::size_t i = 0; i < mine.size(); ++i) {
      state.push_back(file.read(paths[i], mine[i].shape(), mine[i].dtype()));
    }
    optimizer.impl()->set_state(state);
  } catch (const Error& error) {
    detail::warn("keratin: {}; the optimizer starts anew\n", error.what());
  }
}

}  // namespace keratin::saving
