#include "kernels/parallel.h"
#include "kernels/random/element.h"

namespace keratin::kernels::cpu {

template <class T>
void random_threads(T* y, const RandomShape& s) {
  parallel_for(s.size, 2048, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) y[i] = random_element<T>(s, i);
  });
}
template void random_threads(float*, const RandomShape&);
template void random_threads(double*, const RandomShape&);

}  // namespace keratin::kernels::cpu
