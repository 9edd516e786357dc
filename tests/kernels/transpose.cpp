#include "kernels/transpose/transpose.h"

#include <algorithm>
#include <numeric>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::TransposeShape;

constexpr std::size_t kGuard = 64;
constexpr unsigned char kUnwritten = 0xA5;

TransposeShape as_given(const std::vector<std::int64_t>& sizes, const std::vector<int>& perm,
                        int element_size) {
  TransposeShape s;
  s.rank = static_cast<int>(sizes.size());
  s.element_size = element_size;
  std::copy(sizes.begin(), sizes.end(), s.sizes.begin());
  std::copy(perm.begin(), perm.end(), s.perm.begin());
  return s;
}

std::vector<unsigned char> random_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::vector<unsigned char> bytes(count);
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(generator());
  return bytes;
}

// By the definition, element by element with an index of its own: not by the rungs' arithmetic.
std::vector<unsigned char> expected_bytes(const std::vector<unsigned char>& x,
                                          const TransposeShape& s) {
  const auto rank = static_cast<std::size_t>(s.rank);
  const auto bytes = static_cast<std::size_t>(s.element_size);
  std::vector<unsigned char> y(x.size());
  std::vector<std::int64_t> index(rank, 0);
  for (std::size_t i = 0; i * bytes < x.size(); ++i) {
    std::int64_t to = 0;
    for (std::size_t k = 0; k < rank; ++k) {
      const auto axis = static_cast<std::size_t>(s.perm[k]);
      to = to * s.sizes[axis] + index[axis];
    }
    std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(i * bytes), bytes,
                y.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(to) * bytes));
    for (std::size_t k = rank; k-- > 0;) {
      if (++index[k] < s.sizes[k]) break;
      index[k] = 0;
    }
  }
  return y;
}

void check_all_rungs(const std::vector<std::int64_t>& sizes, const std::vector<int>& perm,
                     int element_size) {
  const TransposeShape plain = as_given(sizes, perm, element_size);
  const auto bytes = static_cast<std::size_t>(plain.size() * element_size);
  const std::vector<unsigned char> x = random_bytes(bytes, 7 + bytes);
  std::vector<unsigned char> expected = expected_bytes(x, plain);
  expected.resize(bytes + kGuard, kUnwritten);
  for (const TransposeShape& s : {plain, kernels::transpose_shape(sizes, perm, element_size)}) {
    for_each_rung(kernels::transpose_ladder, s, [&](auto* function) {
      std::vector<unsigned char> y(bytes + kGuard, kUnwritten);
      function(x.data(), y.data(), s);
      CHECK(y == expected);
    });
  }
}

TEST_CASE("transpose: two axes, sizes around vectors and tiles") {
  for (const int element_size : {1, 2, 4, 8})
    for (const std::int64_t rows : {0, 1, 3, 4, 5, 8, 16, 17, 31, 63, 64, 65, 131})
      for (const std::int64_t cols : {0, 1, 2, 4, 7, 16, 33, 64, 67, 130})
        check_all_rungs({rows, cols}, {1, 0}, element_size);
}

TEST_CASE("transpose: every permutation of up to four axes") {
  for (const std::vector<std::int64_t>& sizes : std::vector<std::vector<std::int64_t>>{
           {}, {5}, {3, 1}, {2, 3, 5}, {1, 7, 9}, {4, 1, 17}, {2, 5, 3, 19}, {3, 1, 18, 5}}) {
    std::vector<int> perm(sizes.size());
    std::iota(perm.begin(), perm.end(), 0);
    do check_all_rungs(sizes, perm, 4);
    while (std::next_permutation(perm.begin(), perm.end()));
  }
}

TEST_CASE("transpose: random shapes of up to eight axes") {
  std::mt19937_64 generator(11);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::int64_t> sizes(1 + generator() % 8);
    for (std::int64_t& size : sizes) size = static_cast<std::int64_t>(1 + generator() % 5);
    std::vector<int> perm(sizes.size());
    std::iota(perm.begin(), perm.end(), 0);
    std::shuffle(perm.begin(), perm.end(), generator);
    check_all_rungs(sizes, perm, 1 << generator() % 4);
  }
}

TEST_CASE("transpose: axes that stay neighbours become one") {
  const auto text = [](const std::vector<std::int64_t>& sizes, const std::vector<int>& perm) {
    return kernels::transpose_shape(sizes, perm, 4).text();
  };
  CHECK(text({8, 28, 30, 3}, {0, 3, 1, 2}) == "[8, 840, 3] by (0, 2, 1), 4 bytes");
  CHECK(text({8, 28, 30, 3}, {0, 1, 2, 3}) == "[20160] by (0), 4 bytes");
  CHECK(text({8, 1, 30, 1}, {3, 2, 1, 0}) == "[8, 30] by (1, 0), 4 bytes");
  CHECK(text({2, 3, 4, 5}, {2, 3, 0, 1}) == "[6, 20] by (1, 0), 4 bytes");
  CHECK(text({2, 1, 4, 5}, {1, 0, 2, 3}) == "[40] by (0), 4 bytes");
  CHECK(text({1, 1}, {1, 0}) == "[] by (), 4 bytes");
}

TEST_CASE("transpose: the same on any number of threads") {
  const int before = kernels::thread_count();
  for (const int threads : {1, 2, 4}) {
    kernels::set_thread_count(threads);
    check_all_rungs({300, 517}, {1, 0}, 4);
    check_all_rungs({7, 64, 33, 9}, {0, 3, 2, 1}, 4);
    check_all_rungs({70, 64, 33}, {1, 0, 2}, 8);
  }
  kernels::set_thread_count(before);
}

}  // namespace
}  // namespace keratin::tests
