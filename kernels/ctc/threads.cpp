#include "kernels/ctc/ctc.h"
#include "kernels/ctc/sample.h"
#include "kernels/parallel.h"

namespace keratin::kernels::cpu {
namespace {

// A cell of the lattice is about ten units of work.
std::int64_t grain_of(const CtcShape& s) { return grain_for(10 * s.steps * (2 * s.labels + 1)); }

}  // namespace

template <class T>
void ctc_threads(const T* log_p, const std::int32_t* labels, T* loss, const CtcShape& s) {
  parallel_for(s.batch, grain_of(s), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t b = first; b < last; ++b)
      loss[b] = static_cast<T>(ctc::sample_of(b, log_p, labels, s).loss());
  });
}

template <class T>
void ctc_gradient_threads(const T* log_p, const std::int32_t* labels, const T* dloss, T* dlog_p,
                          const CtcShape& s) {
  parallel_for(s.batch, grain_of(s), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t b = first; b < last; ++b) {
      ctc::sample_of(b, log_p, labels, s)
          .gradient(static_cast<double>(dloss[b]), dlog_p + b * s.steps * s.classes);
    }
  });
}

#define KERATIN_INSTANTIATE(T)                                                   \
  template void ctc_threads(const T*, const std::int32_t*, T*, const CtcShape&); \
  template void ctc_gradient_threads(const T*, const std::int32_t*, const T*, T*, const CtcShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cpu
