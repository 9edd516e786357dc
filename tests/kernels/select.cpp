#include "kernels/elementwise/select.h"

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using Sizes = std::vector<std::int64_t>;

struct Row {
  Sizes condition, a, b, y;
};
const std::vector<Row> kRows = {{{}, {}, {}, {}},
                                {{1}, {1}, {1}, {1}},
                                {{7}, {7}, {7}, {7}},
                                {{33}, {1}, {33}, {33}},
                                {{33}, {33}, {1}, {33}},
                                {{1}, {33}, {33}, {33}},
                                {{33}, {}, {}, {33}},
                                {{0}, {1}, {0}, {0}},
                                {{3, 0}, {3, 1}, {1}, {3, 0}},
                                {{3, 1}, {1, 5}, {3, 5}, {3, 5}},
                                {{2, 3, 1}, {4}, {3, 4}, {2, 3, 4}},
                                {{1, 3, 1, 2}, {2, 1, 4, 1}, {1}, {2, 3, 4, 2}},
                                {{70001}, {70001}, {70001}, {70001}},
                                {{100003}, {1}, {100003}, {100003}},
                                {{300, 1}, {300, 257}, {257}, {300, 257}}};

std::int64_t size_of_all(const Sizes& sizes) {
  std::int64_t size = 1;
  for (const std::int64_t n : sizes) size *= n;
  return size;
}

// Where element i of y stands in an operand.
std::size_t place_in(const Sizes& operand, const Sizes& y, std::int64_t i) {
  std::int64_t offset = 0, stride = 1;
  for (std::size_t back = 1; back <= y.size(); ++back) {
    const std::int64_t index = i % y[y.size() - back];
    i /= y[y.size() - back];
    if (back > operand.size()) continue;
    const std::int64_t n = operand[operand.size() - back];
    if (n != 1) offset += index * stride;
    stride *= n;
  }
  return static_cast<std::size_t>(offset);
}

template <class T>
void check_select(const Row& row) {
  const auto s = kernels::make_select_shape(row.condition, row.a, row.b, sizeof(T));
  REQUIRE(s.size() == size_of_all(row.y));
  std::mt19937_64 generator(3);
  std::vector<std::uint8_t> condition(static_cast<std::size_t>(size_of_all(row.condition)));
  for (auto& byte : condition) byte = generator() % 2 != 0 ? 1 : 0;
  std::vector<T> a(static_cast<std::size_t>(size_of_all(row.a))),
      b(static_cast<std::size_t>(size_of_all(row.b)));
  for (T& value : a) value = static_cast<T>(generator());
  for (T& value : b) value = static_cast<T>(generator());
  std::vector<T> expected;
  for (std::int64_t i = 0; i < s.size(); ++i) {
    expected.push_back(condition[place_in(row.condition, row.y, i)] != 0
                           ? a[place_in(row.a, row.y, i)]
                           : b[place_in(row.b, row.y, i)]);
  }
  constexpr std::size_t kGuard = 16;
  expected.resize(expected.size() + kGuard, T(77));
  const Threads restore(1);
  for (const int threads : {1, 4}) {
    kernels::set_thread_count(threads);
    for_each_rung(kernels::select_ladder, s, [&](auto* function) {
      std::vector<T> y(expected.size(), T(77));
      function(condition.data(), a.data(), b.data(), y.data(), s);
      CHECK(y == expected);
    });
  }
}

TEST_CASE("select: every rung, every element size") {
  for (const Row& row : kRows) {
    check_select<std::uint8_t>(row);
    check_select<std::uint16_t>(row);
    check_select<std::uint32_t>(row);
    check_select<std::uint64_t>(row);
  }
}

TEST_CASE("broadcast: operands of one shape are one axis") {
  const Sizes shape{2, 3, 4};
  const auto same = kernels::broadcast<2>({shape, shape});
  CHECK(same.rank == 1);
  CHECK(same.sizes[0] == 24);
  const Sizes row{4}, none;
  const auto with_row = kernels::broadcast<2>({shape, row});
  CHECK(with_row.rank == 2);
  CHECK(with_row.sizes[0] == 6);
  CHECK(with_row.strides[0][0] == 4);
  CHECK(with_row.strides[1][0] == 0);
  CHECK(with_row.strides[1][1] == 1);
  const auto scalars = kernels::broadcast<2>({none, none});
  CHECK(scalars.rank == 1);
  CHECK(scalars.sizes[0] == 1);
}

}  // namespace
}  // namespace keratin::tests
