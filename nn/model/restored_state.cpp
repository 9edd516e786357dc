#include "nn/model/restored_state.h"

#include <algorithm>

#include "nn/seed_generator.h"

namespace keratin::detail {

RestoredState::RestoredState(const Model& model) : random_(random_state()) {
  for (Layer* layer : all_layers(model.layer().get())) {
    if (SeedGenerator* seeds = layer->seed_generator()) {
      generators_.push_back({seeds, seeds->seed(), seeds->count()});
    }
    for (const Weight& weight : layer->own_weights()) {
      if (!weight.trainable) weights_.emplace_back(weight.variable, weight.variable.value().copy());
    }
  }
}

RestoredState::~RestoredState() {
  restore_random(0);
  restore_weights();
}

void RestoredState::rewind_pass() {
  restore_weights();
  for (Generator& one : generators_) one.drawn = one.seeds->count() - one.count;
  const RandomState now = random_state();
  drawn_ = now.seed == random_.seed ? now.used - random_.used : 0;
  restore_random(1);
}

void RestoredState::restore_random(std::uint64_t passes) {
  const auto back = [&](std::uint64_t count, std::uint64_t drawn) {
    return count - std::min(count, passes * drawn);
  };
  for (const Generator& one : generators_) {
    one.seeds->restore(one.seed, back(one.count, one.drawn));
  }
  restore_random_state({random_.seed, back(random_.used, drawn_)});
}

void RestoredState::restore_weights() {
  for (auto& [variable, value] : weights_) variable.assign(value);
}

}  // namespace keratin::detail
