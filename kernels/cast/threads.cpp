#include "kernels/cast/cast.h"
#include "kernels/cast/convert.h"
#include "kernels/parallel.h"

namespace keratin::kernels::cpu {

template <class From, class To>
void cast_threads(const From* x, To* y, const CastShape& s) {
  parallel_for(s.size, 65536, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) y[i] = convert<To>(x[i]);
  });
}

#define KERATIN_INSTANTIATE(From, To) \
  template void cast_threads(const From*, To*, const CastShape&);
KERATIN_FOR_EACH_CAST(KERATIN_INSTANTIATE)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cpu
