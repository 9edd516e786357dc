#include "nn/saving/training_backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "data/zip.h"
#include "nn/inspect/terminal.h"
#include "nn/model/model_layer.h"
#include "nn/saving/json_fields.h"
#include "nn/saving/weights.h"
#include "nn/seed_generator.h"
#include "tensor/random.h"

namespace keratin::saving {
namespace {

using detail::FitProgress;

constexpr int kVersion = 1;

// A callback's state: numbers in JSON, tensors beside it.
class StateWriter final : public JsonWriter {
 public:
  StateWriter(std::string what, std::string group, Hdf5Writer& tensors)
      : JsonWriter(std::move(what)), group_(std::move(group)), tensors_(tensors) {}
  using JsonWriter::operator();
  void operator()(const char* name, Tensor& value) override {
    if (value.defined()) tensors_.dataset(group_ + "/" + name, value);
  }

 private:
  std::string group_;
  Hdf5Writer& tensors_;
};

class StateReader final : public JsonReader {
 public:
  StateReader(const Json& state, std::string where, std::string group, const Hdf5Reader& tensors)
      : JsonReader(state, std::move(where)), group_(std::move(group)), tensors_(tensors) {}
  using JsonReader::operator();
  void operator()(const char* name, Tensor& value) override {
    const std::string path = group_ + "/" + name;
    value = tensors_.is_dataset(path) ? tensors_.read(path) : Tensor();
  }

 private:
  std::string group_;
  const Hdf5Reader& tensors_;
};

Json history_to_json(const History& history) {
  Json values = Json::object();
  for (const auto& [name, list] : history.history) values[name] = list;
  return {{"seed", history.seed}, {"epoch", history.epoch}, {"values", std::move(values)}};
}

History history_from_json(const Json& json) {
  History history;
  history.seed = json.at("seed").get<std::uint64_t>();
  history.epoch = json.at("epoch").get<std::vector<int>>();
  for (const auto& [name, list] : json.at("values").items()) {
    history.history[name] = list.get<std::vector<double>>();
  }
  return history;
}

// Layers that draw random numbers, by their paths.
Json generators_to_json(const Model& model) {
  Json json = Json::array();
  for (const auto& [path, layer] : layer_paths(model)) {
    if (const SeedGenerator* seeds = layer->seed_generator()) {
      json.push_back({{"layer", path}, {"seed", seeds->seed()}, {"count", seeds->count()}});
    }
  }
  return json;
}

std::string group_of(const char* kind, std::size_t i) { return fmt::format("{}/{}", kind, i); }

}  // namespace

struct TrainingBackup::Contents {
  Contents(const std::string& where, const std::string& path)
      : archive("BackupAndRestore", path),
        state(parse_json(where + ": state.json", archive.read("state.json").text())),
        weights("BackupAndRestore", path + ": model.weights.h5", archive.read("model.weights.h5")),
        tensors("BackupAndRestore", path + ": state.h5", archive.read("state.h5")) {}

