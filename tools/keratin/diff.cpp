#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "keratin.h"
#include "nn/inspect/table.h"
#include "nn/inspect/terminal.h"
#include "nn/saving/hdf5.h"
#include "nn/saving/layer_json.h"
#include "nn/saving/safetensors.h"
#include "nn/saving/weights.h"
#include "tools/keratin/commands.h"

namespace keratin::tools {
namespace {

using detail::StyledText;

// A file's weights by where they are, and the options of layers by theirs.
struct Contents {
  struct Weight {
    std::string title;
    Tensor values;
  };
  Named<Weight> weights;
  Named<std::string> options;
};

// Options of a layer, "layers/dense: units"; layers in it have entries of their own.
void add_options(const std::string& path, const saving::Json& json, Contents& to) {
  const saving::Json& config = json["config"];
  const std::string place = path.empty() ? "model" : path;
  to.options[place + ": class"] = json["class_name"].get<std::string>();
  for (const auto& [name, value] : config.items()) {
    if (name == "name" || name == "layers" || name == "layer" || name == "backward_layer") continue;
    to.options[fmt::format("{}: {}", place, name)] = saving::dump_json(value);
  }
}

Contents of_model(const std::string& path) {
  const Model model = load_model(path, {.compile = false});
  Contents contents;
  for (const auto& [place, layer] : saving::layer_paths(model)) {
    add_options(place, saving::layer_to_json(LayerRef(layer->shared_from_this())), contents);
    std::size_t number = 0;
    for (const Weight& weight : layer->own_weights()) {
      const std::string title = fmt::format("{}/{}", layer->name(), weight.variable.name());
      contents.weights[fmt::format("{}/vars/{}", place, number++)] = {title,
                                                                      weight.variable.value()};
    }
    for (const auto& [name, state] : layer->named_state()) {
      if (!state.defined()) continue;
      contents.weights[fmt::format("{}/vars/{}", place, name)] = {
          fmt::format("{}/{}", layer->name(), name), state};
    }
    for (const auto& [name, text] : layer->assets()) {
      contents.options[fmt::format("{}: {}", place, name)] = text;
    }
  }
  return contents;
}

Contents read(const std::string& path) {
  const bool weights = path.ends_with(".weights.h5");
  if (path.ends_with(".keras") || (path.ends_with(".h5") && !weights)) return of_model(path);
  Contents contents;
  if (path.ends_with(".safetensors")) {
    for (const auto& [name, tensor] : saving::read_safetensors(path).tensors) {
      contents.weights[name] = {name, tensor};
    }
  } else if (weights) {
    const saving::Hdf5Reader file("diff", path);
    for (const std::string& name : file.datasets()) {
      if (!name.starts_with("optimizer/")) contents.weights[name] = {name, file.read(name)};
    }
  } else {
    throw ValueError(
        fmt::format("diff: {}: the name must end with .keras, .h5 or .safetensors", path));
  }
  return contents;
}

struct Difference {
  double largest = 0, root_mean_square = 0, relative = 0;
};

// Nothing where both hold the same; a NaN equals a NaN.
std::optional<Difference> difference(const Tensor& a, const Tensor& b, double tolerance) {
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  Difference result;
  double squares = 0, size = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    size += x[i] * x[i];
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    const double error = std::abs(x[i] - y[i]);
    // A NaN is the largest of all.
    if (!(error <= result.largest) && !std::isnan(result.largest)) result.largest = error;
    squares += error * error;
  }
  if (result.largest <= tolerance) return std::nullopt;
  result.root_mean_square =
      std::sqrt(squares / static_cast<double>(std::max<std::size_t>(x.size(), 1)));
  result.relative = std::sqrt(squares / size);
  return result;
}

StyledText plain(std::string text) { return {{std::move(text)}}; }

// What is in one of two lists, or in both with other contents.
template <class T, class F>
void for_each_pair(const Named<T>& a, const Named<T>& b, const F& f) {
  for (const auto& [name, value] : a) f(name, &value, b.find(name));
  for (const auto& [name, value] : b) {
    if (!a.contains(name)) f(name, static_cast<const T*>(nullptr), &value);
  }
}

std::string shortened(const std::string* text) {
  return text == nullptr ? "-" : detail::cropped(*text, 60);
}

}  // namespace

bool diff(const DiffCommand& command) {
  const Contents a = read(command.first), b = read(command.second);
  std::vector<std::vector<StyledText>> options, weights;
  for_each_pair(a.options, b.options, [&](const std::string& name, const auto* x, const auto* y) {
    if (x != nullptr && y != nullptr && *x == *y) return;
    options.push_back({plain(name), plain(shortened(x)), plain(shortened(y))});
  });
  std::size_t same = 0;
  for_each_pair(a.weights, b.weights, [&](const std::string&, const auto* x, const auto* y) {
    const std::string title = x != nullptr ? x->title : y->title;
    const auto spec = [](const auto* w) { return w == nullptr ? "-" : w->values.spec().text(); };
    if (x == nullptr || y == nullptr || x->values.shape() != y->values.shape()) {
      weights.push_back({plain(title), plain(fmt::format("{} | {}", spec(x), spec(y))), plain("-"),
                         plain("-"), plain("-")});
      return;
    }
    const auto found = difference(x->values, y->values, command.tolerance);
    if (!found) {
      ++same;
      return;
    }
    weights.push_back({plain(title), plain(spec(x)), plain(fmt::format("{:.3g}", found->largest)),
                       plain(fmt::format("{:.3g}", found->root_mean_square)),
                       plain(fmt::format("{:.3g}", found->relative))});
  });
  const bool styled = detail::stdout_takes_styles();
  if (!options.empty()) {
    detail::write_stdout(
        detail::table_text({{.header = "Option", .cells = 32},
                            {.header = detail::cropped(command.first, 24), .cells = 24},
                            {.header = detail::cropped(command.second, 24), .cells = 24}},
                           options, styled));
  }
  if (!weights.empty()) {
    using detail::Align;
    detail::write_stdout(
        detail::table_text({{.header = "Weight", .cells = 30},
                            {.header = "Shape", .cells = 22},
                            {.header = "Largest difference", .align = Align::right, .cells = 10},
                            {.header = "Root mean square", .align = Align::right, .cells = 9},
                            {.header = "Relative to first", .align = Align::right, .cells = 9}},
                           weights, styled));
  }
  detail::write_stdout(fmt::format("{} weights differ, {} are the same; {} options differ\n",
                                   weights.size(), same, options.size()));
  return !weights.empty() || !options.empty();
}

}  // namespace keratin::tools
