#include <fmt/format.h>

#include "kernels/cast/cast.h"
#include "kernels/cast/convert.h"

namespace keratin::kernels {

std::string CastShape::text() const { return fmt::format("[{}]", size); }

namespace cpu {

template <class From, class To>
void cast_reference(const From* x, To* y, const CastShape& s) {
  for (std::int64_t i = 0; i < s.size; ++i) y[i] = convert<To>(x[i]);
}

#define KERATIN_INSTANTIATE(From, To) \
  template void cast_reference(const From*, To*, const CastShape&);
KERATIN_FOR_EACH_CAST(KERATIN_INSTANTIATE)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