  data::ZipReader archive;
  Json state;
  Hdf5Reader weights, tensors;
};

void TrainingBackup::write(const std::string& path, Model& model, const FitProgress& progress) {
  detail::Compiled& compiled = *detail::model_state(model).compiled;
  const OptimizerRef& optimizer = compiled.optimizer;
  Hdf5Writer weights("BackupAndRestore"), tensors("BackupAndRestore");
  write_weights(model, weights);
  write_optimizer(optimizer, weights);

  Json metrics = Json::array();
  for (const auto& [name, metric] : compiled.metrics()) {
    std::size_t number = 0;
    const std::string group = group_of("metrics", metrics.size());
    tensors.group(group);
    for (const Variable& variable : metric.metric()->variables()) {
      tensors.dataset(fmt::format("{}/{}", group, number++), variable.value());
    }
    metrics.push_back(name);
  }
  Json callbacks = Json::array();
  for (const auto& callback : progress.callbacks->all()) {
    const std::string name = detail::name_of(*callback);
    StateWriter writer(name, group_of("callbacks", callbacks.size()), tensors);
    callback->state(writer);
    callbacks.push_back({{"class", name}, {"state", writer.take()}});
  }
  const RandomState random = random_state();
  const bool scheduled = optimizer.impl()->settings().learning_rate.scheduled();
  const Json state = {
      {"version", kVersion},
      {"epoch", progress.epoch},
      {"batch", progress.batch},
      {"pass", progress.pass},
      {"taken", progress.taken},
      {"mid_pass", progress.mid_pass},
      {"shuffle_seed", progress.shuffle_seed},
      {"cardinality", progress.cardinality},
      {"history", history_to_json(progress.history)},
      {"random", {{"seed", random.seed}, {"used", random.used}}},
      {"generators", generators_to_json(model)},
      {"learning_rate", scheduled ? Json(nullptr) : Json(optimizer.learning_rate())},
      {"outputs", compiled.output_names()},
      {"several_outputs", compiled.several_outputs()},
      {"metrics", std::move(metrics)},
      {"callbacks", std::move(callbacks)}};

  data::ZipWriter archive("BackupAndRestore", path);
  archive.add("state.json", data::Bytes::from(dump_json(state)));
  archive.add("model.weights.h5", weights.finish());
  archive.add("state.h5", tensors.finish());
  archive.finish();
}

TrainingBackup::TrainingBackup(const std::string& path)
    : where_("BackupAndRestore: " + path), contents_(std::make_unique<Contents>(where_, path)) {
  const Json& state = contents_->state;
  const auto whole = [&](const char* name) {
    return state.is_object() && state.contains(name) && state[name].is_number_integer() &&
           state[name] >= 0;
  };
  for (const char* name : {"version", "epoch", "batch", "pass", "taken"}) {
    if (!whole(name)) throw FileError(fmt::format("{}: state.json has no {}", where_, name));
  }
  if (state["version"] != kVersion) {
    throw FileError(
        fmt::format("{}: a backup of version {}, written by another keratin; this one "
                    "reads version {}",
                    where_, excerpt(state["version"]), kVersion));
  }
}

TrainingBackup::~TrainingBackup() = default;

int TrainingBackup::epoch() const { return contents_->state["epoch"].get<int>(); }
std::int64_t TrainingBackup::batch() const { return contents_->state["batch"].get<std::int64_t>(); }

void TrainingBackup::apply(Model& model, FitProgress& progress) const {
  const Json& state = contents_->state;
  const std::string advice = "; remove the backup to start anew";
  try {
    if (state.at("cardinality") != progress.cardinality) {
      throw FileError(fmt::format(
          "{}: the data gives {} batches a pass, and gave {} when the backup was made{}", where_,
          progress.cardinality, excerpt(state["cardinality"]), advice));
    }
    detail::Compiled& compiled = *detail::model_state(model).compiled;
    const auto unbuilt = [&] {
      const auto layers = detail::all_layers(model.layer().get());
      return std::any_of(layers.begin(), layers.end(), [](Layer* one) { return !one->built(); });
    };
    if (unbuilt()) progress.build_model();
    if (!compiled.resolved()) {
      compiled.resolve(state.at("outputs").get<std::vector<std::string>>(),
                       state.at("several_outputs").get<bool>());
    }
    Json names = Json::array();
    for (const auto& [name, metric] : compiled.metrics()) names.push_back(name);
    if (names != state.at("metrics")) {
      throw FileError(fmt::format("{}: the metrics are {}, and were {} when the backup was made{}",
                                  where_, excerpt(names), excerpt(state["metrics"]), advice));
    }
    read_weights(model, contents_->weights, where_);  // changes nothing unless all fits
    if (contents_->weights.is_group("optimizer/vars")) {
      read_optimizer(compiled.optimizer, model.trainable_variables(), contents_->weights, where_);
      if (!state.at("learning_rate").is_null()) {
        compiled.optimizer.set_learning_rate(state["learning_rate"].get<double>());
      }
    }
    std::size_t number = 0;
    for (const auto& [name, metric] : compiled.metrics()) {
      const std::string group = group_of("metrics", number++);
      std::size_t i = 0;
      for (Variable variable : metric.metric()->variables()) {
        variable.assign(contents_->tensors.read(fmt::format("{}/{}", group, i++), variable.shape(),
                                                variable.dtype()));
      }
    }
    for (const auto& [path, layer] : layer_paths(model)) {
      for (const Json& one : state.at("generators")) {
        SeedGenerator* seeds = layer->seed_generator();
        if (seeds != nullptr && one.at("layer") == path) {
          seeds->restore(one.at("seed").get<std::uint64_t>(), one.at("count").get<std::uint64_t>());
        }
      }
    }
    restore_callbacks(progress);
    progress.epoch = epoch();
    progress.batch = batch();
    progress.pass = state.at("pass").get<std::int64_t>();
    progress.taken = state.at("taken").get<std::int64_t>();
    progress.mid_pass = state.at("mid_pass").get<bool>();
    progress.shuffle_seed = state.at("shuffle_seed").get<std::uint64_t>();
    progress.history = history_from_json(state.at("history"));
    restore_random_state({state.at("random").at("seed").get<std::uint64_t>(),
                          state.at("random").at("used").get<std::uint64_t>()});
  } catch (const Json::exception& error) {
    throw FileError(fmt::format("{}: state.json: {}", where_, error.what()));
  }
}

void TrainingBackup::restore_callbacks(FitProgress& progress) const {
  const Json& saved = contents_->state.at("callbacks");
  std::set<std::size_t> used;
  for (const auto& callback : progress.callbacks->all()) {
    const std::string name = detail::name_of(*callback);
    std::size_t i = 0;
    while (i < saved.size() && (used.count(i) != 0 || saved[i].at("class") != name)) ++i;
    if (i == saved.size()) {
      detail::warn("keratin: {}: knows no callback {}; it starts anew\n", where_, name);
      continue;
    }
    used.insert(i);
    StateReader reader(saved[i].at("state"), fmt::format("{}: {}", where_, name),
                       group_of("callbacks", i), contents_->tensors);
    callback->state(reader);
  }
}

}  // namespace keratin::saving
