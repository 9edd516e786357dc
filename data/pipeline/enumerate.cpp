#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "data/pipeline/pipeline.h"
#include "data/pipeline/structure.h"

namespace keratin::data::detail {
namespace {

Tensor number_tensor(std::int64_t number) {
  Tensor tensor = Tensor::empty({}, int64);
  *tensor.mutable_data<std::int64_t>() = number;
  return tensor;
}

Example numbered(Example example, std::int64_t number) {
  if (example.x.named()) {
    if (example.x.contains("index")) {
      throw ValueError(
          fmt::format("Dataset.enumerate: x has an \"index\" already: {}; rename it in map before",
                      listing(example)));
    }
    Named<Tensor> dict = {{"index", number_tensor(number)}};
    for (const auto& [name, tensor] : example.x.entries()) dict[name] = tensor;
    example.x = dict;
  } else {
    std::vector<Tensor> list = {number_tensor(number)};
    for (const auto& [name, tensor] : example.x.entries()) list.push_back(tensor);
    example.x = std::move(list);
  }
  return example;
}

class Enumerated : public Source<Example> {
 public:
  Enumerated(SourcePtr<Example> source, std::int64_t start)
      : source_(std::move(source)), start_(start) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), start_);
  }
  std::int64_t cardinality() const override { return source_->cardinality(); }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<Example> source, std::int64_t number) : source(std::move(source)), number(number) {}
    std::optional<Example> next() override {
      std::optional<Example> element = source->next();
      if (element) element = numbered(std::move(*element), number++);
      return element;
    }
    void skip(std::int64_t n) override {
      source->skip(n);
      // Past the largest number there is no element left to be numbered.
      if (__builtin_add_overflow(number, n, &number)) number = 0;
    }
    PassPtr<Example> source;
    std::int64_t number;
  };

  SourcePtr<Example> source_;
  std::int64_t start_;
};

// start, start + step ...
class Range : public Source<Example> {
 public:
  Range(std::int64_t start, std::int64_t step, std::int64_t count)
      : start_(start), step_(step), count_(count) {}
  PassPtr<Example> begin(std::int64_t) const override { return std::make_unique<Run>(*this); }
  std::int64_t cardinality() const override { return count_; }

 private:
  struct Run : Pass<Example> {
    explicit Run(const Range& range) : range(range) {}
    std::optional<Example> next() override {
      if (i >= range.count_) return {};
      const auto step = static_cast<std::uint64_t>(range.step_);  // wraps around, as it may
      return Example{
          .x = number_tensor(static_cast<std::int64_t>(static_cast<std::uint64_t>(range.start_) +
                                                       static_cast<std::uint64_t>(i++) * step))};
    }
    void skip(std::int64_t n) override { i += std::min(n, range.count_ - i); }
    const Range& range;
    std::int64_t i = 0;
  };

  std::int64_t start_, step_, count_;
};

class Single : public Source<Example> {
 public:
  explicit Single(Example element) : element_(std::move(element)) {}
  PassPtr<Example> begin(std::int64_t) const override { return std::make_unique<Run>(element_); }
  std::int64_t cardinality() const override { return 1; }

 private:
  struct Run : Pass<Example> {
    explicit Run(const Example& element) : element(element) {}
    std::optional<Example> next() override {
      if (std::exchange(given, true)) return {};
      return copy_of(element);  // whoever writes to it leaves the next pass alone
    }
    const Example& element;
    bool given = false;
  };

  Example element_;
};

}  // namespace

SourcePtr<Example> enumerated(SourcePtr<Example> source, std::int64_t start) {
  return std::make_shared<Enumerated>(std::move(source), start);
}
SourcePtr<Example> numbers(std::int64_t start, std::int64_t step, std::int64_t count) {
  return std::make_shared<Range>(start, step, count);
}
SourcePtr<Example> single(Example element) { return std::make_shared<Single>(std::move(element)); }

}  // namespace keratin::data::detail
