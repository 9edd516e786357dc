#include "kernels/copy/copy.h"

#include <algorithm>

#include "kernels/parallel.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::CopyShape;
using kernels::PadShape;
using Sizes = std::vector<std::int64_t>;

constexpr std::int32_t kUnwritten = -77;

std::int64_t product(const Sizes& sizes) {
  std::int64_t result = 1;
  for (const std::int64_t size : sizes) result *= size;
  return result;
}

std::vector<std::int32_t> counting(std::int64_t count, std::int32_t first = 0) {
  std::vector<std::int32_t> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<std::int32_t>(i);
  return values;
}

// The element of a row-major array at an index.
std::size_t flat(const Sizes& sizes, const Sizes& index) {
  std::int64_t at = 0;
  for (std::size_t k = 0; k < sizes.size(); ++k) at = at * sizes[k] + index[k];
  return static_cast<std::size_t>(at);
}

// Calls f(index) for every index of an array, in order.
template <class F>
void for_each_index(const Sizes& sizes, F&& f) {
  if (product(sizes) == 0) return;
  Sizes index(sizes.size(), 0);
  while (true) {
    f(index);
    std::size_t k = sizes.size();
    for (; k-- > 0;) {
      if (++index[k] < sizes[k]) break;
      index[k] = 0;
    }
    if (k == static_cast<std::size_t>(-1)) return;
  }
}

// Runs every rung on elements of every size and compares with `expected`, which holds int32 (small
// enough for a byte where it matters: the copies must agree after the same cut).
template <class T>
void check_copy_as(const std::vector<std::int32_t>& x32, const std::vector<std::int32_t>& y32,
                   CopyShape s) {
  s.element_size = static_cast<int>(sizeof(T));
  const std::vector<T> x(x32.begin(), x32.end());
  std::vector<T> expected(y32.begin(), y32.end());
  expected.resize(y32.size() + 32, static_cast<T>(kUnwritten));
  for_each_rung(kernels::strided_copy_ladder, s, [&](auto* function) {
    std::vector<T> y(expected.size(), static_cast<T>(kUnwritten));
    function(x.data(), y.data(), s);
    CHECK(y == expected);
  });
}

void check_copy(const std::vector<std::int32_t>& x, const std::vector<std::int32_t>& y,
                const CopyShape& s) {
  check_copy_as<std::uint8_t>(x, y, s);
  check_copy_as<std::uint16_t>(x, y, s);
  check_copy_as<std::int32_t>(x, y, s);
  check_copy_as<std::int64_t>(x, y, s);
}

TEST_CASE("copy: a block into a larger array, as concatenation does") {
  struct Row {
    Sizes whole, block, at;
  };
  for (const Row& row :
       {Row{{7}, {3}, {2}}, Row{{4, 9}, {4, 5}, {0, 4}}, Row{{4, 9}, {2, 9}, {2, 0}},
        Row{{3, 4, 5}, {3, 1, 5}, {0, 3, 0}}, Row{{3, 4, 5}, {2, 2, 2}, {1, 0, 3}},
        Row{{2, 3}, {0, 3}, {1, 0}}, Row{{}, {}, {}}, Row{{2, 70000}, {2, 66000}, {0, 4000}}}) {
    const std::vector<std::int32_t> x = counting(product(row.block), 1);
    std::vector<std::int32_t> y(static_cast<std::size_t>(product(row.whole)), kUnwritten);
    std::size_t i = 0;
    for_each_index(row.block, [&](const Sizes& index) {
      Sizes to = index;
      for (std::size_t k = 0; k < to.size(); ++k) to[k] += row.at[k];
      y[flat(row.whole, to)] = x[i++];
    });
    check_copy(x, y, kernels::copy_into(row.block, row.whole, row.at, Sizes(row.at.size(), 1), 4));
  }
}

TEST_CASE("copy: a slice with steps, forwards and backwards") {
  struct Row {
    Sizes whole, block, at, step;
  };
  for (const Row& row :
       {Row{{10}, {4}, {1}, {2}}, Row{{10}, {10}, {9}, {-1}}, Row{{10}, {4}, {9}, {-3}},
        Row{{6, 7}, {3, 7}, {0, 0}, {2, 1}}, Row{{6, 7}, {6, 3}, {0, 1}, {1, 2}},
        Row{{6, 7}, {6, 7}, {5, 6}, {-1, -1}}, Row{{5, 6, 7}, {5, 6, 7}, {0, 5, 0}, {1, -1, 1}},
        Row{{5, 6, 7}, {2, 3, 2}, {1, 5, 3}, {2, -2, 3}}, Row{{5, 6}, {0, 6}, {0, 0}, {1, 1}},
        Row{{300, 301}, {300, 301}, {299, 0}, {-1, 1}}}) {
    const std::vector<std::int32_t> x = counting(product(row.whole));
    std::vector<std::int32_t> y;
    for_each_index(row.block, [&](const Sizes& index) {
      Sizes from = index;
      for (std::size_t k = 0; k < from.size(); ++k) from[k] = row.at[k] + index[k] * row.step[k];
      y.push_back(x[flat(row.whole, from)]);
    });
    check_copy(x, y, kernels::copy_out_of(row.block, row.whole, row.at, row.step, 4));
  }
}

