#include "kernels/cast/cast.h"
#include "kernels/cast/convert.h"
#include "kernels/parallel.h"

namespace keratin::kernels::cpu {

namespace {

// Bytes could lie anywhere, even over the pointers: only of copies that nobody else holds does the
// compiler know that a store leaves them alone.
template <class From, class To>
void cast_range(const From* __restrict x, To* __restrict y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = convert<To>(x[i]);
}

}  // namespace

template <class From, class To>
void cast_threads(const From* x, To* y, const CastShape& s) {
  parallel_for(s.size, 65536, [&](std::int64_t first, std::int64_t last) {
    cast_range(x + first, y + first, last - first);
  });
}

#define KERATIN_INSTANTIATE(From, To) \
  template void cast_threads(const From*, To*, const CastShape&);
KERATIN_FOR_EACH_CAST(KERATIN_INSTANTIATE)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cpu
