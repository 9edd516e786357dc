// All that a training needs to go on exactly where it stood, in one file.
#pragma once

#include <memory>
#include <string>

#include "data/bytes.h"
#include "nn/model/fit_progress.h"
#include "nn/model/model.h"

namespace keratin::saving {

/// A backup that was read. The file is a ZIP archive: state.json, and the tensors in
/// model.weights.h5 (weights and optimizer) and state.h5 (metrics and callbacks).
class TrainingBackup {
 public:
  /// Writes weights, optimizer, progress, history, metrics, callbacks and all generators of random
  /// numbers; what was there before is replaced in one go. Throws FileError.
  static void write(const std::string& path, Model& model, const detail::FitProgress& progress);

  /// Throws FileError for what is no backup, or broken.
  explicit TrainingBackup(const std::string& path);
  ~TrainingBackup();

  int epoch() const;           // under way, or next
  std::int64_t batch() const;  // batches of it that were done
  /// Makes model, progress, callbacks and generators what they were. Throws FileError, before
  /// anything is changed, where the backup is of another model, or of data with other batches;
  /// callbacks that it does not know start anew, with a warning.
  void apply(Model& model, detail::FitProgress& progress) const;

 private:
  void restore_callbacks(detail::FitProgress& progress) const;

  struct Contents;
  std::string where_;
  std::unique_ptr<Contents> contents_;
};

}  // namespace keratin::saving
