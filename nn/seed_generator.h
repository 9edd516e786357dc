#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "tensor/random.h"

namespace keratin {

/// Where a layer's random numbers come from: a seed of its own and how often it has drawn. Each
/// draw gets a stream that no other draw of this layer has, so the same run has the same numbers on
/// any number of threads, and setting the count back repeats it.
class SeedGenerator {
 public:
  /// Not given: drawn from the global seed, so that set_random_seed decides it.
  explicit SeedGenerator(std::optional<std::int64_t> seed = {})
      : seed_(seed ? static_cast<std::uint64_t>(*seed) : next_random_seed()) {}

  /// The next draw's stream. May be called from several threads; which gets which is then chance.
  RandomStream next();
  /// The same for numbers that are drawn on this device: of a step that is recorded to be done again,
  /// the one of each run. A Recording refuses the other.
  RandomStream next_on(Device device);

  std::uint64_t seed() const { return seed_; }
  /// How many streams were given out: with the seed all there is to save.
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  void restore(std::uint64_t seed, std::uint64_t count) {
    seed_ = seed;
    count_.store(count, std::memory_order_relaxed);
  }

 private:
  std::uint64_t seed_;
  std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace keratin
