#include "tensor/shape.h"

#include <doctest/doctest.h>

#include <limits>

namespace keratin::tests {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST_CASE("shape: sizes, rank and text") {
  struct Row {
    Shape shape;
    std::int64_t rank, size;
    const char *text, *tuple;
  };
  const Row rows[] = {
      {{}, 0, 1, "[]", "()"},
      {{5}, 1, 5, "[5]", "(5,)"},
      {{0}, 1, 0, "[0]", "(0,)"},
      {{32, 128}, 2, 4096, "[32, 128]", "(32, 128)"},
      {{7, 0, 3}, 3, 0, "[7, 0, 3]", "(7, 0, 3)"},
      {{1, 2, 1, 2, 1, 2, 1, 2}, 8, 16, "[1, 2, 1, 2, 1, 2, 1, 2]", "(1, 2, 1, 2, 1, 2, 1, 2)"},
      {{kMax}, 1, kMax, "[9223372036854775807]", "(9223372036854775807,)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(row.shape.is_set());
    CHECK(row.shape.is_known());
    CHECK(row.shape.rank() == row.rank);
    CHECK(row.shape.size() == row.size);
    CHECK(row.shape.text() == row.text);
    CHECK(row.shape.tuple_text() == row.tuple);
    CHECK(row.shape == Shape(row.shape.sizes()));
    CHECK(row.shape == Shape(std::vector<std::int64_t>(row.shape.begin(), row.shape.end())));
  }
}

TEST_CASE("shape: sizes that are not known") {
  const Shape images{None, 28, None};
  CHECK(images.is_set());
  CHECK_FALSE(images.is_known());
  CHECK(images.text() == "[None, 28, None]");
  CHECK(images.tuple_text() == "(None, 28, None)");
  CHECK(Shape{None}.tuple_text() == "(None,)");
  CHECK_THROWS_WITH_AS((void)images.size(), "shape: [None, 28, None] has a size that is not known",
                       ShapeError);
  CHECK_THROWS_AS((void)Shape({2, -1}).size(), ShapeError);
  CHECK(images == Shape{None, 28, None});
  CHECK(images != Shape{None, 28, 28});
}

TEST_CASE("shape: not given is not rank 0") {
  const Shape unset = Shape::unset();
  CHECK_FALSE(unset.is_set());
  CHECK_FALSE(unset.is_known());
  CHECK(unset.rank() < 0);
  CHECK(unset.begin() == unset.end());
  CHECK(unset.text() == "[not given]");
  CHECK(unset.tuple_text() == "?");
  CHECK(unset == Shape::unset());
  CHECK(unset != Shape{});
  CHECK_THROWS_AS((void)unset.size(), ShapeError);
  CHECK_THROWS_AS((void)unset[0], ShapeError);
}

TEST_CASE("shape: more elements than 64 bits count") {
  CHECK_THROWS_WITH_AS((void)Shape({kMax, 2}).size(),
                       "shape: [9223372036854775807, 2] has more elements than 64 bits count",
                       ShapeError);
  CHECK(Shape({kMax, 1, 0}).size() == 0);
}

TEST_CASE("shape: axes count from both ends") {
  const Shape shape{2, 3, 5};
  CHECK(shape[0] == 2);
  CHECK(shape[2] == 5);
  CHECK(shape[-1] == 5);
  CHECK(shape[-3] == 2);
  CHECK(shape.back() == 5);
  for (const std::int64_t axis : {std::int64_t{3}, std::int64_t{-4}, kMax, None})
    CHECK_THROWS_AS((void)shape[axis], ShapeError);
  CHECK_THROWS_WITH_AS((void)Shape{}.back(), "shape: axis -1 of [], which has rank 0", ShapeError);
}

TEST_CASE("shape: parts") {
  const Shape shape{2, 3, 5, 7};
  CHECK(shape.with(1, 9) == Shape{2, 9, 5, 7});
  CHECK(shape.with(-1, 9) == Shape{2, 3, 5, 9});
  CHECK(shape == Shape{2, 3, 5, 7});
  CHECK_THROWS_AS((void)shape.with(4, 1), ShapeError);
  CHECK(shape.slice(1, 3) == Shape{3, 5});
  CHECK(shape.slice(0, 4) == shape);
  CHECK(shape.slice(2, 2) == Shape{});
  CHECK(shape.joined({}) == shape);
  CHECK(Shape{}.joined(shape) == shape);
  CHECK(shape.joined({11, None}) == Shape{2, 3, 5, 7, 11, None});
  Shape grown{2};
  grown.push_back(4);
  CHECK(grown == Shape{2, 4});
  CHECK(Shape{1, 2}.slice(0, 1) == Shape{1});  // what lies behind the rank does not count
}

TEST_CASE("shape: at most 8 axes") {
  CHECK_THROWS_WITH_AS(Shape(std::vector<std::int64_t>(9, 1)),
                       "shape: 9 axes; at most 8 are supported", ShapeError);
  const Shape five{1, 1, 1, 1, 1};
  CHECK_NOTHROW((void)five.joined({1, 1, 1}));
  CHECK_THROWS_AS((void)five.joined({1, 1, 1, 1}), ShapeError);
}

TEST_CASE("shape: broadcasting") {
  struct Row {
    Shape a, b, both;
  };
  const Row rows[] = {
      {{}, {}, {}},
      {{3}, {}, {3}},
      {{2, 3}, {3}, {2, 3}},
      {{2, 1}, {3}, {2, 3}},
      {{2, 1, 4}, {3, 1}, {2, 3, 4}},
      {{1}, {5, 4, 1}, {5, 4, 1}},
      {{0}, {1}, {0}},
      {{2, 1}, {2, 0}, {2, 0}},
      {{None, 3}, {1, 3}, {None, 3}},
      {{None, 3}, {3}, {None, 3}},
      {{None, 1}, {None, 4}, {None, 4}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.a.text());
    CAPTURE(row.b.text());
    CHECK(broadcast_shapes("add", row.a, row.b) == row.both);
    CHECK(broadcast_shapes("add", row.b, row.a) == row.both);
  }
  CHECK_THROWS_WITH_AS((void)broadcast_shapes("add", {32, 10}, {32}),
                       "add: shapes do not broadcast: [32, 10] and [32] differ on axis -1 (10 and "
                       "32); sizes must be equal or 1. Use reshape to line the axes up.",
                       ShapeError);
  CHECK_THROWS_AS((void)broadcast_shapes("add", {0}, {2}), ShapeError);
  CHECK_THROWS_WITH_AS((void)broadcast_shapes("add", {None, 2}, {4, 2}),
                       doctest::Contains("differ on axis -2 (None and 4)"), ShapeError);
}

TEST_CASE("axes: one, several, all") {
  using Resolved = std::vector<std::int64_t>;
  CHECK_FALSE(Axes().given());
  CHECK(Axes().resolve("sum", 3) == Resolved{0, 1, 2});
  CHECK(Axes().resolve("sum", 0) == Resolved{});
  CHECK(Axes(-1).resolve("sum", 3) == Resolved{2});
  CHECK(Axes({2, 0}).resolve("sum", 3) == Resolved{0, 2});
  CHECK(Axes({-1, -3}).resolve("sum", 3) == Resolved{0, 2});
  CHECK(Axes(std::vector<int>{}).given());
  CHECK(Axes(std::vector<int>{}).resolve("sum", 3) == Resolved{});
  CHECK_THROWS_WITH_AS((void)Axes(3).resolve("sum", 3),
                       "sum: axis 3 is out of range for rank 3; expected -3 to 2", ShapeError);
  CHECK_THROWS_WITH_AS((void)Axes({0, -3}).resolve("sum", 3), "sum: an axis is given twice",
                       ShapeError);
  CHECK_THROWS_AS((void)Axes(0).resolve("sum", 0), ShapeError);
  CHECK(normalized_axis("sum", -2, 5) == 3);
  CHECK_THROWS_AS((void)normalized_axis("sum", -6, 5), ShapeError);
}

}  // namespace
}  // namespace keratin::tests
