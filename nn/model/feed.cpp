#include "nn/model/feed.h"

#include <utility>

#include "kernels/accelerator.h"
#include "nn/model/model_layer.h"
#include "nn/model/resident.h"

namespace keratin::detail {
namespace {

// Of resident samples the numbers go to where these are.
template <class Move>
Example moved(ModelLayer& model, const Example& batch, const ResidentSamples* resident, Move move) {
  const auto floats_of = [&](const Tensors Example::*part) {
    const Tensors& tensors = batch.*part;
    std::int64_t number = 0;
    return tensors.map([&](const Tensor& x) {
      const std::int64_t at = number++;
      const bool goes = is_floating(x.dtype()) ||
                        (resident != nullptr &&
                         resident->holds(part, at, tensors.named() ? tensors.name(at) : ""));
      return goes ? move(x) : x;
    });
  };
  std::int64_t next = 0;
  return {batch.x.map([&](const Tensor& x) {
            const std::int64_t input = next++;
            const std::string name = batch.x.named() ? batch.x.name(input) : std::string();
            return model.stays_on_cpu(x, input, name) ? x : move(x);
          }),
          floats_of(&Example::y), floats_of(&Example::sample_weight)};
}

}  // namespace

Example where_model_is(ModelLayer& model, const Example& batch) {
  const Device there = model.model_device();
  if (there.is_cpu()) return batch;
  return moved(model, batch, nullptr, [&](const Tensor& x) { return x.to(there); });
}

Example FedBatch::samples() const { return resident == nullptr ? given : resident->given(given); }

BatchFeed::BatchFeed(ModelLayer& model, Pull pull) : model_(model), pull_(std::move(pull)) {}

BatchFeed::~BatchFeed() {
  try {
    meet();  // buffers are freed in the order of what is computed
  } catch (const std::exception&) {
    // An error of the GPU, which whatever uses it next reports.
  }
}

void BatchFeed::meet() const {
  if (device_.is_cpu()) return;
  kernels::Accelerator& gpu = *kernels::accelerator();
  const kernels::Stream compute = gpu.stream(device_.index), copy = gpu.copy_stream(device_.index);
  gpu.order(copy, compute);
  gpu.order(compute, copy);
}

Tensor BatchFeed::sent(const Tensor& x, std::size_t number) {
  std::vector<Tensor>& buffers = buffers_[turn_];
  if (buffers.size() <= number) buffers.resize(number + 1);
  Tensor& there = buffers[number];
  const Spec wanted{x.shape(), x.dtype(), device_};
  kernels::Accelerator& gpu = *kernels::accelerator();
  const kernels::Stream copy = gpu.copy_stream(device_.index);
  if (!there.defined() || there.spec() != wanted || !there.is_unique()) {
    there = Tensor::empty(wanted);
    gpu.order(gpu.stream(device_.index), copy);  // memory is there in the order of what is computed
  }
  if (x.size() > 0) gpu.to_gpu(there.address(), x.raw(), static_cast<std::size_t>(x.bytes()), copy);
  there.mark_changed();
  return there;
}

std::optional<FedBatch> BatchFeed::pulled() {
  Resident resident;
  std::optional<Example> given = pull_(resident);
  if (!given) return {};
  device_ = model_.model_device();
  if (device_.is_cpu() || (resident == nullptr && !model_.takes_fed))
    return FedBatch{*given, *given};
  turn_ = 1 - turn_;
  std::size_t number = 0;
  Example fed = moved(model_, *given, resident.get(), [&](const Tensor& x) {
    const std::size_t place = number++;
    return x.device().is_cpu() ? sent(x, place) : x.to(device_);
  });
  return FedBatch{std::move(*given), std::move(fed), std::move(resident)};
}

std::optional<FedBatch> BatchFeed::next() {
  if (failed_) std::rethrow_exception(std::exchange(failed_, nullptr));
  std::optional<FedBatch> batch =
      std::exchange(pulled_ahead_, false) ? std::exchange(ahead_, std::nullopt) : pulled();
  if (batch) meet();
  return batch;
}

void BatchFeed::send_ahead() {
  if (device_.is_cpu() || pulled_ahead_ || failed_) return;
  try {
    ahead_ = pulled();
    pulled_ahead_ = true;
  } catch (...) {
    failed_ = std::current_exception();
  }
}

}  // namespace keratin::detail
