// Fewer interrupts by new memory.
#pragma once

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstddef>
#include <memory>

namespace keratin::detail {

/// Memory that nobody has written to yet comes page by page, each with an interrupt when it is
/// first touched. Asks for pages of 2 MiB where there is room for two of them; a system that has
/// none goes on with small ones.
inline void ask_for_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kHuge = std::size_t{1} << 21;
  if (bytes < 2 * kHuge || std::align(kHuge, kHuge, memory, bytes) == nullptr) return;
  (void)madvise(memory, bytes / kHuge * kHuge, MADV_HUGEPAGE);
#endif
}

}  // namespace keratin::detail
