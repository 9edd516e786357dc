// Small datasets whose elements are numbers, and what came out of them.
#pragma once

#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "kernels/parallel.h"

namespace keratin::tests {

/// Another number of kernel threads, as long as it lives.
class Threads {
 public:
  explicit Threads(int count) : before_(kernels::thread_count()) {
    kernels::set_thread_count(count);
  }
  ~Threads() { kernels::set_thread_count(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

inline Example number(std::int64_t i) {
  return {.x = Tensor::scalar(static_cast<double>(i), int32)};
}
inline std::int64_t number_of(const Example& example) { return example.x.item<std::int64_t>(); }

inline Example plus_100(Example example) { return number(number_of(example) + 100); }

/// 0, 1 ... count - 1: as rows of a tensor, from a generator, from a map.
inline Dataset slices(std::int64_t count) {
  return data::from_tensor_slices(arange(0, static_cast<double>(count), 1, int32));
}
inline Dataset generated(std::int64_t count) {
  return data::from_generator([i = std::int64_t{0}, count]() mutable -> std::optional<Example> {
    if (i == count) return {};
    return number(i++);
  });
}
inline Dataset mapped(std::int64_t count) {
  return slices(count).map([](Example example) { return example; });
}

struct NumberSource {
  const char* name;
  Dataset (*make)(std::int64_t count);
  bool knows_its_size;
};
inline constexpr NumberSource kNumberSources[] = {
    {"slices", slices, true}, {"generated", generated, false}, {"mapped", mapped, true}};

inline std::vector<std::int64_t> rest_of(data::Iterator& elements) {
  std::vector<std::int64_t> numbers;
  while (const std::optional<Example> element = elements.next())
    numbers.push_back(number_of(*element));
  return numbers;
}
/// The numbers of one pass.
inline std::vector<std::int64_t> numbers_of(const Dataset& dataset, std::int64_t pass = 0,
                                            std::int64_t skipped = 0) {
  data::Iterator elements = dataset.begin(pass, skipped);
  return rest_of(elements);
}
/// The numbers of one pass, batch by batch.
inline std::vector<std::vector<std::int64_t>> batches_of(const Dataset& dataset,
                                                         std::int64_t pass = 0,
                                                         std::int64_t skipped = 0) {
  std::vector<std::vector<std::int64_t>> batches;
  data::Iterator elements = dataset.begin(pass, skipped);
  while (const std::optional<Example> batch = elements.next())
    batches.push_back(batch->x.to_vector<std::int64_t>());
  return batches;
}

/// 0, 1 ... count - 1.
inline std::vector<std::int64_t> counting(std::int64_t count) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace keratin::tests

template <class T>
struct doctest::StringMaker<std::vector<T>> {
  static doctest::String convert(const std::vector<T>& values) {
    return fmt::format("{}", values).c_str();
  }
};
