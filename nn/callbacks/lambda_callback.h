#pragma once

#include <cstdint>
#include <functional>

#include "nn/callback.h"

namespace keratin::callbacks {

struct LambdaCallbackOptions {
  std::function<void(int epoch, Logs&)> on_epoch_begin = {};
  std::function<void(int epoch, Logs&)> on_epoch_end = {};
  std::function<void(Logs&)> on_train_begin = {};
  std::function<void(Logs&)> on_train_end = {};
  std::function<void(std::int64_t batch, Logs&)> on_train_batch_begin = {};
  std::function<void(std::int64_t batch, Logs&)> on_train_batch_end = {};
};

/// A callback of a few functions.
///
///     LambdaCallback({.on_epoch_end = [](int epoch, const Logs& logs) { ... }})
class LambdaCallback : public CallbackRef {
 public:
  explicit LambdaCallback(LambdaCallbackOptions options);
};

}  // namespace keratin::callbacks
