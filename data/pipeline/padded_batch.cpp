#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"
#include "data/pipeline/structure.h"
#include "tensor/cast.h"

namespace keratin::data::detail {
namespace {

constexpr std::array<Several<Shape> PaddedShapes::*, 3> kShapes = {
    &PaddedShapes::x, &PaddedShapes::y, &PaddedShapes::sample_weight};

bool is_open(std::int64_t size) { return size == -1 || size == None; }

// What options give for a tensor: one for all of its part, or by position or name.
template <class T>
const T* chosen(const Several<T>& given, const Tensors& tensors, std::int64_t position,
                const char* part, const char* option) {
  if (given.none()) return nullptr;
  if (given.single()) return &given.get(0);
  if (given.named() && tensors.named()) {
    for (const auto& [name, value] : given.entries()) {
      if (!tensors.contains(name)) {
        throw ValueError(
            fmt::format("Dataset.padded_batch: {} has {} \"{}\"; {} of the elements "
                        "is {}",
                        option, part, name, part, structure(tensors)));
      }
    }
    const std::string& name = tensors.name(position);
    return given.contains(name) ? &given[name] : nullptr;
  }
  if (given.named() || given.count() != tensors.count()) {
    throw ValueError(
        fmt::format("Dataset.padded_batch: {} has {} for {}; {} of the elements is {}", option,
                    given.named() ? "names" : fmt::format("a list of {}", given.count()), part,
                    part, structure(tensors)));
  }
  return &given.get(position);
}

// The shape that holds all of them: as long as the longest along an axis that is open.
Shape padded_shape(const std::vector<const Tensor*>& elements, const Shape* wanted,
                   const std::string& name) {
  const Tensor& first = *elements[0];
  Shape shape = wanted != nullptr && wanted->is_set() ? *wanted : first.shape();
  const bool given = wanted != nullptr && wanted->is_set();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Tensor& x = *elements[i];
    if (x.dtype() != first.dtype()) {
      throw DTypeError(fmt::format(
          "Dataset.padded_batch: elements of a batch differ in dtype: {} of element 0 is {}, of "
          "element {} is {}; they must be alike. Cast them in map before.",
          name, first.spec().text(), i, x.spec().text()));
    }
    if (x.rank() != shape.rank()) {
      throw ShapeError(fmt::format(
          "Dataset.padded_batch: ranks differ: {} of element {} is {}; {} "
          "{}",
          name, i, x.spec().text(), given ? "padded_shapes has" : "that of element 0 is",
          given ? shape.text() : first.spec().text()));
    }
    for (std::int64_t axis = 0; axis < shape.rank(); ++axis) {
      const std::int64_t size = x.shape()[axis];
      const bool open = !given || is_open((*wanted)[axis]);
      if (open) {
        shape = shape.with(axis, i == 0 ? size : std::max(shape[axis], size));
      } else if (size > shape[axis]) {
        throw ShapeError(
            fmt::format("Dataset.padded_batch: an element is too long: {} of element {} is {}, and "
                        "padded_shapes allows {} along axis {}. Cut it in map before, or pad to "
                        "the longest (-1).",
                        name, i, x.spec().text(), shape[axis], axis));
      }
    }
  }
  return shape;
}

// Calls f(from, to, count) for each run of elements of x in the first corner of y.
template <class F>
void for_each_run(const Shape& x, const Shape& y, const F& f) {
  if (x.rank() == 0) return f(0, 0, 1);
  const std::int64_t run = x.back();
  if (x.size() == 0) return;
  std::vector<std::int64_t> index(static_cast<std::size_t>(x.rank()), 0);
  for (std::int64_t from = 0; from < x.size(); from += run) {
    std::int64_t to = 0;
    for (std::int64_t axis = 0; axis < x.rank(); ++axis)
      to = to * y[axis] + index[static_cast<std::size_t>(axis)];
    f(from, to, run);
    for (std::int64_t axis = x.rank() - 2; axis >= 0; --axis) {
      auto& i = index[static_cast<std::size_t>(axis)];
      if (++i < x[axis]) break;
      i = 0;
    }
  }
}

// The padding as a tensor of the elements' dtype; 0 or "" where none is given.
Tensor padding_of(const Tensor* value, DType dtype, const std::string& name) {
  if (value == nullptr)
    return dtype == string ? Tensor::strings({""}, Shape{}) : zeros(Shape{}, dtype);
  const bool text = value->dtype() == string;
  if (text != (dtype == string)) {
    throw DTypeError(fmt::format("Dataset.padded_batch: padding_values has {} for {}, which is {}",
                                 value->spec().text(), name, name_of(dtype)));
  }
  if (text || value->dtype() == dtype) return *value;
  const Tensor converted = cast(*value, dtype);
  const auto given = value->item<double>(), got = converted.item<double>();
  const bool rounded = is_floating(dtype) && is_floating(value->dtype());
  if (!rounded && !(given == got)) {
    throw ValueError(
        fmt::format("Dataset.padded_batch: padding_values has {} for {}, which as {} would be {}",
                    given, name, name_of(dtype), got));
  }
  return converted;
}

Tensor pad(const std::vector<const Tensor*>& elements, const Shape& shape, const Tensor& padding) {
  Tensor y = Tensor::empty(Shape{static_cast<std::int64_t>(elements.size())}.joined(shape),
                           padding.dtype());
  if (y.size() == 0) return y;
  if (padding.dtype() == string) {
    const auto to = y.mutable_strings();
    std::ranges::fill(to, padding.strings()[0]);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const auto from = elements[i]->strings();
      const auto place = to.subspan(i * static_cast<std::size_t>(shape.size()));
      for_each_run(elements[i]->shape(), shape,
                   [&](std::int64_t source, std::int64_t target, std::int64_t count) {
                     std::copy_n(from.begin() + source, count, place.begin() + target);
                   });
    }
    return y;
  }
  const std::size_t element = size_of(padding.dtype());
  auto* to = static_cast<char*>(y.raw());
  for (std::int64_t i = 0; i < y.size(); ++i)
    std::memcpy(to + static_cast<std::size_t>(i) * element, padding.raw(), element);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto* from = static_cast<const char*>(elements[i]->raw());
    char* place = to + i * static_cast<std::size_t>(shape.size()) * element;
    for_each_run(elements[i]->shape(), shape,
                 [&](std::int64_t source, std::int64_t target, std::int64_t count) {
                   std::memcpy(place + static_cast<std::size_t>(target) * element,
                               from + static_cast<std::size_t>(source) * element,
                               static_cast<std::size_t>(count) * element);
                 });
  }
  return y;
}

