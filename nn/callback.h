#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/error.h"
#include "kernels/function_ref.h"
#include "nn/fields.h"
#include "tensor/named.h"

namespace keratin {

class Model;

/// What a callback may want to know about the run it is part of.
struct CallbackParams {
  int verbose = 1;
  int epochs = 1;
  std::optional<std::int64_t> steps = {};  // a pass; none where it is not known
  bool validation = false;                 // will fit validate?
};

/// The class to derive a callback of one's own from: override what is needed. Make it with
/// make_callback<T>(...). Callbacks run in the order in which they are given, History and the
/// progress bar after them; what a hook adds to `logs`, later callbacks and History see. An
/// exception ends the training; its text is preceded by the callback and the hook.
///
/// Epochs and batches count from 0. Logs are sorted by name: in the batch hooks of training the
/// running results, in on_epoch_end those of the epoch and of validation ("val_loss" ...), in
/// on_train_end those of the last epoch.
class Callback {
 public:
  Callback() = default;
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  virtual ~Callback() = default;

  virtual void on_train_begin(Logs& logs);
  virtual void on_train_end(Logs& logs);
  virtual void on_epoch_begin(int epoch, Logs& logs);
  virtual void on_epoch_end(int epoch, Logs& logs);
  virtual void on_train_batch_begin(std::int64_t batch, Logs& logs);
  virtual void on_train_batch_end(std::int64_t batch, Logs& logs);
  // Of evaluate, and of the validation in fit, before on_epoch_end.
  virtual void on_test_begin(Logs& logs);
  virtual void on_test_end(Logs& logs);
  virtual void on_test_batch_begin(std::int64_t batch, Logs& logs);
  virtual void on_test_batch_end(std::int64_t batch, Logs& logs);
  virtual void on_predict_begin(Logs& logs);
  virtual void on_predict_end(Logs& logs);
  virtual void on_predict_batch_begin(std::int64_t batch, Logs& logs);
  virtual void on_predict_batch_end(std::int64_t batch, Logs& logs);

  /// What a backup of the training holds of this callback, written or set: numbers, texts and
  /// tensors that change from hook to hook. Nothing by default.
  virtual void state(Fields& f);
  /// Training ends early: a hook threw, or the process was told to stop. No other hook follows.
  virtual void on_train_interrupted() {}
  /// Will the hook at the end of the batch under way read its logs? A model on a GPU keeps them
  /// there while no callback does, and shows those that were read last.
  virtual bool reads_batch_logs() const { return true; }
  /// Do its hooks run after those of all others, History's too?
  virtual bool runs_last() const { return false; }

  /// Called before all others.
  void start(Model& model, const CallbackParams& params) {
    model_ = &model;
    params_ = params;
  }

 protected:
  /// The model that is trained, evaluated or asked. Throws ValueError before it began.
  Model& model() const;
  const CallbackParams& params() const { return params_; }

 private:
  Model* model_ = nullptr;
  CallbackParams params_;
};

/// A handle to a callback.
class CallbackRef {
 public:
  CallbackRef() = default;  // none
  explicit CallbackRef(std::shared_ptr<Callback> callback) : callback_(std::move(callback)) {}
  const std::shared_ptr<Callback>& callback() const { return callback_; }

 private:
  std::shared_ptr<Callback> callback_;
};
template <std::derived_from<Callback> T, class... Args>
CallbackRef make_callback(Args&&... args) {
  return CallbackRef(std::make_shared<T>(std::forward<Args>(args)...));
}

/// What a hook threw that is no error of keratin's: that one is nested in it.
class CallbackError : public Error {
 public:
  using Error::Error;
};

namespace detail {

/// Its class, for messages and backups.
std::string name_of(const Callback& callback);

/// The callbacks of one run, called together.
class CallbackList {
 public:
  /// Throws ValueError for a handle that was never set.
  CallbackList(const std::vector<CallbackRef>& callbacks, Model& model,
               const CallbackParams& params);
  void add(std::shared_ptr<Callback> callback);
  const std::vector<std::shared_ptr<Callback>>& all() const { return callbacks_; }
  bool read_batch_logs() const;

  /// Calls a hook of each. What one throws is thrown on with the names of callback and hook in
  /// front: keratin's errors as what they are, others as a CallbackError with theirs nested in it.
  void call(const char* name, void (Callback::*hook)(Logs&), Logs& logs) const {
    each(name, [&](Callback& callback) { (callback.*hook)(logs); });
  }
  /// Hooks that are told which epoch or batch it is.
  template <std::integral T>
  void call(const char* name, void (Callback::*hook)(T, Logs&), std::type_identity_t<T> number,
            Logs& logs) const {
    each(name, [&](Callback& callback) { (callback.*hook)(number, logs); });
  }
  /// on_train_interrupted of each; what they throw is warned of.
  void interrupt() const;

 private:
  void each(const char* hook, kernels::FunctionRef<void(Callback&)> f) const;

  std::vector<std::shared_ptr<Callback>> callbacks_;
  Model& model_;
  CallbackParams params_;
};

}  // namespace detail
}  // namespace keratin
