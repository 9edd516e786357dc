#include "nn/callbacks/swap_ema_weights.h"

#include <fmt/format.h>

#include "nn/model/model.h"

namespace keratin::callbacks {
namespace {

class SwapEMAWeightsCallback final : public Callback {
 public:
  explicit SwapEMAWeightsCallback(const SwapEMAWeightsOptions& options) : options_(options) {}

  bool reads_batch_logs() const override { return false; }
  void on_train_begin(Logs&) override { optimizer(); }
  void on_epoch_begin(int, Logs&) override { averages_in_model(false); }
  void on_epoch_end(int, Logs&) override { averages_in_model(options_.swap_on_epoch); }
  void on_test_begin(Logs&) override { averages_in_model(true); }
  void on_test_end(Logs&) override { averages_in_model(false); }
  void on_predict_begin(Logs&) override { averages_in_model(true); }
  void on_predict_end(Logs&) override { averages_in_model(false); }
  void on_train_interrupted() override {
    detail::Optimizer& one = *model().optimizer().impl();
    if (one.averages_in_model()) one.swap_averages();
  }

  // A backup at the end of an epoch may have the averages in the model.
  void state(Fields& f) override {
    bool swapped = optimizer().averages_in_model();
    f("swapped", swapped);
    if (f.reading()) optimizer().note_averages_in_model(swapped);
  }

 private:
  detail::Optimizer& optimizer() const {
    detail::Optimizer& one = *model().optimizer().impl();
    if (one.settings().use_ema) return one;
    throw ValueError(
        fmt::format("SwapEMAWeights: the optimizer, {}, keeps no averages; expected one with "
                    ".use_ema = true",
                    one.settings().name));
  }
  void averages_in_model(bool wanted) const {
    detail::Optimizer& one = optimizer();
    if (one.averages_in_model() != wanted) one.swap_averages();
  }

  SwapEMAWeightsOptions options_;
};

}  // namespace

SwapEMAWeights::SwapEMAWeights(const SwapEMAWeightsOptions& options)
    : CallbackRef(std::make_shared<SwapEMAWeightsCallback>(options)) {}

}  // namespace keratin::callbacks
