#include "nn/callbacks/model_checkpoint.h"

#include <fmt/args.h>
#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "nn/callbacks/monitor.h"
#include "nn/inspect/terminal.h"
#include "nn/model/model.h"

namespace keratin::callbacks {
namespace {

namespace fs = std::filesystem;

class ModelCheckpointCallback final : public Callback {
 public:
  explicit ModelCheckpointCallback(const ModelCheckpointOptions& options)
      : options_(options), monitor_("ModelCheckpoint", options.monitor, options.mode) {
    const char* suffix = options.save_weights_only ? ".weights.h5" : ".keras";
    if (!options.filepath.ends_with(suffix)) {
      throw ValueError(fmt::format("ModelCheckpoint: filepath is \"{}\"; it must end with \"{}\"",
                                   options.filepath, suffix));
    }
    best_ = options.initial_value_threshold;
  }

  void on_train_begin(Logs&) override {
    monitor_.reset();
    if (!options_.save_weights_only) model().require_saveable();
    // The part of the folder that no field decides.
    const std::string fixed = options_.filepath.substr(0, options_.filepath.find('{'));
    make_folder(fs::path(fixed).parent_path());
  }
  void on_epoch_begin(int epoch, Logs&) override { epoch_ = epoch; }
  bool reads_batch_logs() const override { return !options_.save_freq.every_epoch(); }
  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    if (options_.save_freq.every_epoch()) return;
    if (++batches_ < options_.save_freq.batches()) return;
    batches_ = 0;
    save(batch, logs);
  }
  void on_epoch_end(int, Logs& logs) override {
    if (options_.save_freq.every_epoch()) save({}, logs);
  }

  void state(Fields& f) override {
    f("best", best_);
    f("batches", batches_);
    f("epoch", epoch_);
  }

 private:
  void make_folder(const fs::path& folder) const {
    if (folder.empty()) return;
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
      throw FileError(fmt::format("ModelCheckpoint: {}: the folder cannot be made: {}",
                                  folder.string(), error.message()));
    }
  }

  std::string path(std::optional<std::int64_t> batch, const Logs& logs) const {
    fmt::dynamic_format_arg_store<fmt::format_context> values;
    std::string known = "epoch";
    values.push_back(fmt::arg("epoch", epoch_ + 1));
    if (batch && !logs.contains("batch")) {
      values.push_back(fmt::arg("batch", *batch + 1));
      known += ", batch";
    }
    for (const auto& [name, value] : logs) {
      values.push_back(fmt::arg(name.c_str(), value));
      known += ", " + name;
    }
    try {
      return fmt::vformat(options_.filepath, values);
    } catch (const fmt::format_error& error) {
      throw ValueError(fmt::format("ModelCheckpoint: filepath \"{}\": {}; its fields can be {}",
                                   options_.filepath, error.what(), known));
    }
  }

  void say(const std::string& text) const {
    if (options_.verbose > 0) {
      detail::write_stdout(fmt::format("\nEpoch {}: {}\n", epoch_ + 1, text));
    }
  }

  bool wanted(const Logs& logs, const std::string& file) {
    if (!options_.save_best_only) {
      say("saving model to " + file);
      return true;
    }
    monitor_.resolve(model());
    const std::optional<double> value = monitor_.value(logs);
    if (!value) return true;  // warned of
    const std::string before = best_ ? fmt::format("{:.5f}", *best_) : "None";
    if (!monitor_.improved(*value, best_)) {
      say(fmt::format("{} did not improve from {}", monitor_.name(), before));
      return false;
    }
    say(fmt::format("{} improved from {} to {:.5f}, saving model to {}", monitor_.name(), before,
                    *value, file));
    best_ = value;
    return true;
  }

  void save(std::optional<std::int64_t> batch, const Logs& logs) {
    const std::string file = path(batch, logs);
    const std::optional<double> best = best_;
    if (!wanted(logs, file)) return;
    try {
      make_folder(fs::path(file).parent_path());
      if (options_.save_weights_only) {
        model().save_weights(file);
      } else {
        model().save(file);
      }
      say("finished saving model to " + file);
    } catch (const FileError& error) {
      best_ = best;  // what was not saved is not what later ones have to beat
      detail::warn("keratin: ModelCheckpoint: {}; training goes on\n", error.what());
    }
  }

  ModelCheckpointOptions options_;
  detail::Monitor monitor_;
  std::optional<double> best_;
  int epoch_ = 0;
  std::int64_t batches_ = 0;  // since the last save
};

}  // namespace

ModelCheckpoint::ModelCheckpoint(const ModelCheckpointOptions& options)
    : CallbackRef(std::make_shared<ModelCheckpointCallback>(options)) {}

}  // namespace keratin::callbacks
