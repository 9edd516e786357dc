#include "kernels/gather/gather.h"

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::GatherShape;

constexpr std::size_t kGuard = 16;

template <class I>
std::vector<I> random_indices(std::int64_t count, std::int64_t below, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::vector<I> indices(static_cast<std::size_t>(count));
  for (I& index : indices) index = static_cast<I>(generator() % static_cast<std::uint64_t>(below));
  return indices;
}

const std::vector<GatherShape> kShapes = {
    {1, 1, 1, 1},      {1, 5, 9, 1},      {1, 7, 3, 16},      {1, 100, 40, 17},  {3, 11, 8, 5},
    {2, 6, 4, 0},      {1, 3, 0, 4},      {0, 3, 2, 4},       {1, 0, 0, 4},      {1, 1000, 700, 64},
    {4, 50, 333, 31},  {1, 10, 600, 300}, {2, 20, 100, 1031}, {1, 130, 9000, 5}, {1, 1, 3000, 12},
    {1, 70000, 40, 1}, {5, 9, 20000, 1}};

template <class T, class I>
void check_gather(GatherShape s) {
  s.element_size = static_cast<int>(sizeof(T));
  std::vector<T> table(static_cast<std::size_t>(s.outer * s.table_rows * s.cols));
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<T>(i * 7 + 1);
  const auto index = random_indices<I>(s.count, std::max<std::int64_t>(s.table_rows, 1), 5);
  const T unwritten = static_cast<T>(-77);
  std::vector<T> expected;
  for (std::int64_t o = 0; o < s.outer; ++o)
    for (const I row : index)
      for (std::int64_t c = 0; c < s.cols; ++c)
        expected.push_back(
            table[static_cast<std::size_t>((o * s.table_rows + std::int64_t{row}) * s.cols + c)]);
  expected.resize(expected.size() + kGuard, unwritten);
  for_each_rung(kernels::gather_ladder<I>, s, [&](auto* function) {
    std::vector<T> y(expected.size(), unwritten);
    function(table.data(), index.data(), y.data(), s);
    CHECK(y == expected);
  });
}

template <class I>
void check_gather_sizes(const GatherShape& s) {
  check_gather<std::uint8_t, I>(s);
  check_gather<std::uint16_t, I>(s);
  check_gather<float, I>(s);
  check_gather<double, I>(s);
}

TEST_CASE("gather: every rung, every element size") {
  for (const GatherShape& s : kShapes) {
    check_gather_sizes<std::int32_t>(s);
    check_gather_sizes<std::int64_t>(s);
  }
}

template <class T, class I>
void check_scatter_add(GatherShape s, const std::vector<I>& index) {
  s.element_size = static_cast<int>(sizeof(T));
  const auto table_size = static_cast<std::size_t>(s.outer * s.table_rows * s.cols);
  const auto dy = normal_values<T>(s.outer * s.count * s.cols, 31);
  std::vector<T> before = normal_values<T>(static_cast<std::int64_t>(table_size), 32);
  before.resize(table_size + kGuard, T{-77});
  // The oracle: terms and their magnitudes, summed in double.
  std::vector<double> sum(before.begin(), before.end()), magnitude(before.size(), 0);
  std::vector<double> terms(before.size(), 1);
  for (std::int64_t o = 0; o < s.outer; ++o)
    for (std::int64_t i = 0; i < s.count; ++i)
      for (std::int64_t c = 0; c < s.cols; ++c) {
        const std::int64_t row = index[static_cast<std::size_t>(i)];
        const auto to = static_cast<std::size_t>((o * s.table_rows + row) * s.cols + c);
        const double term = dy[static_cast<std::size_t>((o * s.count + i) * s.cols + c)];
        sum[to] += term;
        magnitude[to] += std::fabs(term);
        terms[to] += 1;
      }
  std::vector<T> first_result;
  for_each_rung(kernels::scatter_add_ladder<T, I>, s, [&](auto* function) {
    std::vector<T> dtable = before;
    function(dy.data(), index.data(), dtable.data(), s);
    std::string wrong;
    for (std::size_t i = 0; i < dtable.size() && wrong.empty(); ++i) {
      const double bound =
          terms[i] * std::numeric_limits<T>::epsilon() * (magnitude[i] + std::fabs(before[i]));
      if (!(std::fabs(static_cast<double>(dtable[i]) - sum[i]) <= bound)) {
        wrong = fmt::format("element {} is {}, expected {}", i, dtable[i], sum[i]);
      }
    }
    CHECK(wrong == "");
    if (first_result.empty()) first_result = dtable;
    CHECK(same_bits(dtable, first_result));  // those of the reference
  });
}

TEST_CASE("scatter_add: every rung, and the reference's bits on any number of threads") {
  const int before = kernels::thread_count();
  for (const int threads : {1, 2, 4}) {
    kernels::set_thread_count(threads);
    for (const GatherShape& s : kShapes) {
      const std::int64_t below = std::max<std::int64_t>(s.table_rows, 1);
      check_scatter_add<float>(s, random_indices<std::int32_t>(s.count, below, 5));
      check_scatter_add<float>(s, random_indices<std::int64_t>(s.count, below, 6));
      if (threads != 2) continue;
      check_scatter_add<double>(s, random_indices<std::int32_t>(s.count, below, 7));
      check_scatter_add<double>(s, random_indices<std::int64_t>(s.count, below, 8));
    }
    // All to one row: the worst split.
    check_scatter_add<float>({1, 500, 4000, 20}, std::vector<std::int32_t>(4000, 499));
  }
  kernels::set_thread_count(before);
}

template <class I>
void check_first_bad(const std::vector<I>& index, std::int64_t count, std::int64_t table_rows,
                     std::int64_t expected) {
  const kernels::IndexShape s{count, table_rows};
  for_each_rung(kernels::first_bad_index_ladder<I>, s, [&](auto* function) {
    std::int64_t place = -77;
    function(index.data(), &place, s);
    CHECK(place == expected);
  });
}

TEST_CASE("first_bad_index: the first position outside the table") {
  const std::vector<std::int32_t> narrow = {0, 4, 2, 5, -1};
  check_first_bad(narrow, 5, 6, 4);
  check_first_bad(narrow, 5, 5, 3);
  check_first_bad(narrow, 3, 5, -1);
  check_first_bad(narrow, 0, 0, -1);
  check_first_bad(narrow, 1, 0, 0);
  const std::vector<std::int64_t> wide = {1, std::int64_t{1} << 40, 2};
  check_first_bad(wide, 3, 10, 1);
  check_first_bad(wide, 3, (std::int64_t{1} << 40) + 1, -1);
  auto many = random_indices<std::int64_t>(5000, 100, 3);
  check_first_bad(many, 5000, 100, -1);
  for (const std::int64_t bad : {4999, 3000, 2999, 1024, 1023, 77, 0}) {
    many[static_cast<std::size_t>(bad)] = bad % 2 == 0 ? 100 : -1;
    check_first_bad(many, 5000, 100, bad);
  }
}

}  // namespace
}  // namespace keratin::tests