Example padded(const std::vector<Example>& batch, const PaddedBatchOptions& options) {
  require_same_structure("Dataset.padded_batch", batch);
  Example result;
  for (std::size_t p = 0; p < kParts.size(); ++p) {
    const PartOfExample& part = kParts[p];
    const Tensors& first = batch[0].*part.tensors;
    std::int64_t position = 0;
    result.*part.tensors = first.map([&](const Tensor&) {
      const std::int64_t at = position++;
      const std::string name = tensor_name(part.name, first, at);
      std::vector<const Tensor*> elements;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        elements.push_back(&(batch[i].*part.tensors).get(at));
        if (!elements.back()->defined()) {
          throw ValueError(fmt::format(
              "Dataset.padded_batch: {} of element {} of the batch has no value: it was never set",
              name, i));
        }
      }
      const Shape* shape =
          chosen(options.padded_shapes.*kShapes[p], first, at, part.name, "padded_shapes");
      const Tensor* value =
          chosen(options.padding_values.*part.tensors, first, at, part.name, "padding_values");
      return pad(elements, padded_shape(elements, shape, name),
                 padding_of(value, elements[0]->dtype(), name));
    });
  }
  return result;
}

class PaddedBatches : public Source<Example> {
 public:
  PaddedBatches(SourcePtr<Example> source, std::int64_t size, PaddedBatchOptions options)
      : source_(std::move(source)), size_(size), options_(std::move(options)) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), size_, options_);
  }
  std::int64_t cardinality() const override {
    return batch_count(source_->cardinality(), size_, options_.drop_remainder);
  }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<Example> source, std::int64_t size, const PaddedBatchOptions& options)
        : source(std::move(source)), size(size), options(options) {}
    std::optional<Example> next() override {
      std::vector<Example> batch;
      while (static_cast<std::int64_t>(batch.size()) < size) {
        std::optional<Example> element = source->next();
        if (!element) {
          if (batch.empty() || options.drop_remainder) return {};
          break;
        }
        batch.push_back(std::move(*element));
      }
      return padded(batch, options);
    }
    void skip(std::int64_t n) override { source->skip(element_count(n, size)); }
    PassPtr<Example> source;
    std::int64_t size;
    const PaddedBatchOptions& options;
  };

  SourcePtr<Example> source_;
  std::int64_t size_;
  PaddedBatchOptions options_;
};

}  // namespace

void check_padding(const PaddedBatchOptions& options) {
  for (std::size_t p = 0; p < kParts.size(); ++p) {
    for (const auto& [name, shape] : (options.padded_shapes.*kShapes[p]).entries()) {
      for (const std::int64_t size : shape) {
        if (size < 0 && !is_open(size)) {
          throw ValueError(fmt::format(
              "Dataset.padded_batch: padded_shapes for {} has size {} in {}; expected 0 or more, "
              "or -1 for the longest of the batch",
              kParts[p].name, size, shape.text()));
        }
      }
    }
    for (const auto& [name, value] : (options.padding_values.*kParts[p].tensors).entries()) {
      if (!value.defined() || value.rank() != 0) {
        throw ShapeError(fmt::format(
            "Dataset.padded_batch: padding_values for {} is {}; expected one number, such as "
            "Tensor::scalar(-1)",
            kParts[p].name, value.defined() ? value.spec().text() : "not set"));
      }
    }
  }
}

SourcePtr<Example> padded_batches(SourcePtr<Example> source, std::int64_t size,
                                  PaddedBatchOptions options) {
  return std::make_shared<PaddedBatches>(std::move(source), size, std::move(options));
}

}  // namespace keratin::data::detail
