#include "nn/model/step_graphs.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "autograd/shadow.h"
#include "kernels/choice_version.h"
#include "kernels/device_run.h"
#include "nn/gradient_watch.h"
#include "nn/model/model_layer.h"
#include "nn/model/resident.h"
#include "nn/output_watch.h"
#include "nn/seed_generator.h"

namespace keratin::detail {
namespace {

// f(tensor, its namesake of the other batch); false where the batches differ in shape.
template <class F>
bool for_both(const Example& a, const Example& b, F f) {
  for (const Tensors Example::*part : {&Example::x, &Example::y, &Example::sample_weight}) {
    const auto &left = (a.*part).entries(), &right = (b.*part).entries();
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i].first != right[i].first || !f(left[i].second, right[i].second)) return false;
    }
  }
  return true;
}

bool same_specs(const Example& a, const Example& b) {
  return for_both(a, b, [](const Tensor& x, const Tensor& y) { return x.spec() == y.spec(); });
}

void copy_batch(const Example& to, const Example& from) {
  for_both(to, from, [](const Tensor& x, const Tensor& y) {
    Tensor(x).copy_from(y);
    return true;
  });
}

Example empty_like(const Example& batch) {
  const auto empty = [](const Tensor& x) { return Tensor::empty(x.spec()); };
  return {batch.x.map(empty), batch.y.map(empty), batch.sample_weight.map(empty)};
}

// What the optimizer does in its next step.
struct KindOfStep {
  unsigned kind = 0;
  bool once = false;  // something besides that it does not do again
};
KindOfStep kind_of_step(const Optimizer& optimizer) {
  const OptimizerSettings& o = optimizer.settings();
  const std::int64_t updates = optimizer.iterations();
  const auto is_due = [](std::int64_t done, std::optional<std::int64_t> every) {
    return every && (done + 1) % *every == 0;
  };
  KindOfStep next;
  next.once = o.use_ema && updates == 0;  // averages begin
  if (o.use_ema && is_due(updates, o.ema_overwrite_frequency)) next.kind += 1;
  if (o.gradient_accumulation_steps) {
    const std::int64_t steps = optimizer.built() ? optimizer.state()[0].item<std::int64_t>() : 0;
    if (is_due(steps, o.gradient_accumulation_steps)) next.kind += 2;
  }
  return next;
}

// Of a pass that was begun and is not finished: what it drew on the CPU, losses and gradients.
class UndonePass {
 public:
  explicit UndonePass(Layer* model) : model_(model) {
    for (Layer* layer : all_layers(model)) {
      if (SeedGenerator* const seeds = layer->seed_generator())
        drawn_.emplace_back(seeds, seeds->count());
    }
  }
  void undo() const {
    if (AddedLosses* const added = AddedLosses::current()) added->losses.clear();
    for (const auto& [seeds, count] : drawn_) seeds->restore(seeds->seed(), count);
    for (Layer* layer : all_layers(model_)) {
      for (const Weight& weight : layer->own_weights()) Variable(weight.variable).clear_grad();
    }
  }

 private:
  Layer* model_;
  std::vector<std::pair<SeedGenerator*, std::uint64_t>> drawn_;
};

}  // namespace

void StepGraphs::run(const Example& batch, const Step& step) {
  used_ = true;
  const bool watched = kernels::tracing() || !GradientWatch::all().empty() ||
                       OutputWatch::current() != nullptr;  // by somebody who wants to see it all
  if (!why_not_.empty()) shapes_.clear();
  if (!why_not_.empty() || watched) return step(batch);
  device_ = model_.model_device();
  if (device_.is_cpu()) return step(batch);
  if (std::string why = kernels::accelerator()->no_capture(); !why.empty()) {
    give_up(std::move(why));
    return step(batch);
  }
  refresh_shadows();  // a graph was recorded when they were right
  if (const std::uint64_t now = fingerprint(); now != fingerprint_) shapes_.clear();
  const KindOfStep next = kind_of_step(*model_.compiled->optimizer.impl());
  Captured* const one = captured_of(batch, next.kind);
  if (one == nullptr || next.once) {
    step(batch);
    fingerprint_ = fingerprint();  // weights are made in the first step
  } else if (one->pool == nullptr) {
    rehearse(*one, batch, step);
  } else if (!(one->graph == nullptr ? capture(*one, batch, step) : replay(*one, batch))) {
    step(batch);
  }
}

// nullptr: a shape that was not met before in steps of this kind.
StepGraphs::Captured* StepGraphs::captured_of(const Example& batch, unsigned kind) {
  const auto of_kind = [&](const auto& one) { return one->kind == kind; };
  for (const auto& one : shapes_)
    if (of_kind(one) && same_specs(one->fed, batch)) return one.get();
  if (std::count_if(shapes_.begin(), shapes_.end(), of_kind) == kMostShapes) {
    give_up(fmt::format("batches have more than {} shapes", kMostShapes));
  } else {
    shapes_.push_back(std::make_unique<Captured>());
    shapes_.back()->kind = kind;
    shapes_.back()->fed = empty_like(batch);
  }
  return nullptr;
}

