#pragma once

#include <string>

#include "nn/callback.h"
#include "nn/callbacks/frequency.h"

namespace keratin::callbacks {

struct TensorBoardOptions {
  std::string log_dir = "logs";
  int histogram_freq = 0;  // epochs between histograms of all weights; 0: none
  bool write_graph = true;
  bool write_images = false;  // weights as images, as often as histograms
  bool write_steps_per_second = false;
  UpdateFrequency update_freq = "epoch";  // "batch", or a number of batches
  int profile_batch = 0;                  // not supported
  int embeddings_freq = 0;                // not supported
  std::string embeddings_metadata = {};   // not supported
};

/// Writes event files for TensorBoard, under log_dir/train and log_dir/validation; start it with
/// `tensorboard --logdir=logs`. Tags are Keras': epoch_loss, epoch_learning_rate ...; batch_loss ...
/// with an update_freq in batches; dense/kernel/histogram; evaluation_loss_vs_iterations; the model
/// as a graph. Images of weights are scaled to the range of their values; a convolution's kernels
/// are images where they have one or three input channels. Throws where training begins: ValueError
/// for options that are not supported, FileError for a folder that cannot be written. A folder that
/// disappears later is warned of, and training goes on.
class TensorBoard : public CallbackRef {
 public:
  explicit TensorBoard(const TensorBoardOptions& options = {});
};

}  // namespace keratin::callbacks
