#include "nn/callbacks/terminate_on_nan.h"

#include <fmt/format.h>

#include <cmath>

#include "nn/inspect/terminal.h"
#include "nn/model/model.h"
#include "nn/model/model_layer.h"

namespace keratin::callbacks {
namespace {

class TerminateOnNaNCallback final : public Callback {
 public:
  explicit TerminateOnNaNCallback(const TerminateOnNaNOptions& options) : options_(options) {}

  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    const double* loss = logs.find("loss");
    if (loss == nullptr || std::isfinite(*loss)) return;
    if (options_.raise_error) {
      const double shown = std::isnan(*loss) ? std::fabs(*loss) : *loss;  // a NaN without its sign
      throw ValueError(fmt::format("TerminateOnNaN: the loss of batch {} is {}: {}", batch, shown,
                                   detail::model_state(model()).not_finite));
    }
    detail::write_stdout(fmt::format("\nBatch {}: Invalid loss, terminating training\n", batch));
    model().stop_training();
  }

 private:
  TerminateOnNaNOptions options_;
};

}  // namespace

TerminateOnNaN::TerminateOnNaN(const TerminateOnNaNOptions& options)
    : CallbackRef(std::make_shared<TerminateOnNaNCallback>(options)) {}

}  // namespace keratin::callbacks
