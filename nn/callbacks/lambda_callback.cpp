#include "nn/callbacks/lambda_callback.h"

namespace keratin::callbacks {
namespace {

class Lambda final : public Callback {
 public:
  explicit Lambda(LambdaCallbackOptions options) : f_(std::move(options)) {}

  bool reads_batch_logs() const override { return f_.on_train_batch_end != nullptr; }
  void on_epoch_begin(int epoch, Logs& logs) override { call(f_.on_epoch_begin, epoch, logs); }
  void on_epoch_end(int epoch, Logs& logs) override { call(f_.on_epoch_end, epoch, logs); }
  void on_train_begin(Logs& logs) override { call(f_.on_train_begin, logs); }
  void on_train_end(Logs& logs) override { call(f_.on_train_end, logs); }
  void on_train_batch_begin(std::int64_t batch, Logs& logs) override {
    call(f_.on_train_batch_begin, batch, logs);
  }
  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    call(f_.on_train_batch_end, batch, logs);
  }

 private:
  template <class F, class... Args>
  static void call(const F& f, Args&&... args) {
    if (f) f(std::forward<Args>(args)...);
  }

  LambdaCallbackOptions f_;
};

}  // namespace

LambdaCallback::LambdaCallback(LambdaCallbackOptions options)
    : CallbackRef(std::make_shared<Lambda>(std::move(options))) {}

}  // namespace keratin::callbacks
