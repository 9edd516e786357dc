// One of two operands, element by element: y = condition ? a : b, all three broadcast as NumPy
// does. It moves bytes, whatever they mean. y overlaps no input.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/elementwise/broadcast.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct SelectShape {
  Broadcast<3> axes;  // of condition, a, b; y is contiguous
  int element_size;   // 1, 2, 4 or 8

  std::int64_t size() const;
  std::string text() const;
};
/// condition: bytes, 0 for b and anything else for a.
using SelectFn = void (*)(const std::uint8_t* condition, const void* a, const void* b, void* y,
                          const SelectShape& s);
constexpr Cost select_cost(const SelectShape& s) {
  double size = 1, read = 1, size_a = 1, size_b = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(s.axes.rank); ++i) {
    const auto n = static_cast<double>(s.axes.sizes[i]);
    size *= n;
    if (s.axes.strides[0][i] != 0) read *= n;
    if (s.axes.strides[1][i] != 0) size_a *= n;
    if (s.axes.strides[2][i] != 0) size_b *= n;
  }
  return {.flops = 0, .bytes = read + s.element_size * (size + size_a + size_b)};
}

/// The shape for contiguous operands whose sizes broadcast.
SelectShape make_select_shape(std::span<const std::int64_t> condition,
                              std::span<const std::int64_t> a, std::span<const std::int64_t> b,
                              int element_size);

namespace cpu {
void select_reference(const std::uint8_t* condition, const void* a, const void* b, void* y,
                      const SelectShape& s);
void select_rows(const std::uint8_t* condition, const void* a, const void* b, void* y,
                 const SelectShape& s);
}  // namespace cpu

inline constexpr auto select_ladder = Ladder{
    "elementwise", "select", select_cost,
    std::array{Rung<SelectFn>{"reference", "", always, cpu::select_reference},
               Rung<SelectFn>{"rows", "index arithmetic once a row, no branch within one; threads",
                              always, cpu::select_rows, "", false}}};

namespace cuda {
void select_naive(const std::uint8_t* condition, const void* a, const void* b, void* y,
                  const SelectShape& s, const Stream& stream);
void select_line(const std::uint8_t* condition, const void* a, const void* b, void* y,
                 const SelectShape& s, const Stream& stream);
bool select_line_applies(const SelectShape& s);

inline constexpr CudaLadder<SelectFn, 2> select_ladder{
    {{{"naive", "", always, select_naive},
      {"line", "no divisions: operands of one shape, or numbers", select_line_applies,
       select_line}}}};
}  // namespace cuda

}  // namespace keratin::kernels
