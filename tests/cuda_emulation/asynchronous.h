// What goes on beside a block's threads on Hopper: mbarriers, and copies of boxes by TMA that report
// to them. As the PTX ISA says under "mbarrier" and "cp.async.bulk.tensor".
//
// A copy is made at the latest time that hardware allows, when a thread needs the phase that waits
// for it; with the threads' order `backward` at the earliest, when it is asked for; with `random` at
// either. So a stage that is overwritten too early shows, and one that is read too early.
#pragma once

#include "tests/cuda_emulation/device.h"
#include "tests/cuda_emulation/tensor_cores.h"
#include "tests/cuda_emulation/tensor_map.h"

namespace cuda_emulation {

/// Addresses of shared memory as instructions take them: the dynamic part begins at kDynamicShared,
/// which is a multiple of 16 and no more. Variables outside of it are not emulated.
inline constexpr unsigned kDynamicShared = 1024 + 16;
unsigned shared_address(const void* at);
/// The other way round.
struct DynamicShared {
  unsigned char* first;
  unsigned bytes;
  unsigned char* at(unsigned address, unsigned size) const {
    const unsigned place = address - kDynamicShared;
    if (place > bytes || size > bytes - place)
      fault("an instruction reaches past the block's dynamic shared memory");
    return first + place;
  }
};
DynamicShared dynamic_part();

/// A copy of a box that is under way.
struct BoxCopy {
  TensorMap map;
  unsigned to;  // in shared memory
  std::int32_t at[5];
  std::uint64_t* barrier;
  unsigned bytes() const {
    unsigned all = map.element;
    for (unsigned i = 0; i < map.rank; ++i) all *= map.box[i];
    return all;
  }
};
/// True where the copy is to be made at once.
bool begin_box_copy(const BoxCopy& copy, const char* file, unsigned line);
/// The next copy that reports to this barrier, which a thread needs now.
bool take_box_copy(const std::uint64_t* barrier, BoxCopy& copy);

void mbarrier_init(std::uint64_t* barrier, unsigned count, const char* file, unsigned line);
/// fence.proxy.async, fence.mbarrier_init: what this thread has initialized, TMA may use.
void mbarrier_publish();
void mbarrier_expect(std::uint64_t* barrier, unsigned bytes, const char* file, unsigned line);
void mbarrier_arrive(std::uint64_t* barrier, const char* file, unsigned line);
void mbarrier_complete(std::uint64_t* barrier, unsigned bytes, const char* file, unsigned line);
/// Is the phase of this parity complete?
bool mbarrier_is_past(const std::uint64_t* barrier, unsigned parity, const char* file,
                      unsigned line);
/// Lets other threads go on until it may be.
void mbarrier_yield(const std::uint64_t* barrier, unsigned parity, const char* file, unsigned line);

/// In watched code, so that sanitizers see what it touches. Zeros where the tensor ends. How float32
/// is rounded to TF32 is documented nowhere; here as cvt.rna does.
inline void make_box_copy(const BoxCopy& copy, const char* file, unsigned line) {
  const TensorMap& map = copy.map;
  const unsigned row = map.box[0] * map.element;
  const DynamicShared memory = dynamic_part();
  unsigned rows = 1;
  for (unsigned i = 1; i < map.rank; ++i) rows *= map.box[i];
  for (unsigned r = 0; r < rows; ++r) {
    const unsigned char* from = map.address;
    bool inside = true;
    for (unsigned i = 1, rest = r; i < map.rank; rest /= map.box[i], ++i) {
      const std::int64_t place = copy.at[i] + static_cast<std::int64_t>(rest % map.box[i]);
      inside = inside && place >= 0 && place < static_cast<std::int64_t>(map.sizes[i]);
      from += place * static_cast<std::int64_t>(map.strides[i - 1]);
    }
    for (unsigned chunk = 0; chunk < row; chunk += 16) {
      auto* const to = memory.at(swizzled(copy.to + r * row + chunk, map.span), 16);
      const auto size = static_cast<std::int64_t>(map.sizes[0]);
      const std::int64_t first = copy.at[0] + static_cast<std::int64_t>(chunk) / map.element;
      const std::int64_t end = first + 16 / map.element;
      std::memset(to, 0, 16);
      if (inside && first >= 0 && end <= size) {
        std::memcpy(to, from + first * map.element, 16);
      } else if (inside) {
        for (std::int64_t e = std::max<std::int64_t>(first, 0); e < std::min(end, size); ++e)
          std::memcpy(to + (e - first) * map.element, from + e * map.element, map.element);
      }
      if (!map.tf32) continue;
      for (unsigned e = 0; e < 16; e += 4) {
        float number;
        std::memcpy(&number, to + e, 4);
        const unsigned rounded = to_tf32(number);
        std::memcpy(to + e, &rounded, 4);
      }
    }
  }
  mbarrier_complete(copy.barrier, copy.bytes(), file, line);
}

/// cp.async.bulk.tensor.<n>d.shared::cluster.global.mbarrier::complete_tx::bytes
template <class... At>
void copy_box(void* to, const CUtensorMap& map, std::uint64_t* barrier, const char* file,
              unsigned line, At... at) {
  BoxCopy copy{{}, shared_address(to), {at...}, barrier};
  std::memcpy(&copy.map, &map, sizeof copy.map);
  if (copy.map.tag != kTensorMapTag || copy.map.rank != sizeof...(At))
    fault("a TMA copy by a tensor map that is none, or has another rank", file, line);
  // A swizzled pattern repeats every eight rows of its span.
  const unsigned pattern = copy.map.span == 16 ? 128 : 8U * copy.map.span;
  if (copy.to % pattern != 0) {
    fault("a TMA copy to an address of shared memory that is no multiple of " +
              std::to_string(pattern),
          file, line);
  }
  if (copy.map.span > 16 && copy.map.box[0] * copy.map.element != copy.map.span)
    fault("not emulated: a swizzled box narrower than its span", file, line);
  if (begin_box_copy(copy, file, line)) make_box_copy(copy, file, line);
}

/// mbarrier.try_wait.parity until it succeeds.
inline void mbarrier_wait(const std::uint64_t* barrier, unsigned parity, const char* file,
                          unsigned line) {
  while (!mbarrier_is_past(barrier, parity, file, line)) {
    BoxCopy copy;
    if (take_box_copy(barrier, copy))
      make_box_copy(copy, file, line);
    else
      mbarrier_yield(barrier, parity, file, line);
  }
}

}  // namespace cuda_emulation
