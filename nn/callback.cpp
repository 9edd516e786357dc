#include "nn/callback.h"

#include "kernels/error.h"

namespace keratin {

void Callback::on_train_begin(Logs&) {}
void Callback::on_train_end(Logs&) {}
void Callback::on_epoch_begin(int, Logs&) {}
void Callback::on_epoch_end(int, Logs&) {}
void Callback::on_train_batch_begin(std::int64_t, Logs&) {}
void Callback::on_train_batch_end(std::int64_t, Logs&) {}
void Callback::on_test_begin(Logs&) {}
void Callback::on_test_end(Logs&) {}
void Callback::on_test_batch_begin(std::int64_t, Logs&) {}
void Callback::on_test_batch_end(std::int64_t, Logs&) {}
void Callback::on_predict_begin(Logs&) {}
void Callback::on_predict_end(Logs&) {}
void Callback::on_predict_batch_begin(std::int64_t, Logs&) {}
void Callback::on_predict_batch_end(std::int64_t, Logs&) {}

Model& Callback::model() const {
  if (model_ == nullptr) {
    throw ValueError("callback: has no model yet; use model() in hooks, once fit runs");
  }
  return *model_;
}

namespace detail {

CallbackList::CallbackList(const std::vector<CallbackRef>& callbacks, Model& model,
                           const CallbackParams& params)
    : model_(model), params_(params) {
  for (const CallbackRef& one : callbacks) {
    if (one.callback() == nullptr) {
      throw ValueError("callbacks: one of the handles given was never set");
    }
  }
  for (const CallbackRef& one : callbacks) add(one.callback());
}

void CallbackList::add(std::shared_ptr<Callback> callback) {
  callback->start(model_, params_);
  callbacks_.push_back(std::move(callback));
}

}  // namespace detail
}  // namespace keratin
