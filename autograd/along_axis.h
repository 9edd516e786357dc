#pragma once

#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/op.h"
#include "autograd/ops/transpose.h"

namespace keratin::detail {

/// Throws ShapeError unless x has a last axis, and that is not empty.
inline void require_rows(std::string_view name, const Spec& x) {
  if (x.shape.rank() == 0)
    throw ShapeError(fmt::format("{}: input has rank 0; expected at least 1", name));
  if (x.shape.back() == 0)
    throw ShapeError(fmt::format("{}: {} has an empty last axis", name, x.text()));
}

/// f of x with `axis` moved to the end, and moved back.
template <class T, class F>
T along_axis(const char* name, const T& x, int axis, F&& f) {
  const Spec spec = value_of(x).spec();
  require_floating(name, spec);
  const std::int64_t rank = spec.shape.rank();
  if (rank == 0) throw ShapeError(fmt::format("{}: input has rank 0; expected at least 1", name));
  const std::int64_t at = normalized_axis(name, axis, rank);
  if (spec.shape[at] == 0) {
    throw ShapeError(fmt::format("{}: axis {} of {} is empty", name, axis, spec.text()));
  }
  if (at == rank - 1) return f(x);
  std::vector<int> swap(static_cast<std::size_t>(rank));
  std::iota(swap.begin(), swap.end(), 0);
  std::swap(swap[static_cast<std::size_t>(at)], swap.back());
  return transpose(f(transpose(x, {.axes = swap})), {.axes = swap});  // a swap undoes itself
}

}  // namespace keratin::detail
