#include "data/csv/write_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include "data/atomic_file.h"
#include "data/utf8.h"
#include "tensor/cast.h"

namespace keratin::data {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;  // bytes written at once

void add_text(std::string& out, std::string_view text, char separator, bool alone) {
  const bool quoted = text.find(separator) != std::string_view::npos ||
                      text.find_first_of("\"\r\n") != std::string_view::npos ||
                      (alone && text.empty());  // else an empty line, which is no row
  if (!quoted) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

// With a point or an exponent, so that whole numbers are read as floating ones again.
template <class T>
void add_floating(std::string& out, T value, bool alone) {
  if (std::isnan(value)) {
    if (alone) out += "\"\"";
    return;
  }
  const std::size_t before = out.size();
  fmt::format_to(std::back_inserter(out), "{}", value);
  if (out.find_first_not_of("-0123456789", before) == std::string::npos) out += ".0";
}

void add_field(std::string& out, const Tensor& x, std::int64_t row, char separator, bool alone) {
  switch (x.dtype()) {
    case DType::float32:
      return add_floating(out, x.data<float>()[row], alone);
    case DType::float64:
      return add_floating(out, x.data<double>()[row], alone);
    case DType::uint8:
      out += std::to_string(x.data<std::uint8_t>()[row]);
      return;
    case DType::int32:
      out += std::to_string(x.data<std::int32_t>()[row]);
      return;
    case DType::int64:
      out += std::to_string(x.data<std::int64_t>()[row]);
      return;
    case DType::boolean:
      out += x.data<bool>()[row] ? "True" : "False";
      return;
    case DType::string:
      return add_text(out, x.strings()[static_cast<std::size_t>(row)], separator, alone);
    case DType::bfloat16:  // cast before
      break;
  }
  KERATIN_ASSERT(false);
}

const char* fault_of(const std::string& text) {
  if (well_formed_utf8(text) != text.size()) return "is no UTF-8";
  return text.find('\0') != std::string::npos ? "holds a NUL byte" : nullptr;
}

void require_texts(const std::string& where, const std::string& column, const Tensor& x) {
  if (const char* fault = fault_of(column))
    throw ValueError(fmt::format("{}: the name of a column {}", where, fault));
  if (x.dtype() != string) return;
  std::int64_t row = 0;
  for (const std::string& text : x.strings()) {
    if (const char* fault = fault_of(text))
      throw ValueError(fmt::format("{}: row {} of column \"{}\" {}", where, row, column, fault));
    ++row;
  }
}

}  // namespace

void write_csv(const std::string& path, const CsvTable& table, const WriteCsvOptions& options) {
  const std::string where = fmt::format("write_csv: {}", path);
  if (options.separator.size() != 1 || options.separator == "\"" || options.separator == "\n" ||
      options.separator == "\r" || options.separator == ".") {
    throw ValueError(fmt::format("{}: separator is \"{}\"; expected one character, such as , or ;",
                                 where, options.separator));
  }
  if (table.columns().empty()) throw ValueError(fmt::format("{}: the table has no columns", where));
  std::vector<Tensor> columns;
  for (const Column& column : table.columns()) {
    Tensor x = table[column.name];
    require_texts(where, column.name, x);
    columns.push_back(x.dtype() == bfloat16 ? cast(x, float32) : std::move(x));
  }
  AtomicFile file("write_csv", path);
  const char separator = options.separator[0];
  const bool alone = columns.size() == 1;
  std::string out;
  if (options.header) {
    for (const Column& column : table.columns()) {
      if (&column != &table.columns().front()) out += separator;
      add_text(out, column.name, separator, alone);
    }
    out += '\n';
  }
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += separator;
      add_field(out, columns[i], row, separator, alone);
    }
    out += '\n';
    if (out.size() >= kPiece) {
      file.write(out);
      out.clear();
    }
  }
  file.write(out);
  file.commit();
}

}  // namespace keratin::data
