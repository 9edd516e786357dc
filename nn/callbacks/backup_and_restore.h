#pragma once

#include <string>

#include "nn/callback.h"
#include "nn/callbacks/frequency.h"

namespace keratin::callbacks {

struct BackupAndRestoreOptions {
  std::string backup_dir = {};  // required; made where it is missing
  Frequency save_freq = "epoch";
  bool double_checkpoint = false;  // keep the backup before the last one too
  bool delete_checkpoint = true;   // once training has ended
};

/// Training that survives being killed: a backup after each epoch, or every so many batches, from
/// which the same program, started again, goes on. It then ends with the same weights, bit for bit,
/// as one that was never interrupted.
///
/// The backup holds weights, optimizer, epoch and batch, the place in the data, all generators of
/// random numbers, metrics, History, and what callbacks keep (Callback::state). It replaces the one
/// before in one go, so that there is a whole one at any moment. Training that ends by an error of
/// a callback or by Ctrl-C is backed up first. Data must come in the same order again: from tensors,
/// or from datasets whose shuffle has a seed. A backup that cannot be written is warned of, and
/// training goes on. Throws where training begins: FileError for a folder that cannot be written,
/// or a backup that is broken, of another model or of other data.
class BackupAndRestore : public CallbackRef {
 public:
  explicit BackupAndRestore(const BackupAndRestoreOptions& options);
};

}  // namespace keratin::callbacks
