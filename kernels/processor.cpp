#include "kernels/processor.h"

#include <hwy/highway.h>

namespace keratin::kernels {

std::string processor_warning() {
#if HWY_ARCH_X86
  constexpr auto kAvx2OrBetter = HWY_AVX2 | (HWY_AVX2 - 1);  // the better a set, the lower its bit
  if ((hwy::SupportedTargets() & kAvx2OrBetter) == 0) {
    return "keratin: this processor has no AVX2; kernels run on Highway's baseline, many times "
           "slower.";
  }
#endif
  return "";
}

}  // namespace keratin::kernels
