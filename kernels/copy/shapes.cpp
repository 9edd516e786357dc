// The boxes behind concatenation, slices, broadcasts and tiles.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "kernels/copy/copy.h"
#include "kernels/error.h"

namespace keratin::kernels {

namespace {

std::array<std::int64_t, CopyShape::kMaxRank> row_major(std::span<const std::int64_t> sizes) {
  KERATIN_ASSERT(sizes.size() <= static_cast<std::size_t>(CopyShape::kMaxRank));
  std::array<std::int64_t, CopyShape::kMaxRank> strides{};
  std::int64_t stride = 1;
  for (std::size_t k = sizes.size(); k-- > 0;) {
    strides[k] = stride;
    stride *= sizes[k];
  }
  return strides;
}

std::int64_t product(std::span<const std::int64_t> sizes) {
  std::int64_t result = 1;
  for (const std::int64_t size : sizes) result *= size;
  return result;
}

std::string joined(std::span<const std::int64_t> sizes, int rank) {
  return fmt::format("[{}]", fmt::join(sizes.first(static_cast<std::size_t>(rank)), ", "));
}

}  // namespace

void CopyShape::push_back(std::int64_t size, std::int64_t x_stride, std::int64_t y_stride) {
  KERATIN_ASSERT(rank < kMaxRank);
  const auto k = static_cast<std::size_t>(rank++);
  sizes[k] = size;
  x_strides[k] = x_stride;
  y_strides[k] = y_stride;
}

std::int64_t CopyShape::size() const {
  return product(std::span(sizes).first(static_cast<std::size_t>(rank)));
}

// An axis joins the one before it where one step of that equals a whole walk along this one, in x
// and in y.
CopyShape CopyShape::collapsed() const {
  CopyShape c;
  c.element_size = element_size;
  c.x_offset = x_offset;
  c.y_offset = y_offset;
  for (std::size_t k = 0; k < static_cast<std::size_t>(rank); ++k) {
    if (sizes[k] == 1) continue;
    const auto last = static_cast<std::size_t>(c.rank - 1);
    if (c.rank > 0 && c.x_strides[last] == sizes[k] * x_strides[k] &&
        c.y_strides[last] == sizes[k] * y_strides[k]) {
      c.sizes[last] *= sizes[k];
      c.x_strides[last] = x_strides[k];
      c.y_strides[last] = y_strides[k];
    } else {
      c.push_back(sizes[k], x_strides[k], y_strides[k]);
    }
  }
  return c;
}

std::string CopyShape::text() const {
  return fmt::format("{} steps {} to {}, {} bytes", joined(sizes, rank), joined(x_strides, rank),
                     joined(y_strides, rank), element_size);
}

CopyShape copy_into(std::span<const std::int64_t> block, std::span<const std::int64_t> whole,
                    std::span<const std::int64_t> at, std::span<const std::int64_t> step,
                    int element_size) {
  CopyShape s = copy_out_of(block, whole, at, step, element_size);
  std::swap(s.x_strides, s.y_strides);
  std::swap(s.x_offset, s.y_offset);
  return s;
}

CopyShape copy_out_of(std::span<const std::int64_t> block, std::span<const std::int64_t> whole,
                      std::span<const std::int64_t> at, std::span<const std::int64_t> step,
                      int element_size) {
  KERATIN_ASSERT(block.size() == whole.size() && at.size() == block.size() &&
                 step.size() == block.size());
  CopyShape s;
  s.element_size = element_size;
  const auto in_block = row_major(block), in_whole = row_major(whole);
  for (std::size_t k = 0; k < block.size(); ++k) {
    s.push_back(block[k], step[k] * in_whole[k], in_block[k]);
    s.x_offset += at[k] * in_whole[k];
  }
  return s;
}

CopyShape copy_broadcast(std::span<const std::int64_t> x_sizes,
                         std::span<const std::int64_t> y_sizes, int element_size) {
  KERATIN_ASSERT(x_sizes.size() <= y_sizes.size());
  CopyShape s;
  s.element_size = element_size;
  const auto in_x = row_major(x_sizes), in_y = row_major(y_sizes);
  const std::size_t missing = y_sizes.size() - x_sizes.size();
  for (std::size_t k = 0; k < y_sizes.size(); ++k) {
    const bool stretched = k < missing || x_sizes[k - missing] != y_sizes[k];
    KERATIN_ASSERT(!stretched || k < missing || x_sizes[k - missing] == 1);
    s.push_back(y_sizes[k], stretched ? 0 : in_x[k - missing], in_y[k]);
  }
  return s;
}

CopyShape copy_tile(std::span<const std::int64_t> x_sizes, std::span<const std::int64_t> times,
                    int element_size) {
  KERATIN_ASSERT(x_sizes.size() == times.size() && x_sizes.size() <= 8);
  CopyShape s;
  s.element_size = element_size;
  const auto in_x = row_major(x_sizes);
  std::int64_t in_y = product(x_sizes) * product(times);
  for (std::size_t k = 0; k < x_sizes.size(); ++k) {
    const std::int64_t y_size = x_sizes[k] * times[k];
    if (y_size == 0) in_y = 0;  // nothing is written
    if (y_size != 0) in_y /= y_size;
    s.push_back(times[k], 0, in_y * x_sizes[k]);
    s.push_back(x_sizes[k], in_x[k], in_y);
  }
  return s;
}

CopyShape copy_repeat(std::span<const std::int64_t> x_sizes, int axis, std::int64_t times,
                      int element_size) {
  const auto a = static_cast<std::size_t>(axis);
  const std::int64_t before = product(x_sizes.first(a)), size = x_sizes[a];
  const std::int64_t after = product(x_sizes.subspan(a + 1));
  CopyShape s;
  s.element_size = element_size;
  s.push_back(before * size, after, times * after);
  s.push_back(times, 0, after);
  s.push_back(after, 1, 1);
  return s;
}

std::int64_t PadShape::x_size() const {
  return product(std::span(sizes).first(static_cast<std::size_t>(rank)));
}

std::int64_t PadShape::y_size() const {
  std::int64_t result = 1;
  for (std::size_t k = 0; k < static_cast<std::size_t>(rank); ++k) {
    result *= sizes[k] + before[k] + after[k];
  }
  return result;
}

std::string PadShape::text() const {
  return fmt::format("{} by {} and {}, {} bytes", joined(sizes, rank), joined(before, rank),
                     joined(after, rank), element_size);
}

std::string OneHotShape::text() const {
  return fmt::format("[{}, {}], {} bytes", count, depth, element_size);
}

}  // namespace keratin::kernels
