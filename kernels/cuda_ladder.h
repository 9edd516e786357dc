// The rungs of an operation on a GPU: the CPU's arguments, and the stream to put the work into.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/ladder.h"
#include "kernels/stream.h"

namespace keratin::kernels {

namespace detail {
template <class Fn>
struct WithStream;
template <class... Args>
struct WithStream<void (*)(Args...)> {
  using type = void (*)(Args..., const Stream&);
};
}  // namespace detail

/// A kernel of type `Fn` as it is on a GPU.
template <class Fn>
using OnStream = typename detail::WithStream<Fn>::type;

/// When a rung is taken: always; where it is chosen by hand (KERATIN_KERNEL); there, and where float32
/// products may be of TF32 (set_allow_tf32); by hand, and its products are of TF32.
enum class Taken : std::uint8_t { always, by_hand, with_tf32, by_hand_tf32 };

/// May products of float32 be computed in TF32, 10 binary digits after the point, where a GPU does
/// that faster? False at the start.
void set_allow_tf32(bool allow);
bool allow_tf32();

/// One kernel of a CUDA ladder; as Rung.
template <class Fn>
struct CudaRung {
  const char* name;
  const char* gains;
  bool (*applies)(const ShapeOf<Fn>&);
  OnStream<Fn> function;
  Taken taken = Taken::always;
  bool (*runs_on)(const Stream&) = nullptr;  // has this GPU what it needs? nullptr: every GPU has

  bool can_take(const ShapeOf<Fn>& shape, const Stream& stream) const {
    return applies(shape) && (runs_on == nullptr || runs_on(stream));
  }
  bool is_tf32() const { return taken == Taken::with_tf32 || taken == Taken::by_hand_tf32; }
  bool unasked() const {
    return taken == Taken::always || (taken == Taken::with_tf32 && allow_tf32());
  }
};

inline constexpr std::size_t kMostCudaRungs = 12;

/// The slowest first. kernels/cuda/ladders.cu binds it to the CPU's ladder of the same operation.
template <class Fn, std::size_t N>
struct CudaLadder {
  static_assert(N <= kMostCudaRungs);
  std::array<CudaRung<Fn>, N> rungs;
};

/// The rungs that belong to a ladder of the CPU: an array of CudaRung<Fn>.
struct BoundRungs {
  const void* rungs = nullptr;
  std::size_t count = 0;
};

}  // namespace keratin::kernels
