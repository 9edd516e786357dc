#include "kernels/cast/cast.h"

#include "bench/harness.h"

namespace keratin::bench {
namespace {

template <class From, class To>
bool add_cast() {
  return add_ladder(kernels::cast_ladder<From, To>, {{4096 * 1024}},
                    [](Buffers& b, const kernels::CastShape& s) {
                      return std::tuple(b.input<From>(s.size), b.output<To>(s.size));
                    });
}

// Images on their way in and out, labels, masks; mixed precision.
const bool cast_rows = add_cast<std::uint8_t, float>() && add_cast<float, std::uint8_t>() &&
                       add_cast<std::int64_t, float>() && add_cast<float, std::int32_t>() &&
                       add_cast<float, double>() && add_cast<float, bool>() &&
                       add_cast<float, kernels::BFloat16>() && add_cast<kernels::BFloat16, float>();

}  // namespace
}  // namespace keratin::bench
