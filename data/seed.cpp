#include "data/seed.h"

#include <random>

namespace keratin::data {

std::uint64_t next_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace keratin::data
