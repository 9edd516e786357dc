// The rungs of an operation on a GPU: the CPU's arguments, and the stream to put the work into.
#pragma once

#include <array>
#include <cstddef>

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

/// One kernel of a CUDA ladder; as Rung.
template <class Fn>
struct CudaRung {
  const char* name;
  const char* gains;
  bool (*applies)(const ShapeOf<Fn>&);
  OnStream<Fn> function;
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
