#include "data/utils/pad_sequences.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "tensor/cast.h"

namespace keratin::data {
namespace {

void check_options(const PadSequencesOptions& options) {
  const std::pair<const char*, const std::string&> sides[] = {{"padding", options.padding},
                                                              {"truncating", options.truncating}};
  for (const auto& [name, side] : sides) {
    if (side != "pre" && side != "post") {
      throw ValueError(
          fmt::format("pad_sequences: {} is \"{}\"; expected \"pre\" or \"post\"", name, side));
    }
  }
  if (options.maxlen && *options.maxlen < 1) {
    throw ValueError(
        fmt::format("pad_sequences: maxlen is {}; expected 1 or more", *options.maxlen));
  }
  if (options.value.number.has_value() == (options.dtype == string)) {
    throw DTypeError(
        fmt::format("pad_sequences: value is {}, and dtype {}; expected a text for strings, a "
                    "number for others",
                    options.value.number ? fmt::format("{}", *options.value.number)
                                         : fmt::format("\"{}\"", options.value.text),
                    name_of(options.dtype)));
  }
}

// The same numbers in another type. Throws where an integer type does not hold one.
Tensor converted(const Tensor& x, DType dtype, const std::string& what) {
  if (x.dtype() == dtype) return x;
  if (x.dtype() == string || dtype == string) {
    throw DTypeError(
        fmt::format("pad_sequences: {} is {}, and dtype {}; pass the dtype of the "
                    "sequences",
                    what, x.spec().text(), name_of(dtype)));
  }
  Tensor y = cast(x, dtype);
  if (is_floating(dtype)) return y;  // rounded at most
  const auto changed = [&](const auto& before, const auto& after) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (!(before[i] == after[i])) {
        throw ValueError(fmt::format(
            "pad_sequences: {} holds {}, which as {} would be {}; pass another dtype, such as "
            "float32",
            what, before[i], name_of(dtype), after[i]));
      }
    }
  };
  if (is_floating(x.dtype())) {
    changed(x.to_vector<double>(), y.to_vector<double>());
  } else {
    changed(x.to_vector<std::int64_t>(), y.to_vector<std::int64_t>());
  }
  return y;
}

Tensor padding_of(const PadSequencesOptions& options) {
  if (options.dtype == string) return Tensor::strings({options.value.text}, Shape{});
  return converted(Tensor::scalar(*options.value.number, float64), options.dtype, "value");
}

void fill(Tensor& y, const Tensor& value) {
  if (y.dtype() == string) {
    std::ranges::fill(y.mutable_strings(), value.strings()[0]);
    return;
  }
  const std::size_t element = size_of(y.dtype());
  for (std::int64_t i = 0; i < y.size(); ++i)
    std::memcpy(static_cast<char*>(y.raw()) + static_cast<std::size_t>(i) * element, value.raw(),
                element);
}

}  // namespace

Tensor pad_sequences(const std::vector<std::vector<std::int64_t>>& sequences,
                     const PadSequencesOptions& options) {
  std::vector<Tensor> tensors;
  for (const auto& sequence : sequences) tensors.push_back(Tensor::from(sequence));
  return detail::pad_sequences(tensors, options);
}

Tensor detail::pad_sequences(const std::vector<Tensor>& sequences,
                             const PadSequencesOptions& options) {
  check_options(options);
  std::int64_t longest = 0;
  const Tensor* first = nullptr;  // of those with steps: it has the shape of a step
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const Tensor& x = sequences[i];
    if (!x.defined() || x.rank() == 0) {
      throw ShapeError(fmt::format("pad_sequences: sequence {} is {}; expected an axis of steps", i,
                                   x.defined() ? x.spec().text() : "not set"));
    }
    if (x.shape()[0] == 0) continue;
    longest = std::max(longest, x.shape()[0]);
    if (first == nullptr) first = &x;
    if (x.shape().slice(1, x.rank()) != first->shape().slice(1, first->rank())) {
      throw ShapeError(fmt::format(
          "pad_sequences: steps differ in shape: sequence {} is {}, one before it {}; expected all "
          "sizes but the first to be equal",
          i, x.spec().text(), first->spec().text()));
    }
  }
  if (sequences.empty() && !options.maxlen)
    throw ValueError("pad_sequences: no sequences; pass maxlen for a tensor of none");
  const std::int64_t length = options.maxlen.value_or(longest);
  const Shape step = first == nullptr ? Shape{} : first->shape().slice(1, first->rank());
  Tensor y = Tensor::empty(Shape{std::ssize(sequences), length}.joined(step), options.dtype);
  fill(y, padding_of(options));
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::int64_t steps = sequences[i].shape()[0], kept = std::min(steps, length);
    if (kept == 0 || y.size() == 0) continue;
    const std::int64_t from = options.truncating == "pre" ? steps - kept : 0;
    const std::int64_t to = options.padding == "pre" ? length - kept : 0;
    const Tensor part = converted(sequences[i].slice(from, from + kept), options.dtype,
                                  fmt::format("sequence {}", i));
    y[static_cast<std::int64_t>(i)].slice(to, to + kept).copy_from(part);
  }
  return y;
}

}  // namespace keratin::data
