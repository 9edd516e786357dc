#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "nn/model/model.h"
#include "tensor/random.h"

namespace keratin {
class SeedGenerator;
}

namespace keratin::detail {

/// Puts back, when it goes, what a pass through a model changes beside gradients: random generators,
/// and weights such as moving averages.
class RestoredState {
 public:
  explicit RestoredState(const Model& model);
  ~RestoredState();
  RestoredState(const RestoredState&) = delete;
  RestoredState& operator=(const RestoredState&) = delete;

  /// A pass has been made since: as it was before the one before that.
  void rewind_pass();

 private:
  struct Generator {
    SeedGenerator* seeds;
    std::uint64_t seed, count, drawn = 0;
  };
  // To where it was `passes` passes before this was made; never below nothing.
  void restore_random(std::uint64_t passes);
  void restore_weights();

  std::vector<Generator> generators_;
  RandomState random_;
  std::uint64_t drawn_ = 0;
  std::vector<std::pair<Variable, Tensor>> weights_;
};

}  // namespace keratin::detail
