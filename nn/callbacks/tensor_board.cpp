#include "nn/callbacks/tensor_board.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "autograd/ops/transpose.h"
#include "nn/gradient_watch.h"
#include "nn/inspect/event_file.h"
#include "nn/inspect/terminal.h"
#include "nn/model/fit_progress.h"
#include "nn/model/model.h"
#include "nn/model/model_layer.h"
#include "nn/saving/layer_json.h"
#include "tensor/cast.h"
#include "tensor/time.h"

namespace keratin::callbacks {
namespace {

using detail::EventFile;

// Every weight under the names of the layers around it.
std::vector<std::pair<std::string, Variable>> named_weights(const Model& model) {
  std::vector<std::pair<std::string, Variable>> found;
  const auto visit = [&](auto&& self, Layer& layer, const std::string& prefix) -> void {
    for (const Weight& weight : layer.own_weights()) {
      std::string name = prefix + weight.variable.name();
      std::replace(name.begin(), name.end(), ':', '_');
      found.emplace_back(std::move(name), weight.variable);
    }
    for (const LayerRef& inner : layer.sublayers()) {
      self(self, *inner.layer(), prefix + inner.name() + "/");
    }
  };
  const bool functional = model.layer()->class_name() == "Functional";
  visit(visit, *model.layer(), functional ? "" : model.name() + "/");
  return found;
}

// The gradients of the last step, which it keeps from being used again.
class LastGradients final : public detail::GradientWatch {
 public:
  void see(const std::vector<Variable>& variables, const std::vector<Tensor>& gradients) override {
    last_.clear();
    for (std::size_t i = 0; i < variables.size(); ++i)
      last_[variables[i].impl().get()] = gradients[i];
  }
  /// Not defined() where it had none.
  Tensor of(const Variable& variable) const {
    const auto found = last_.find(variable.impl().get());
    return found == last_.end() ? Tensor() : found->second;
  }

