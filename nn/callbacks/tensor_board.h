#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nn/callback.h"
#include "nn/callbacks/frequency.h"

namespace keratin::callbacks {

/// A hyperparameter's value: a truth value, a number or a text.
class HParam {
 public:
  HParam(bool value) : value_(value) {}
  template <class T>
  requires std::integral<T> || std::floating_point<T> HParam(T value)
      : value_(static_cast<double>(value)) {}
  HParam(const char* value) : value_(std::string(value)) {}
  HParam(std::string value) : value_(std::move(value)) {}
  const std::variant<bool, double, std::string>& value() const { return value_; }

 private:
  std::variant<bool, double, std::string> value_;
};

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
  // Not of Keras:
  bool write_inputs = false;     // the samples of the first batch as images
  bool write_gradients = false;  // histograms of gradients, as often as those of weights
  std::vector<std::pair<std::string, HParam>> hparams = {};  // for the hparams page
};

/// Writes event files for TensorBoard, under log_dir/train and log_dir/validation; start it with
/// `tensorboard --logdir=logs`. Tags are Keras': epoch_loss, epoch_learning_rate ...; batch_loss ...
/// with an update_freq in batches; dense/kernel/histogram; evaluation_loss_vs_iterations; the model
/// as a graph. Images of weights are scaled to the range of their values; a convolution's kernels
/// are images where they have one or three input channels. With write_gradients there are histograms
/// of an epoch's last gradients, before clipping, under dense/kernel/gradient/histogram.
///
/// With write_inputs the first samples of the first batch are images too, under the name of the
/// input, where they are [height, width] or [height, width, 1, 3 or 4]: numbers from 0 to 1 or from
/// 0 to 255 as they are, others scaled to their range. With hparams, such as {{"units", 32},
/// {"optimizer", "adam"}, {"augment", true}}, a training is a session of the hparams page, in
/// log_dir itself; give each training a log_dir of its own (logs/1, logs/2 ...) to compare them. The
/// page finds the experiment, its hyperparameters and metrics, from the sessions there are, unless
/// hparams_config() says more of it. Throws where training begins: ValueError for options that are
/// not supported, a hyperparameter without a name or of a name given twice, FileError for a folder
/// that cannot be written. A folder that disappears later is warned of, and training goes on.
class TensorBoard : public CallbackRef {
 public:
  explicit TensorBoard(const TensorBoardOptions& options = {});
};

}  // namespace keratin::callbacks
