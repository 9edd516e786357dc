#include "kernels/processor.h"

#include <doctest/doctest.h>
#include <hwy/highway.h>

using keratin::kernels::processor_warning;

#if HWY_ARCH_X86
TEST_CASE("processor: a warning without AVX2, none with it") {
  hwy::SetSupportedTargetsForTest(HWY_SSE4 | HWY_SSSE3);
  CHECK(processor_warning().find("no AVX2") != std::string::npos);
  hwy::SetSupportedTargetsForTest(HWY_AVX2 | HWY_SSE4 | HWY_SSSE3);
  CHECK(processor_warning() == "");
  hwy::SetSupportedTargetsForTest(HWY_AVX3);
  CHECK(processor_warning() == "");
  hwy::SetSupportedTargetsForTest(0);  // what this processor has
}
#endif