 private:
  std::map<const void*, Tensor> last_;
};

// Values from 0 to 1, whatever they were.
void scale_to_range(Tensor& x) {
  float* const v = x.mutable_data<float>();
  const auto [least, most] = std::minmax_element(v, v + x.size());
  const float low = *least, width = *most - *least;
  for (std::int64_t i = 0; i < x.size(); ++i) v[i] = width > 0 ? (v[i] - low) / width : 0.5f;
}

// Values of a weight from 0 to 1, as [images, height, width, channels]; not defined() where they
// make no picture.
Tensor as_images(const Tensor& weight) {
  Tensor x = cast(weight, float32).copy();
  const Shape& s = weight.shape();
  if (s.rank() == 1) {
    x = x.reshaped({1, s[0], 1, 1});
  } else if (s.rank() == 2) {
    if (s[0] > s[1]) x = transpose(x);
    x = x.reshaped({1, std::min(s[0], s[1]), std::max(s[0], s[1]), 1});
  } else if (s.rank() == 3) {
    x = transpose(x, {.axes = {2, 0, 1}}).reshaped({s[2], s[0], s[1], 1});
  } else if (s.rank() == 4 && (s[2] == 1 || s[2] == 3)) {
    x = transpose(x, {.axes = {3, 0, 1, 2}});
  } else {
    return {};
  }
  if (x.size() == 0) return {};
  scale_to_range(x);
  return x;
}

// Samples of an input likewise.
Tensor samples_as_images(const Tensor& samples, std::int64_t most) {
  const Shape& s = samples.shape();
  const bool grey = s.rank() == 3;
  const bool coloured = s.rank() == 4 && (s[3] == 1 || s[3] == 3 || s[3] == 4);
  if ((!grey && !coloured) || samples.size() == 0 || samples.dtype() == string) return {};
  Tensor x = cast(samples.slice(0, std::min(most, s[0])), float32).copy();
  if (grey) x = x.reshaped(x.shape().joined({1}));
  float* const v = x.mutable_data<float>();
  const auto [least, greatest] = std::minmax_element(v, v + x.size());
  if (*least < 0 || *greatest > 255) {
    scale_to_range(x);
  } else if (*greatest > 1 || samples.dtype() == uint8) {
    for (std::int64_t i = 0; i < x.size(); ++i) v[i] /= 255;
  }
  return x;
}

// A node for each layer, whose inputs are the layers before it.
std::vector<EventFile::GraphNode> graph_nodes(const detail::Graph& graph) {
  std::vector<EventFile::GraphNode> nodes;
  for (const LayerRef& layer : graph.layers()) {
    EventFile::GraphNode node{layer.name(), layer.layer()->class_name()};
    for (const detail::GraphNode* call : graph.calls_of(layer.layer().get())) {
      for (const auto& [name, input] : call->inputs.entries()) {
        const std::string& before = input.node()->layer->name();
        const auto end = node.inputs.end();
        if (before != node.name && std::find(node.inputs.begin(), end, before) == end) {
          node.inputs.push_back(before);
        }
      }
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

class TensorBoardCallback final : public Callback {
 public:
  explicit TensorBoardCallback(const TensorBoardOptions& options) : options_(options) {
    if (options.profile_batch != 0 || options.embeddings_freq != 0 ||
        !options.embeddings_metadata.empty()) {
      throw ValueError(
          "TensorBoard: profile_batch and embeddings are not supported; leave them out");
    }
    if (options.histogram_freq < 0) {
      throw ValueError(fmt::format("TensorBoard: histogram_freq is {}; expected at least 0",
                                   options.histogram_freq));
    }
    std::set<std::string> names;
    for (const auto& [name, value] : options.hparams) {
      if (!name.empty() && names.insert(name).second) continue;
      throw ValueError(
          fmt::format("TensorBoard: hparams has the name \"{}\"{}; expected names, each once", name,
                      name.empty() ? "" : " twice"));
    }
  }

  void on_train_begin(Logs&) override {
    train_.emplace(folder("train"));
    validation_.reset();
    warned_ = false;
    step_ = 0;
    inputs_written_ = !options_.write_inputs;
    if (options_.write_graph) write_graph();
    if (!options_.hparams.empty()) begin_session();
  }
  void on_epoch_begin(int epoch, Logs&) override {
    epoch_start_ = now();
    epoch_steps_ = 0;
    if (options_.write_gradients && with_histograms(epoch)) gradients_.emplace();
  }
  void on_train_batch_begin(std::int64_t, Logs&) override {
    batch_start_ = now();
    if (!std::exchange(inputs_written_, true)) write_inputs();
  }
  bool reads_batch_logs() const override {
    return !options_.update_freq.every_epoch() && (step_ + 1) % options_.update_freq.batches() == 0;
  }
  void on_train_batch_end(std::int64_t, Logs& logs) override {
    ++step_;
    ++epoch_steps_;
    if (options_.update_freq.every_epoch() || step_ % options_.update_freq.batches() != 0) return;
    for (const auto& [name, value] : logs) train_->scalar("batch_" + name, step_, value);
    if (options_.write_steps_per_second) {
      train_->scalar("batch_steps_per_second", step_, 1 / (now() - batch_start_));
    }
  }
  void on_epoch_end(int epoch, Logs& logs) override {
    for (const auto& [name, value] : logs) {
      if (name == "learning_rate") continue;
      const bool validated = name.starts_with("val_");
      (validated ? validation() : *train_)
          .scalar("epoch_" + (validated ? name.substr(4) : name), epoch, value);
    }
    train_->scalar("epoch_learning_rate", epoch, model().optimizer().learning_rate());
    if (options_.write_steps_per_second) {
      train_->scalar("epoch_steps_per_second", epoch,
                     static_cast<double>(epoch_steps_) / (now() - epoch_start_));
    }
    if (with_histograms(epoch)) write_weights(epoch);
    gradients_.reset();
    flush();
  }
  void on_test_end(Logs& logs) override {
    const std::int64_t iterations = model().optimizer().iterations();
    for (const auto& [name, value] : logs) {
      validation().scalar("evaluation_" + name + "_vs_iterations", iterations, value);
    }
    flush();
  }
  void on_train_end(Logs&) override { end(true); }
  // One that was told to stop may go on later: its session has no end yet.
  void on_train_interrupted() override {
    end(std::current_exception() == nullptr ? std::nullopt : std::optional(false));
  }
  void state(Fields& f) override { f("step", step_); }

 private:
  bool with_histograms(int epoch) const {
    return options_.histogram_freq > 0 && epoch % options_.histogram_freq == 0;
  }
  std::string folder(const char* run) const {
    return (std::filesystem::path(options_.log_dir) / run).string();
  }
  EventFile& validation() {
    if (!validation_) validation_.emplace(folder("validation"));
    return *validation_;
  }

  void write_graph() {
    const auto& state = detail::model_state(model());
    if (!state.graph()) return;  // a class of one's own, or not built yet
    try {
      saving::Json json = saving::layer_to_json(model());
      // TensorBoard takes no ends by name.
      for (const char* ends : {"input_layers", "output_layers"}) {
        saving::Json& named = json["config"][ends];
        if (!named.is_object()) continue;
        saving::Json list = saving::Json::array();
        for (const auto& [name, end] : named.items()) list.push_back(end);
        named = std::move(list);
      }
      train_->keras_graph("keras", 0, saving::dump_json(json));
      train_->graph(graph_nodes(*state.graph()));
    } catch (const ValueError& error) {
      detail::warn("keratin: TensorBoard: no graph of the model: {}\n", error.what());
    }
  }

  static constexpr std::int64_t kMostImages = 16;

  void write_inputs() {
    const std::function<Example()>& given = detail::fit_progress(model()).example;
    if (!given) return;
    const Example batch = given();
    std::int64_t number = 0;
    for (const auto& [called, input] : batch.x.entries()) {
      ++number;
      const Tensor images = samples_as_images(input, kMostImages);
      if (!images.defined()) continue;
      const std::string name = !called.empty() ? called : fmt::format("input_{}", number);
      train_->images(name + "/image", step_, images, kMostImages);
    }
  }

  void begin_session() {
    session_.emplace(options_.log_dir);
    std::vector<std::pair<std::string, EventFile::HParamValue>> values;
    for (const auto& [name, value] : options_.hparams) values.emplace_back(name, value.value());
    session_->hparams_begin(values, options_.log_dir);
    session_->flush();
  }

  void end(std::optional<bool> success) {
    if (session_ && success) session_->hparams_end(*success);
    flush();
    gradients_.reset();
    train_.reset();
    validation_.reset();
    session_.reset();
  }

  void write_weights(int epoch) {
    for (const auto& [name, weight] : named_weights(model())) {
      const Tensor& value = weight.value();
      train_->histogram(name + "/histogram", epoch, value);
      const Tensor gradient = gradients_ ? gradients_->of(weight) : Tensor();
      if (gradient.defined()) train_->histogram(name + "/gradient/histogram", epoch, gradient);
      if (!options_.write_images) continue;
      const Tensor images = as_images(value);
      if (images.defined()) train_->images(name + "/image", epoch, images, kMostImages);
    }
  }

  void flush() {
    for (auto* file : {&train_, &validation_, &session_}) {
      if (!*file) continue;
      (*file)->flush();
      if ((*file)->ok() || std::exchange(warned_, true)) continue;
      detail::warn("keratin: TensorBoard: {}: cannot be written any more; training goes on\n",
                   (*file)->path());
    }
  }

  TensorBoardOptions options_;
  std::optional<EventFile> train_, validation_, session_;
  std::optional<LastGradients> gradients_;
  bool warned_ = false, inputs_written_ = true;
  std::int64_t step_ = 0, epoch_steps_ = 0;  // batches
  double epoch_start_ = 0, batch_start_ = 0;
};

}  // namespace

TensorBoard::TensorBoard(const TensorBoardOptions& options)
    : CallbackRef(std::make_shared<TensorBoardCallback>(options)) {}

}  // namespace keratin::callbacks
