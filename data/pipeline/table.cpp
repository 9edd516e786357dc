#include "data/pipeline/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "data/pipeline/structure.h"

namespace keratin::data::detail {
namespace {

// y[i] = x[rows[i]]; rows that follow one another are copied at once.
Tensor gather_tensor(const Tensor& x, std::span<const std::int64_t> rows) {
  Tensor y = Tensor::empty(x.shape().with(0, static_cast<std::int64_t>(rows.size())), x.dtype());
  if (y.size() == 0) return y;
  const std::int64_t row = x.size() / x.shape()[0];
  const auto copy_runs = [&](const auto& copy) {
    for (std::size_t i = 0, next = 0; i < rows.size(); i = next) {
      for (next = i + 1; next < rows.size() && rows[next] == rows[next - 1] + 1;) ++next;
      copy(rows[i] * row, static_cast<std::int64_t>(i) * row,
           static_cast<std::int64_t>(next - i) * row);
    }
  };
  if (x.dtype() == DType::string) {
    const auto from = x.strings();
    const auto to = y.mutable_strings();
    copy_runs([&](std::int64_t source, std::int64_t target, std::int64_t count) {
      std::copy_n(from.begin() + source, count, to.begin() + target);
    });
  } else {
    const auto element = static_cast<std::int64_t>(size_of(x.dtype()));
    const char* from = static_cast<const char*>(x.raw());
    char* to = static_cast<char*>(y.raw());
    copy_runs([&](std::int64_t source, std::int64_t target, std::int64_t count) {
      std::memcpy(to + target * element, from + source * element,
                  static_cast<std::size_t>(count * element));
    });
  }
  return y;
}

template <class F>
Example transformed(const Example& columns, const F& f) {
  return {columns.x.map(f), columns.y.map(f), columns.sample_weight.map(f)};
}

}  // namespace

Table::Table(Example columns) : columns_(std::move(columns)) {
  if (columns_.x.none()) throw ValueError("from_tensor_slices: x is empty; expected a tensor");
  for_each_tensor(columns_, [&](const Tensor& tensor) {
    if (!tensor.defined()) {
      throw ValueError(fmt::format(
          "from_tensor_slices: a tensor has no value, it was never set: {}", listing(columns_)));
    }
    if (tensor.rank() == 0) {
      throw ShapeError(
          fmt::format("from_tensor_slices: a tensor has no axis to slice: {}; expected a leading "
                      "axis of samples. For one sample use reshape(x, {{1}}).",
                      listing(columns_)));
    }
  });
  rows_ = columns_.x.shape()[0];
  for_each_tensor(columns_, [&](const Tensor& tensor) {
    if (tensor.shape()[0] != rows_) {
      throw ShapeError(
          fmt::format("from_tensor_slices: numbers of samples differ: {}; the first sizes must be "
                      "equal",
                      listing(columns_)));
    }
  });
}

Example Table::row(std::int64_t i) const {
  return transformed(columns_, [&](const Tensor& x) { return x[i].copy(); });
}

Example Table::gather(std::span<const std::int64_t> rows) const {
  return transformed(columns_, [&](const Tensor& x) { return gather_tensor(x, rows); });
}

}  // namespace keratin::data::detail
