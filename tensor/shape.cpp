#include "tensor/shape.h"

#include <fmt/format.h>

#include <algorithm>

namespace keratin {

Shape::Shape(std::span<const std::int64_t> sizes) {
  if (static_cast<std::int64_t>(sizes.size()) > kMaxRank) {
    throw ShapeError(
        fmt::format("shape: {} axes; at most {} are supported", sizes.size(), kMaxRank));
  }
  rank_ = static_cast<std::int64_t>(sizes.size());
  std::copy(sizes.begin(), sizes.end(), sizes_.begin());
}

Shape Shape::unset() {
  Shape shape;
  shape.rank_ = -1;
  return shape;
}

std::int64_t Shape::size() const {
  if (!is_set()) throw ShapeError("shape: it was not given; expected sizes, such as {32, 128}");
  std::int64_t count = 1;
  for (const std::int64_t size : *this) {
    if (size < 0) throw ShapeError(fmt::format("shape: {} has a size that is not known", text()));
    if (__builtin_mul_overflow(count, size, &count)) {
      throw ShapeError(fmt::format("shape: {} has more elements than 64 bits count", text()));
    }
  }
  return count;
}

bool Shape::is_known() const {
  return is_set() && std::all_of(begin(), end(), [](std::int64_t size) { return size >= 0; });
}

Shape Shape::with(std::int64_t axis, std::int64_t size) const {
  Shape changed = *this;
  changed.sizes_[index(axis)] = size;
  return changed;
}

Shape Shape::slice(std::int64_t first, std::int64_t last) const {
  KERATIN_ASSERT(0 <= first && first <= last && last <= rank_);
  return Shape(
      sizes().subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
}

Shape Shape::joined(const Shape& other) const {
  Shape both = *this;
  for (const std::int64_t size : other) both.push_back(size);
  return both;
}

void Shape::push_back(std::int64_t size) {
  if (rank_ >= kMaxRank) throw ShapeError(fmt::format("shape: more than {} axes", kMaxRank));
  sizes_[static_cast<std::size_t>(rank_++)] = size;
}

std::size_t Shape::index(std::int64_t axis) const {
  if (axis < -rank_ || axis >= rank_) {
    throw ShapeError(fmt::format("shape: axis {} of {}, which has rank {}", axis, text(), rank_));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis);
}

namespace {
std::string size_text(std::int64_t size) { return size == None ? "None" : std::to_string(size); }

std::string joined_sizes(const Shape& shape) {
  std::string text;
  for (const std::int64_t size : shape) {
    if (!text.empty()) text += ", ";
    text += size_text(size);
  }
  return text;
}
}  // namespace

std::string Shape::text() const {
  return is_set() ? "[" + joined_sizes(*this) + "]" : "[not given]";
}

std::string Shape::tuple_text() const {
  if (!is_set()) return "?";
  return "(" + joined_sizes(*this) + (rank_ == 1 ? ",)" : ")");
}

Shape broadcast_shapes(const char* what, const Shape& a, const Shape& b) {
  const std::int64_t rank = std::max(a.rank(), b.rank());
  Shape both;
  for (std::int64_t i = 0; i < rank; ++i) {
    const std::int64_t in_a = i - (rank - a.rank()), in_b = i - (rank - b.rank());
    const std::int64_t size_a = in_a < 0 ? 1 : a[in_a], size_b = in_b < 0 ? 1 : b[in_b];
    if (size_a != size_b && size_a != 1 && size_b != 1) {
      throw ShapeError(
          fmt::format("{}: shapes do not broadcast: {} and {} differ on axis {} ({} and {}); sizes "
                      "must be equal or 1. Use reshape to line the axes up.",
                      what, a.text(), b.text(), i - rank, size_text(size_a), size_text(size_b)));
    }
    both.push_back(size_a == 1 ? size_b : size_a);
  }
  return both;
}

std::int64_t normalized_axis(const char* what, std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank) {
    throw ShapeError(fmt::format("{}: axis {} is out of range for rank {}; expected {} to {}", what,
                                 axis, rank, -rank, rank - 1));
  }
  return axis < 0 ? axis + rank : axis;
}

std::vector<std::int64_t> Axes::resolve(const char* what, std::int64_t rank) const {
  std::vector<std::int64_t> axes;
  if (!given_) {
    for (std::int64_t i = 0; i < rank; ++i) axes.push_back(i);
    return axes;
  }
  for (const int axis : axes_) axes.push_back(normalized_axis(what, axis, rank));
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) {
    throw ShapeError(fmt::format("{}: an axis is given twice", what));
  }
  return axes;
}

}  // namespace keratin
