#include <fmt/format.h>

#include "kernels/reduce/matches.h"
#include "kernels/reduce/reduce.h"

namespace keratin::kernels {

std::string MatchesShape::text() const { return fmt::format("[{}, {}]", rows, classes); }

namespace cpu {

template <class I>
void matches_reference(const float* x, const I* labels, float* count, const MatchesShape& s) {
  count[0] = 0;
  for (std::int64_t r = 0; r < s.rows; ++r) {
    std::int64_t best = 0;
    arg_reduce_reference(x + r * s.classes, &best, ArgReduceShape{true, 1, s.classes, 1});
    if (best == static_cast<std::int64_t>(labels[r])) count[0] += 1;
  }
}

#define KERATIN_INSTANTIATE(I) \
  template void matches_reference(const float*, const I*, float*, const MatchesShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(std::uint8_t)
KERATIN_INSTANTIATE(std::int32_t)
KERATIN_INSTANTIATE(std::int64_t)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
