#include "nn/callbacks/backup_and_restore.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

#include "data/atomic_file.h"
#include "nn/inspect/terminal.h"
#include "nn/saving/training_backup.h"

namespace keratin::callbacks {
namespace {

namespace fs = std::filesystem;
using saving::TrainingBackup;

class BackupAndRestoreCallback final : public Callback {
 public:
  explicit BackupAndRestoreCallback(const BackupAndRestoreOptions& options)
      : options_(options),
        path_((fs::path(options.backup_dir) / "latest.backup").string()),
        before_(path_ + ".bkp") {
    if (options.backup_dir.empty()) {
      throw ValueError("BackupAndRestore: backup_dir is missing; expected a folder");
    }
  }

  // What the others did when training began is undone by a restore, and what they note of a batch
  // is in the backup.
  bool runs_last() const override { return true; }

  bool reads_batch_logs() const override { return false; }
  void on_train_begin(Logs&) override {
    batches_ = 0;
    std::error_code error;
    fs::create_directories(options_.backup_dir, error);
    // Is told now rather than at the first backup.
    data::write_file("BackupAndRestore", path_ + ".probe", std::string_view());
    fs::remove(path_ + ".probe", error);
    found_ = read();
    if (!found_) return;
    detail::fit_progress(model()).epoch = found_->epoch();
    if (found_->batch() == 0) restore();
  }
  // In the middle of an epoch: after the hooks of the others, whose part was done then.
  void on_epoch_begin(int, Logs&) override {
    if (found_) restore();
  }
  void on_train_batch_end(std::int64_t, Logs&) override {
    if (options_.save_freq.every_epoch()) return;
    if (++batches_ < options_.save_freq.batches()) return;
    batches_ = 0;
    write();
  }
  void on_epoch_end(int, Logs&) override {
    if (options_.save_freq.every_epoch()) write();
  }
  void on_train_interrupted() override {
    if (!found_) write();
  }
  void on_train_end(Logs&) override {
    if (!options_.delete_checkpoint) return;
    std::error_code error;
    fs::remove(path_, error);
    fs::remove(before_, error);
    fs::remove(options_.backup_dir, error);  // if it is empty now
  }
  void state(Fields& f) override { f("batches", batches_); }

 private:
  std::unique_ptr<TrainingBackup> read() const {
    std::error_code error;
    const bool has_before = fs::exists(before_, error);
    if (fs::exists(path_, error)) {
      try {
        return std::make_unique<TrainingBackup>(path_);
      } catch (const FileError& broken) {
        if (!has_before) {
          throw FileError(fmt::format("{}; remove it to start anew", broken.what()));
        }
        detail::warn("keratin: {}; the one before is used\n", broken.what());
      }
    }
    return has_before ? std::make_unique<TrainingBackup>(before_) : nullptr;
  }

  void restore() {
    found_->apply(model(), detail::fit_progress(model()));
    found_.reset();
  }

  void write() {
    try {
      std::error_code error;
      fs::create_directories(options_.backup_dir, error);  // where it has gone
      if (options_.double_checkpoint && fs::exists(path_, error)) fs::rename(path_, before_);
      TrainingBackup::write(path_, model(), detail::fit_progress(model()));
    } catch (const std::exception& error) {
      detail::warn("keratin: {}; training goes on\n", error.what());
    }
  }

  BackupAndRestoreOptions options_;
  std::string path_, before_;
  std::int64_t batches_ = 0;  // since the last backup
  std::unique_ptr<TrainingBackup> found_;
};

}  // namespace

BackupAndRestore::BackupAndRestore(const BackupAndRestoreOptions& options)
    : CallbackRef(std::make_shared<BackupAndRestoreCallback>(options)) {}

}  // namespace keratin::callbacks
