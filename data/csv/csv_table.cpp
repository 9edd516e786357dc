#include "data/csv/csv_table.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "data/csv/label.h"
#include "data/pipeline/table.h"
#include "data/splitmix.h"
#include "tensor/named.h"
#include "tensor/random.h"

namespace keratin::data {

struct CsvTable::Impl {
  std::vector<Column> columns;
  Named<Tensor> tensors;  // [rows] each
  std::int64_t rows = 0;
};

CsvTable::CsvTable(const Tensors& columns) {
  Impl impl;
  for (std::int64_t i = 0; i < columns.count(); ++i) {
    const Tensor& x = columns.get(i);
    if (!columns.named() || columns.name(i).empty())
      throw ValueError(fmt::format("CsvTable: tensor {} has no name; expected one a column", i));
    const std::string& name = columns.name(i);
    if (!x.defined()) throw ValueError(fmt::format("CsvTable: \"{}\" was never set", name));
    if (x.rank() == 0 || x.rank() > 2 || (x.rank() == 2 && x.shape()[1] != 1)) {
      throw ShapeError(fmt::format("CsvTable: \"{}\" is {}; expected [rows] or [rows, 1]", name,
                                   x.spec().text()));
    }
    if (i > 0 && x.shape()[0] != impl.rows) {
      throw ShapeError(fmt::format("CsvTable: \"{}\" is {}; expected {} rows, as \"{}\" has", name,
                                   x.spec().text(), impl.rows, columns.name(0)));
    }
    if (impl.tensors.contains(name))
      throw ValueError(fmt::format("CsvTable: two columns are called \"{}\"", name));
    impl.rows = x.shape()[0];
    impl.columns.push_back({name, x.dtype()});
    impl.tensors[name] = x.reshaped({impl.rows});
  }
  impl_ = std::make_shared<const Impl>(std::move(impl));
}

const std::vector<Column>& CsvTable::columns() const {
  static const std::vector<Column> none;
  return impl_ == nullptr ? none : impl_->columns;
}

std::int64_t CsvTable::rows() const { return impl_ == nullptr ? 0 : impl_->rows; }

Tensor CsvTable::operator[](std::string_view column) const {
  if (impl_ != nullptr)
    if (const Tensor* x = impl_->tensors.find(column)) return *x;
  std::vector<std::string> known;
  for (const Column& each : columns()) known.push_back(each.name);
  throw ValueError(
      fmt::format("CsvTable: no column is called \"{}\"{}", column, name_hint(column, known)));
}

std::pair<CsvTable, CsvTable> CsvTable::split(double left, SplitOptions options) const {
  if (!(left > 0 && left < 1))
    throw ValueError(fmt::format("CsvTable.split: left is {}; expected 0 < left < 1", left));
  const std::int64_t count = rows();
  const auto first = static_cast<std::int64_t>(std::nearbyint(left * static_cast<double>(count)));
  if (first == 0 || first == count) {
    throw ValueError(fmt::format(
        "CsvTable.split: of {} rows {} would go left at {}; expected some on both sides", count,
        first, left));
  }
  const std::uint64_t seed =
      options.seed ? static_cast<std::uint64_t>(*options.seed) : next_random_seed();
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  SplitMix random(seed, 0);
  for (std::size_t i = order.size(); i-- > 1;)
    std::swap(order[i],
              order[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i) + 1))]);
  const detail::Table table({.x = Tensors(impl_->tensors)});
  const auto part = [&](std::int64_t from, std::int64_t to) {
    return CsvTable(table
                        .gather(std::span<const std::int64_t>(order).subspan(
                            static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)))
                        .x);
  };
  return {part(0, first), part(first, count)};
}

Dataset from_table(const CsvTable& table, const FromTableOptions& options) {
  Named<Tensor> x;
  for (const Column& column : table.columns())
    if (column.name != options.label)
      x[column.name] = table[column.name].reshaped({table.rows(), 1});
  Tensors y;
  if (!options.label.empty()) {
    std::vector<std::string> known;
    for (const Column& column : table.columns()) known.push_back(column.name);
    if (x.size() == known.size()) {
      throw ValueError(fmt::format("from_table: the label \"{}\" is no column{}", options.label,
                                   name_hint(options.label, known)));
    }
    y = table[options.label];
    detail::require_label("from_table", options.label, y, 0);
  }
  if (x.empty()) {
    throw ValueError(fmt::format("from_table: the table has no column{}; expected some to be x",
                                 options.label.empty() ? "" : " but the label"));
  }
  return from_tensor_slices(Tensors(x), y);
}

void detail::require_label(const std::string& where, const std::string& label, const Tensor& y,
                           std::int64_t rows_before) {
  if (y.dtype() == string) {
    throw DTypeError(fmt::format(
        "{}: the label \"{}\" holds texts{}; expected numbers. Make numbers of them with a "
        "StringLookup first.",
        where, label, y.size() == 0 ? "" : fmt::format(", such as \"{}\"", y.strings().front())));
  }
  if (!is_floating(y.dtype())) return;
  const std::vector<double> values = y.to_vector<double>();
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (std::isnan(values[row])) {
      throw ValueError(fmt::format(
          "{}: the label \"{}\" is missing in row {}, counted from 0; expected one in every row. "
          "Leave out such rows.",
          where, label, rows_before + static_cast<std::int64_t>(row)));
    }
  }
}

}  // namespace keratin::data
