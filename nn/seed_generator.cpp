#include "nn/seed_generator.h"

#include "tensor/recording.h"

namespace keratin {

RandomStream SeedGenerator::next() {
  if (auto* recording = detail::Recording::current())
    recording->refuse("draws random numbers on the CPU");
  return {seed_, count_.fetch_add(1, std::memory_order_relaxed)};
}

RandomStream SeedGenerator::next_on(Device device) {
  detail::Recording* const recording = detail::Recording::current();
  if (recording == nullptr || device.is_cpu()) return next();
  const std::uint64_t earlier = recording->next_number(this);  // draws in the same step
  const void* const stream =
      recording->words(1, [this, earlier](std::uint64_t* word) { *word = count() + earlier; });
  detail::count_each_run([this] { count_.fetch_add(1, std::memory_order_relaxed); });
  return {seed_, 0, static_cast<const std::uint64_t*>(stream)};
}

}  // namespace keratin
