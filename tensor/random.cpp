#include "tensor/random.h"

#include <fmt/format.h>

#include <cmath>
#include <mutex>
#include <random>

#include "kernels/device_run.h"
#include "kernels/random/random.h"
#include "tensor/cast.h"
#include "tensor/recording.h"

namespace keratin {
namespace {

struct Generator {
  std::mutex mutex;
  std::uint64_t seed;
  std::uint64_t used = 0;

  Generator() {
    std::random_device device;
    seed = (std::uint64_t{device()} << 32) ^ device();
  }
};
Generator& generator() {
  static Generator instance;
  return instance;
}

// Streams of the process-wide generator are kept apart from those of somebody's own seed, which
// count from 0.
constexpr std::uint64_t kGlobalStreams = std::uint64_t{1} << 63;

Tensor filled(const char* what, const Shape& shape, DType dtype, kernels::RandomShape request,
              RandomStream stream, Device device) {
  if (dtype == bfloat16)
    return cast(filled(what, shape, float32, request, stream, device), bfloat16);
  Tensor x = Tensor::empty(shape, dtype, device);
  request.size = x.size();
  request.key = {stream.seed, stream.stream, stream.shift};
  dispatch_floats(what, dtype, [&]<class T> {
    kernels::run(x.stream(), kernels::random_ladder<T>, x.mutable_on_device<T>(), request);
  });
  return x;
}

}  // namespace

void set_random_seed(std::uint64_t seed) {
  const std::lock_guard lock(generator().mutex);
  generator().seed = seed;
  generator().used = 0;
}

std::uint64_t random_seed() {
  const std::lock_guard lock(generator().mutex);
  return generator().seed;
}

RandomState random_state() {
  const std::lock_guard lock(generator().mutex);
  return {generator().seed, generator().used};
}

void restore_random_state(RandomState state) {
  const std::lock_guard lock(generator().mutex);
  generator().seed = state.seed;
  generator().used = state.used;
}

RandomStream next_random_stream() {
  if (auto* recording = detail::Recording::current())
    recording->refuse("draws from the random numbers of the whole process");
  const std::lock_guard lock(generator().mutex);
  return {generator().seed, kGlobalStreams + generator().used++};
}

std::uint64_t next_random_seed() {
  const RandomStream stream = next_random_stream();
  const auto words = kernels::philox({stream.seed, stream.stream}, 0);
  return (std::uint64_t{words[0]} << 32) | words[1];
}

Tensor randn(const Shape& shape, DType dtype) { return randn(shape, dtype, next_random_stream()); }
Tensor random_uniform(const Shape& shape, double low, double high, DType dtype) {
  return random_uniform(shape, low, high, dtype, next_random_stream());
}

Tensor randn(const Shape& shape, DType dtype, RandomStream stream, Device device) {
  return filled("randn", shape, dtype,
                {.distribution = kernels::Distribution::normal, .size = 0, .key = {}}, stream,
                device);
}

Tensor random_uniform(const Shape& shape, double low, double high, DType dtype, RandomStream stream,
                      Device device) {
  if (!(low <= high) || !std::isfinite(high - low)) {
    throw ValueError(fmt::format(
        "random_uniform: from {} to {}; expected finite numbers, low <= high", low, high));
  }
  return filled("random_uniform", shape, dtype,
                {.distribution = kernels::Distribution::uniform,
                 .size = 0,
                 .key = {},
                 .low = low,
                 .high = high},
                stream, device);
}

Tensor random_truncated_normal(const Shape& shape, DType dtype, RandomStream stream,
                               Device device) {
  return filled("random_truncated_normal", shape, dtype,
                {.distribution = kernels::Distribution::truncated_normal, .size = 0, .key = {}},
                stream, device);
}

}  // namespace keratin
