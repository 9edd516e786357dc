#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "kernels/error.h"

namespace keratin {

/// An unknown size, as in Input({.shape = {None, None, 3}}); not the -1 that asks reshape to infer
/// one.
inline constexpr std::int64_t None = std::numeric_limits<std::int64_t>::min();

/// The sizes of a tensor, outermost axis first. At most 8 axes; each size is >= 0, or None in
/// symbolic shapes. (-1 is allowed where a function says so, as reshape does.)
class Shape {
 public:
  static constexpr std::int64_t kMaxRank = 8;

  Shape() = default;  // rank 0: one element
  Shape(std::initializer_list<std::int64_t> sizes)
      : Shape(std::span(sizes.begin(), sizes.size())) {}
  explicit Shape(const std::vector<std::int64_t>& sizes)
      : Shape(std::span<const std::int64_t>(sizes)) {}
  explicit Shape(std::span<const std::int64_t> sizes);
  /// "Not given", for options.
  static Shape unset();

  bool is_set() const { return rank_ >= 0; }
  std::int64_t rank() const { return rank_; }
  /// How many elements; 1 for rank 0. Throws ShapeError if a size or the shape itself is unknown.
  std::int64_t size() const;
  /// Is every size known?
  bool is_known() const;
  /// The size of the last axis.
  std::int64_t back() const { return (*this)[-1]; }
  /// The size of an axis; negative axes count from the end. Throws ShapeError if there is no such
  /// axis.
  std::int64_t operator[](std::int64_t axis) const { return sizes_[index(axis)]; }
  /// The same shape with another size at `axis`.
  Shape with(std::int64_t axis, std::int64_t size) const;
  /// Axes first .. last - 1, counted from the front.
  Shape slice(std::int64_t first, std::int64_t last) const;
  /// This shape's axes, then the other's.
  Shape joined(const Shape& other) const;
  void push_back(std::int64_t size);

  const std::int64_t* begin() const { return sizes_.data(); }
  const std::int64_t* end() const { return sizes_.data() + (rank_ < 0 ? 0 : rank_); }
  std::span<const std::int64_t> sizes() const { return {begin(), end()}; }

  /// "[32, 128]", as messages show it. None where a size is unknown.
  std::string text() const;
  /// "(None, 128)", as summary() shows it.
  std::string tuple_text() const;

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (std::int64_t i = 0; i < a.rank_; ++i)
      if (a.sizes_[static_cast<std::size_t>(i)] != b.sizes_[static_cast<std::size_t>(i)])
        return false;
    return true;
  }

 private:
  std::size_t index(std::int64_t axis) const;

  std::array<std::int64_t, kMaxRank> sizes_ = {};
  std::int64_t rank_ = 0;
};

/// The shape that two broadcast to by NumPy's rules. Throws ShapeError naming `what`.
Shape broadcast_shapes(const char* what, const Shape& a, const Shape& b);

/// `axis` counted from the front. Throws ShapeError naming `what` unless -rank <= axis < rank.
std::int64_t normalized_axis(const char* what, std::int64_t axis, std::int64_t rank);

/// Axes of an operation: none given (all of them), one, or several in braces.
class Axes {
 public:
  Axes() = default;
  Axes(int axis) : axes_{axis}, given_(true) {}
  Axes(std::initializer_list<int> axes) : axes_(axes), given_(true) {}
  explicit Axes(std::vector<int> axes) : axes_(std::move(axes)), given_(true) {}

  bool given() const { return given_; }
  /// As they were given.
  const std::vector<int>& listed() const { return axes_; }
  /// Which of `rank` axes are meant: sorted, from the front, without doubles. Throws ShapeError
  /// naming `what`.
  std::vector<std::int64_t> resolve(const char* what, std::int64_t rank) const;

 private:
  std::vector<int> axes_;
  bool given_ = false;
};

}  // namespace keratin
