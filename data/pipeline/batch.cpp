// Batches of single examples. Rows of a table are gathered instead: slices.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {
namespace {

// "none", "one tensor", "3 tensors" or "\"a\", \"b\""
std::string structure(const Tensors& tensors) {
  if (tensors.none()) return "none";
  if (tensors.single()) return "one tensor";
  if (!tensors.named()) return fmt::format("a list of {}", tensors.count());
  std::string names;
  for (const auto& [name, tensor] : tensors.entries())
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name);
  return names;
}

bool same_structure(const Tensors& a, const Tensors& b) {
  if (a.count() != b.count() || a.named() != b.named() || a.single() != b.single()) return false;
  for (std::int64_t i = 0; i < a.count(); ++i)
    if (a.name(i) != b.name(i)) return false;
  return true;
}

// `column` of the batch, from tensor `position` of that part of each element.
Tensor stack(const std::vector<Example>& batch, Tensors Example::*part, const char* part_name,
             std::int64_t position) {
  const auto element = [&](std::size_t i) -> const Tensor& {
    return (batch[i].*part).get(position);
  };
  const auto described = [&](std::size_t i) {
    const std::string& name = (batch[i].*part).name(position);
    return fmt::format("{}{} {}", part_name, name.empty() ? "" : fmt::format(" \"{}\"", name),
                       element(i).spec().text());
  };
  const Tensor& first = element(0);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!element(i).defined()) {
      throw ValueError(
          fmt::format("Dataset.batch: a tensor of {} in element {} of the batch has no "
                      "value: it was never set",
                      part_name, i));
    }
    if (element(i).dtype() != first.dtype()) {
      throw DTypeError(
          fmt::format("Dataset.batch: elements of a batch differ in dtype: element 0 has {}, "
                      "element {} has {}; they must be alike. Cast them in map before.",
                      described(0), i, described(i)));
    }
    if (element(i).shape() != first.shape()) {
      throw ShapeError(fmt::format(
          "Dataset.batch: elements of a batch differ in shape: element 0 has {}, element {} has "
          "{}; they must be alike. Pad, cut or resize them in map before.",
          described(0), i, described(i)));
    }
  }
  Tensor y = Tensor::empty(Shape{static_cast<std::int64_t>(batch.size())}.joined(first.shape()),
                           first.dtype());
  if (first.size() == 0) return y;
  if (first.dtype() == DType::string) {
    auto to = y.mutable_strings().begin();
    for (std::size_t i = 0; i < batch.size(); ++i)
      to = std::ranges::copy(element(i).strings(), to).out;
  } else {
    const auto bytes = static_cast<std::size_t>(first.bytes());
    char* to = static_cast<char*>(y.raw());
    for (std::size_t i = 0; i < batch.size(); ++i, to += bytes)
      std::memcpy(to, element(i).raw(), bytes);
  }
  return y;
}

Tensors stack(const std::vector<Example>& batch, Tensors Example::*part, const char* part_name) {
  const Tensors& first = batch[0].*part;
  for (std::size_t i = 1; i < batch.size(); ++i) {
    if (!same_structure(first, batch[i].*part)) {
      throw ValueError(fmt::format(
          "Dataset.batch: elements of a batch differ in structure: {} of element 0 is {}, of "
          "element {} is {}; they must be alike",
          part_name, structure(first), i, structure(batch[i].*part)));
    }
  }
  std::int64_t position = 0;
  return first.map([&](const Tensor&) { return stack(batch, part, part_name, position++); });
}

class Stacked : public Source<Example> {
 public:
  Stacked(SourcePtr<Example> source, std::int64_t size, bool drop_remainder)
      : source_(std::move(source)), size_(size), drop_remainder_(drop_remainder) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), size_, drop_remainder_);
  }
  std::int64_t cardinality() const override {
    return batch_count(source_->cardinality(), size_, drop_remainder_);
  }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<Example> source, std::int64_t size, bool drop_remainder)
        : source(std::move(source)), size(size), drop_remainder(drop_remainder) {}
    std::optional<Example> next() override {
      std::vector<Example> batch;
      while (static_cast<std::int64_t>(batch.size()) < size) {
        std::optional<Example> element = source->next();
        if (!element) {
          if (batch.empty() || drop_remainder) return {};
          break;
        }
        batch.push_back(std::move(*element));
      }
      return Example{stack(batch, &Example::x, "x"), stack(batch, &Example::y, "y"),
                     stack(batch, &Example::sample_weight, "sample_weight")};
    }
    void skip(std::int64_t n) override { source->skip(element_count(n, size)); }
    PassPtr<Example> source;
    std::int64_t size;
    bool drop_remainder;
  };

  SourcePtr<Example> source_;
  std::int64_t size_;
  bool drop_remainder_;
};

}  // namespace

SourcePtr<Example> stacked(SourcePtr<Example> source, std::int64_t size, bool drop_remainder) {
  return std::make_shared<Stacked>(std::move(source), size, drop_remainder);
}

}  // namespace keratin::data::detail