void StepGraphs::take(Captured& one, const Example& batch) const {
  copy_batch(one.fed, batch);
  // Indices are checked on the CPU, where the data gave them.
  std::size_t next = 0;
  for_both(one.fed, *model_.given_batch, [&](const Tensor& there, const Tensor& here) {
    const bool index = there.dtype() == int32 || there.dtype() == int64;
    if (there.device().is_cpu() || !index || !here.device().is_cpu()) return true;
    if (one.ids.size() == next) one.ids.emplace_back(there, Tensor::empty(here.spec()));
    one.ids[next++].second.copy_from(here);
    return true;
  });
}

void StepGraphs::watch(Recording& recording, const Captured& one) {
  for_both(one.fed, one.fed, [&](const Tensor& x, const Tensor&) {
    if (x.device().is_cpu()) recording.watch(x);
    return true;
  });
  for (const auto& [there, here] : one.ids) {
    recording.watch(here);
    recording.note_origin(there, here);
  }
}

void StepGraphs::rehearse(Captured& one, const Example& batch, const Step& step) {
  kernels::Accelerator& gpu = *kernels::accelerator();
  if (!words_.defined()) words_ = Tensor::empty({Recording::kMostWords}, int64, device_);
  one.pool = gpu.make_pool(device_.index);
  one.kept = gpu.make_pool(device_.index);
  take(one, batch);
  Recording recording(Recording::Mode::rehearsal, words_, *one.kept);
  watch(recording, one);
  try {
    const kernels::AllocateFrom pool(*one.pool);
    step(one.fed);
    refresh_shadows();  // of weights that something else than the optimizer wrote last
  } catch (...) {
    recording.host_work().count();  // what came before is done
    give_up("a step failed");
    throw;
  }
  recording.host_work().count();
  if (!recording.refused().empty()) give_up(recording.refused());
}

bool StepGraphs::capture(Captured& one, const Example& batch, const Step& step) {
  kernels::Accelerator& gpu = *kernels::accelerator();
  const kernels::Stream stream = gpu.stream(device_.index);
  take(one, batch);
  const UndonePass pass(&model_);
  const auto abandon = [&](const std::string& why) {
    gpu.abandon_capture(stream);
    pass.undo();
    give_up(why);
  };
  {
    const kernels::AllocateFrom pool(*one.pool);
    Recording recording(Recording::Mode::capture, words_, *one.kept);
    watch(recording, one);
    gpu.begin_capture(stream);
    try {
      step(one.fed);
      refresh_shadows();
      one.graph = gpu.end_capture(stream);
    } catch (const kernels::CaptureError& error) {
      abandon(error.what());
    } catch (...) {
      abandon("a step failed");
      throw;
    }
    if (one.graph == nullptr) return false;
    recording.send_constants();
    one.host = std::move(recording.host_work());
  }
  launch(one);
  return true;
}

bool StepGraphs::replay(Captured& one, const Example& batch) {
  take(one, batch);
  try {
    one.host.compute();
  } catch (const kernels::CaptureError& error) {
    give_up(error.what());
    return false;
  }
  launch(one);
  return true;
}

void StepGraphs::launch(Captured& one) {
  one.host.send();
  one.graph->launch();
  one.host.count();
}

// Not the shapes: one of them may be in use.
void StepGraphs::give_up(std::string why) { why_not_ = std::move(why); }

void StepGraphs::refresh_shadows() const {
  for (Layer* layer : all_layers(&model_))
    for (const Weight& weight : layer->own_weights()) refresh_shadow(weight.variable);
}

std::uint64_t StepGraphs::fingerprint() const {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, a word at a time
  const auto add = [&](std::uint64_t word) { hash = (hash ^ word) * 0x100000001b3; };
  const auto add_address = [&](const void* at) { add(reinterpret_cast<std::uintptr_t>(at)); };
  add_address(model_.compiled.get());
  add(model_.resident == nullptr ? 0 : model_.resident->serial());
  add(kernels::kernel_choice_version());
  add(kernels::allow_tf32() ? 1 : 0);
  for (Layer* layer : all_layers(&model_)) {
    add_address(layer);
    add(layer->trainable() ? 1 : 0);
    add(static_cast<std::uint64_t>(layer->compute_dtype()));
    if (const SeedGenerator* const seeds = layer->seed_generator()) add(seeds->seed());
    for (const Weight& weight : layer->own_weights()) {
      add_address(weight.variable.value().address());
      add(weight.variable.requires_grad() ? 1 : 0);
    }
  }
  return hash;
}

}  // namespace keratin::detail
