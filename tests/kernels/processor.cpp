#include "kernels/processor.h"

#include <doctest/doctest.h>
#include <hwy/highway.h>

#include <fstream>
#include <sstream>
#include <string>

#include "kernels/x86_bfloat16.h"

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

#if defined(__linux__)
TEST_CASE("processor: bfloat16 only by instructions that the system lists") {
  std::ifstream file("/proc/cpuinfo");
  std::stringstream text;
  text << file.rdbuf();
  const std::string flags = text.str();
  const auto lists = [&](const std::string& flag) {
    return flags.find(" " + flag + " ") != std::string::npos ||
           flags.find(" " + flag + "\n") != std::string::npos;
  };
  const bool avx512 = keratin::kernels::has_avx512_bfloat16();
  const bool amx = keratin::kernels::has_amx_bfloat16();
  if (avx512) CHECK(lists("avx512_bf16"));
  if (amx) CHECK((avx512 && lists("amx_bf16") && lists("amx_tile")));
  if (lists("avx512_bf16") && lists("avx512vl") && lists("avx512bw")) {
    CHECK(avx512 == (KERATIN_X86_BFLOAT16 == 1));
  }
}
#endif