TEST_CASE("copy: broadcast, tile and repeat") {
  struct Row {
    Sizes from, to;
  };
  for (const Row& row : {Row{{}, {}}, Row{{}, {5}}, Row{{1}, {9}}, Row{{5}, {3, 5}},
                         Row{{3, 1}, {3, 4}}, Row{{1, 4}, {3, 4}}, Row{{2, 1, 3}, {4, 2, 5, 3}},
                         Row{{1, 3, 1}, {2, 3, 17}}, Row{{1}, {0}}, Row{{1, 1}, {70, 1000}}}) {
    const std::vector<std::int32_t> x = counting(product(row.from), 3);
    const std::size_t missing = row.to.size() - row.from.size();
    std::vector<std::int32_t> y;
    for_each_index(row.to, [&](const Sizes& index) {
      Sizes from(index.begin() + static_cast<std::ptrdiff_t>(missing), index.end());
      for (std::size_t k = 0; k < from.size(); ++k) from[k] %= row.from[k];
      y.push_back(x[flat(row.from, from)]);
    });
    check_copy(x, y, kernels::copy_broadcast(row.from, row.to, 4));
  }
  for (const Row& row :
       {Row{{4}, {3}}, Row{{2, 3}, {1, 1}}, Row{{2, 3}, {3, 1}}, Row{{2, 3}, {1, 4}},
        Row{{2, 3, 2}, {2, 3, 2}}, Row{{2, 3}, {0, 2}}, Row{{2, 0}, {2, 2}},
        Row{{2, 1, 2, 1, 2, 1, 2, 1}, {1, 2, 1, 2, 1, 2, 2, 1}}}) {
    const std::vector<std::int32_t> x = counting(product(row.from));
    Sizes to = row.from;
    for (std::size_t k = 0; k < to.size(); ++k) to[k] *= row.to[k];
    std::vector<std::int32_t> y;
    for_each_index(to, [&](const Sizes& index) {
      Sizes from = index;
      for (std::size_t k = 0; k < from.size(); ++k) from[k] %= row.from[k];
      y.push_back(x[flat(row.from, from)]);
    });
    check_copy(x, y, kernels::copy_tile(row.from, row.to, 4));
    for (int axis = 0; axis < static_cast<int>(row.from.size()); ++axis) {
      const auto a = static_cast<std::size_t>(axis);
      to = row.from;
      to[a] *= row.to[a];
      y.clear();
      for_each_index(to, [&](const Sizes& index) {
        Sizes from = index;
        from[a] /= row.to[a];
        y.push_back(x[flat(row.from, from)]);
      });
      check_copy(x, y, kernels::copy_repeat(row.from, axis, row.to[a], 4));
    }
  }
}

TEST_CASE("copy: axes are joined where that tells the same copy") {
  const Sizes whole = {8, 16, 20}, front = {8, 4, 20}, at = {0, 12, 0}, one = {1, 1, 1};
  CHECK(kernels::copy_into(front, whole, at, one, 4).collapsed().rank == 2);
  CHECK(kernels::copy_into(whole, whole, Sizes{0, 0, 0}, one, 4).collapsed().rank == 1);
  CHECK(kernels::copy_broadcast(Sizes{1}, whole, 4).collapsed().rank <= 3);
  CHECK(kernels::copy_broadcast(Sizes{20}, whole, 4).collapsed().rank == 2);
}

