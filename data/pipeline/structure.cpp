#include "data/pipeline/structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace keratin::data::detail {
namespace {

// Tensor `position` of a part of the batch, from that of each element.
Tensor stack(const char* what, const std::vector<Example>& batch, const PartOfExample& part,
             std::int64_t position) {
  const auto element = [&](std::size_t i) -> const Tensor& {
    return (batch[i].*part.tensors).get(position);
  };
  const auto described = [&](std::size_t i) {
    const std::string& name = (batch[i].*part.tensors).name(position);
    return fmt::format("{}{} {}", part.name, name.empty() ? "" : fmt::format(" \"{}\"", name),
                       element(i).spec().text());
  };
  const Tensor& first = element(0);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!element(i).defined()) {
      throw ValueError(fmt::format(
          "{}: a tensor of {} in element {} of the batch has no value: it was never set", what,
          part.name, i));
    }
    if (element(i).dtype() != first.dtype()) {
      throw DTypeError(
          fmt::format("{}: elements of a batch differ in dtype: element 0 has {}, element {} has "
                      "{}; they must be alike. Cast them in map before.",
                      what, described(0), i, described(i)));
    }
    if (element(i).shape() != first.shape()) {
      throw ShapeError(fmt::format(
          "{}: elements of a batch differ in shape: element 0 has {}, element {} has {}; they must "
          "be alike. Pad, cut or resize them in map before.",
          what, described(0), i, described(i)));
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

}  // namespace

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

std::string listing(const Example& example) {
  std::string text;
  for (const PartOfExample& part : kParts) {
    for (const auto& [name, tensor] : (example.*part.tensors).entries()) {
      text += fmt::format("{}{}{} {}", text.empty() ? "" : ", ", part.name,
                          name.empty() ? "" : fmt::format(" \"{}\"", name), tensor.spec().text());
    }
  }
  return text;
}

std::string tensor_name(const char* part, const Tensors& tensors, std::int64_t position) {
  if (tensors.named()) return fmt::format("{} \"{}\"", part, tensors.name(position));
  return tensors.single() ? part : fmt::format("{} {}", part, position);
}

void require_same_structure(const char* what, const std::vector<Example>& batch) {
  for (const PartOfExample& part : kParts) {
    const Tensors& first = batch[0].*part.tensors;
    for (std::size_t i = 1; i < batch.size(); ++i) {
      if (!same_structure(first, batch[i].*part.tensors)) {
        throw ValueError(fmt::format(
            "{}: elements of a batch differ in structure: {} of element 0 is {}, of element {} is "
            "{}; they must be alike",
            what, part.name, structure(first), i, structure(batch[i].*part.tensors)));
      }
    }
  }
}

Example stack(const char* what, const std::vector<Example>& batch) {
  require_same_structure(what, batch);
  Example stacked;
  for (const PartOfExample& part : kParts) {
    std::int64_t position = 0;
    stacked.*part.tensors = (batch[0].*part.tensors).map([&](const Tensor&) {
      return stack(what, batch, part, position++);
    });
  }
  return stacked;
}

Example copy_of(const Example& example) {
  const auto copy = [](const Tensor& x) { return x.defined() ? x.copy() : x; };
  return {example.x.map(copy), example.y.map(copy), example.sample_weight.map(copy)};
}

void for_each_tensor(const Example& example, const std::function<void(const Tensor&)>& f) {
  for (const PartOfExample& part : kParts)
    for (const auto& [name, tensor] : (example.*part.tensors).entries()) f(tensor);
}

}  // namespace keratin::data::detail
