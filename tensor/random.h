// Random numbers. All come from Philox, a counter-based generator: a number depends on (seed,
// stream, position) alone, so it is the same on any device and any number of threads.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace keratin {

/// Starts every generator of this process anew from one seed: initial weights, dropout, shuffling,
/// randn. Without it the seed comes from the system, and stands in the History of each training.
void set_random_seed(std::uint64_t seed);

/// The seed in force.
std::uint64_t random_seed();

/// All there is to save of the process-wide generator.
struct RandomState {
  std::uint64_t seed = 0;
  std::uint64_t used = 0;  // streams given out since the seed was set
};
RandomState random_state();
void restore_random_state(RandomState state);

/// One stream of random numbers.
struct RandomStream {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  const std::uint64_t* shift = nullptr;  // in a recorded step: see kernels::PhiloxKey
};

/// A stream that nobody has used since the seed was set.
RandomStream next_random_stream();

/// A seed for somebody's own generator, from the same source.
std::uint64_t next_random_seed();

/// Independent normal numbers of mean 0 and variance 1. f32 or f64.
Tensor randn(const Shape& shape, DType dtype = float32);
/// Independent numbers, uniform in [low, high). f32 or f64. Throws ValueError unless low <= high,
/// with a finite difference.
Tensor random_uniform(const Shape& shape, double low = 0, double high = 1, DType dtype = float32);

/// The same from a given stream, drawn on a device: uniform numbers are those of the CPU to the
/// bit, normal ones to the last places of its logarithm and cosine.
Tensor randn(const Shape& shape, DType dtype, RandomStream stream, Device device = {});
Tensor random_uniform(const Shape& shape, double low, double high, DType dtype, RandomStream stream,
                      Device device = {});
/// Normal numbers redrawn until they lie within two standard deviations of 0.
Tensor random_truncated_normal(const Shape& shape, DType dtype, RandomStream stream,
                               Device device = {});

}  // namespace keratin