template <class T>
void check_pad(const Sizes& sizes, const Sizes& before, const Sizes& after) {
  PadShape s;
  s.rank = static_cast<int>(sizes.size());
  s.element_size = static_cast<int>(sizeof(T));
  std::copy(sizes.begin(), sizes.end(), s.sizes.begin());
  std::copy(before.begin(), before.end(), s.before.begin());
  std::copy(after.begin(), after.end(), s.after.begin());
  const std::vector<std::int32_t> numbers = counting(product(sizes), 1);
  const std::vector<T> x(numbers.begin(), numbers.end());
  const T value = static_cast<T>(99), unwritten = static_cast<T>(kUnwritten);
  Sizes wide = sizes;
  for (std::size_t k = 0; k < wide.size(); ++k) wide[k] += before[k] + after[k];
  std::vector<T> expected(static_cast<std::size_t>(product(wide)), value);
  std::size_t i = 0;
  for_each_index(sizes, [&](Sizes index) {
    for (std::size_t k = 0; k < index.size(); ++k) index[k] += before[k];
    expected[flat(wide, index)] = x[i++];
  });
  expected.resize(expected.size() + 32, unwritten);
  for_each_rung(kernels::pad_ladder, s, [&](auto* function) {
    std::vector<T> y(expected.size(), unwritten);
    function(x.data(), y.data(), &value, s);
    CHECK(y == expected);
  });
}

TEST_CASE("pad: a border of any width around any shape") {
  struct Row {
    Sizes sizes, before, after;
  };
  for (const Row& row :
       {Row{{}, {}, {}}, Row{{5}, {0}, {0}}, Row{{5}, {2}, {3}}, Row{{3, 4}, {1, 0}, {0, 2}},
        Row{{2, 3, 4}, {1, 2, 3}, {3, 2, 1}}, Row{{2, 9, 9, 3}, {0, 1, 1, 0}, {0, 1, 2, 0}},
        Row{{0}, {2}, {1}}, Row{{2, 0, 3}, {1, 1, 1}, {0, 1, 0}},
        Row{{2, 3, 0}, {0, 0, 0}, {0, 0, 0}}, Row{{300, 301}, {1, 1}, {1, 1}}}) {
    check_pad<std::uint8_t>(row.sizes, row.before, row.after);
    check_pad<std::uint16_t>(row.sizes, row.before, row.after);
    check_pad<float>(row.sizes, row.before, row.after);
    check_pad<double>(row.sizes, row.before, row.after);
  }
}

template <class I, class T>
void check_one_hot(const std::vector<I>& index, std::int64_t depth) {
  const auto count = static_cast<std::int64_t>(index.size());
  const kernels::OneHotShape s{count, depth, static_cast<int>(sizeof(T))};
  const T one = static_cast<T>(1), unwritten = static_cast<T>(kUnwritten);
  std::vector<T> expected(static_cast<std::size_t>(count * depth), T{});
  for (std::int64_t i = 0; i < count; ++i) {
    const auto column = static_cast<std::int64_t>(index[static_cast<std::size_t>(i)]);
    if (column >= 0 && column < depth) expected[static_cast<std::size_t>(i * depth + column)] = one;
  }
  expected.resize(expected.size() + 32, unwritten);
  for_each_rung(kernels::one_hot_ladder<I>, s, [&](auto* function) {
    std::vector<T> y(expected.size(), unwritten);
    function(index.data(), y.data(), &one, s);
    CHECK(y == expected);
  });
}

TEST_CASE("one_hot: one element a row; none for an index outside") {
  for (const std::int64_t depth : {0, 1, 3, 10, 257}) {
    std::vector<std::int64_t> index = {-1, 0, depth, depth - 1, std::int64_t{1} << 40};
    for (std::int64_t i = 0; i < 700; ++i) index.push_back(i * 7 % (depth + 1));
    check_one_hot<std::int64_t, float>(index, depth);
    check_one_hot<std::int64_t, std::uint8_t>(index, depth);
    std::vector<std::int32_t> narrow;
    for (const std::int64_t i : index) narrow.push_back(static_cast<std::int32_t>(i % 1000));
    check_one_hot<std::int32_t, double>(narrow, depth);
    check_one_hot<std::int32_t, std::uint16_t>(narrow, depth);
  }
  check_one_hot<std::int64_t, float>({}, 4);
}

TEST_CASE("copy, pad, one_hot: the same on any number of threads") {
  const int before = kernels::thread_count();
  for (const int threads : {1, 2, 4}) {
    kernels::set_thread_count(threads);
    const std::vector<std::int32_t> x = counting(200000);
    check_copy(x, x, kernels::copy_out_of(Sizes{200000}, Sizes{200000}, Sizes{0}, Sizes{1}, 4));
    check_pad<float>({500, 301}, {3, 4}, {5, 6});
    check_one_hot<std::int64_t, float>(std::vector<std::int64_t>(5000, 3), 40);
  }
  kernels::set_thread_count(before);
}

}  // namespace
}  // namespace keratin::tests
