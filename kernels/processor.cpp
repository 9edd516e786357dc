#include "kernels/processor.h"

#include <hwy/highway.h>

#include "kernels/x86_bfloat16.h"

#if KERATIN_X86_BFLOAT16
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace keratin::kernels {
namespace {

#if KERATIN_X86_BFLOAT16
struct CpuId {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};
CpuId cpuid(unsigned leaf, unsigned subleaf) {
  CpuId id;
  if (__get_cpuid_count(leaf, subleaf, &id.eax, &id.ebx, &id.ecx, &id.edx) == 0) return {};
  return id;
}

// The registers that the system saves and restores (XCR0).
std::uint64_t saved_registers() {
  constexpr unsigned kOsXsave = 1u << 27;
  if ((cpuid(1, 0).ecx & kOsXsave) == 0) return 0;
  std::uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

bool saves(std::uint64_t registers) { return (saved_registers() & registers) == registers; }

bool find_avx512_bfloat16() {
  constexpr std::uint64_t kSse = 1 << 1, kAvx = 1 << 2, kMasksAndZmm = 7 << 5;
  constexpr unsigned kF = 1u << 16, kBw = 1u << 30, kVl = 1u << 31, kDq = 1u << 17;
  constexpr unsigned kBf16 = 1u << 5;
  const CpuId features = cpuid(7, 0);
  constexpr unsigned kBase = kF | kBw | kVl | kDq;
  return (features.ebx & kBase) == kBase && (cpuid(7, 1).eax & kBf16) != 0 &&
         saves(kSse | kAvx | kMasksAndZmm);
}

bool find_amx_bfloat16() {
  constexpr std::uint64_t kTiles = 3 << 17;
  constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24;
  if ((cpuid(7, 0).edx & (kBf16 | kTile)) != (kBf16 | kTile) || !saves(kTiles)) return false;
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023,
                 kTileData = 18;  // ARCH_REQ_XCOMP_PERM, of the process
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
bool find_amd() {
  const CpuId vendor = cpuid(0, 0);  // "AuthenticAMD"
  return vendor.ebx == 0x68747541 && vendor.edx == 0x69746e65 && vendor.ecx == 0x444d4163;
}
#else
bool find_avx512_bfloat16() { return false; }
bool find_amx_bfloat16() { return false; }
bool find_amd() { return false; }
#endif

}  // namespace

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

bool has_avx512_bfloat16() {
  static const bool found = find_avx512_bfloat16();
  return found;
}

bool has_amx_bfloat16() {
  static const bool found = has_avx512_bfloat16() && find_amx_bfloat16();
  return found;
}

bool is_amd() {
  static const bool found = find_amd();
  return found;
}

}  // namespace keratin::kernels
