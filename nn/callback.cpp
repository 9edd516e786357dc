#include "nn/callback.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <typeinfo>

#include "nn/callbacks/after_interrupt.h"
#include "nn/inspect/terminal.h"
#include "nn/layer.h"

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

void Callback::state(Fields&) {}

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
  const auto is_last = [](const std::shared_ptr<Callback>& one) { return one->runs_last(); };
  const auto place = callback->runs_last()
                         ? callbacks_.end()
                         : std::find_if(callbacks_.begin(), callbacks_.end(), is_last);
  callbacks_.insert(place, std::move(callback));
}

bool CallbackList::read_batch_logs() const {
  return std::any_of(callbacks_.begin(), callbacks_.end(),
                     [](const auto& callback) { return callback->reads_batch_logs(); });
}

std::string name_of(const Callback& callback) {
  std::string name = class_name_of(typeid(callback));
  constexpr std::string_view kOwn = "Callback";  // EarlyStopping's is EarlyStoppingCallback
  if (name.size() > kOwn.size() && name.ends_with(kOwn)) name.resize(name.size() - kOwn.size());
  return name;
}

namespace {

// The error in flight with a text in front.
[[noreturn]] void rethrow_with(const std::string& front) {
  try {
    throw;
  } catch (const ShapeError& error) {
    throw ShapeError(front + error.what());
  } catch (const DTypeError& error) {
    throw DTypeError(front + error.what());
  } catch (const DeviceError& error) {
    throw DeviceError(front + error.what());
  } catch (const ValueError& error) {
    throw ValueError(front + error.what());
  } catch (const FileError& error) {
    throw FileError(front + error.what());
  } catch (const std::exception& error) {
    std::throw_with_nested(CallbackError(front + error.what()));
  }
}

}  // namespace

void CallbackList::each(const char* hook, kernels::FunctionRef<void(Callback&)> f) const {
  for (const auto& callback : callbacks_) {
    try {
      f(*callback);
    } catch (const std::exception&) {
      rethrow_with(fmt::format("{}, {}: ", name_of(*callback), hook));
    }
  }
}

void CallbackList::interrupt() const {
  const auto call_each = [&](auto&& f) {
    for (const auto& callback : callbacks_) {
      try {
        f(*callback);
      } catch (const std::exception& error) {
        detail::warn("keratin: {}: {}\n", name_of(*callback), error.what());
      }
    }
  };
  call_each([](Callback& callback) { callback.on_train_interrupted(); });
  call_each([](Callback& callback) {
    if (auto* slow = dynamic_cast<AfterInterrupt*>(&callback)) slow->after_interrupt();
  });
}

}  // namespace detail
}  // namespace keratin
