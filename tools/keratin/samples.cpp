#include "tools/keratin/samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>

#include "tensor/resize_images.h"

namespace keratin::tools {
namespace {

namespace fs = std::filesystem;

bool is_file(const std::string& path, std::string_view suffix) {
  std::error_code error;
  return path.ends_with(suffix) && fs::exists(path, error);
}
bool is_table(const std::string& path) { return is_file(path, ".csv") || is_file(path, ".csv.gz"); }

std::string name_of_input(const SymbolicTensors& inputs, std::int64_t i) {
  return inputs.named() ? inputs.name(i) : inputs.get(i).node()->layer->name();
}

std::string wanted_text(const SymbolicTensors& inputs) {
  std::string text;
  for (std::int64_t i = 0; i < inputs.count(); ++i) {
    text += fmt::format("{}\"{}\" {}", i == 0 ? "" : ", ", name_of_input(inputs, i),
                        inputs.get(i).spec().text());
  }
  return text;
}

// [rows] as the input has it, [rows] or [rows, 1].
Tensor column_for(const SymbolicTensor& input, const Tensor& column, const std::string& what) {
  const bool numbers = input.dtype() != string;
  if (numbers == (column.dtype() == string)) {
    throw DTypeError(fmt::format("predict: {}: the column is {}, the model takes {}", what,
                                 name_of(column.dtype()), name_of(input.dtype())));
  }
  Tensor values = numbers ? cast(column, input.dtype()) : column;
  return input.shape().rank() == 1 ? values : values.reshaped({values.size(), 1});
}

bool is_column(const SymbolicTensor& input) {
  const Shape& shape = input.shape();
  return shape.rank() == 1 || (shape.rank() == 2 && shape[1] == 1);
}

std::vector<std::string> row_titles(std::int64_t rows) {
  std::vector<std::string> titles;
  for (std::int64_t i = 0; i < rows; ++i) titles.push_back(fmt::format("row {}", i + 1));
  return titles;
}

bool is_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// A table whose first row may be one of values: it is where all of its columns are numbers then.
data::CsvTable table_by_position(const std::string& path) {
  const data::CsvTable table = data::read_csv(path, {.header = false});
  const auto& columns = table.columns();
  const bool values = std::none_of(columns.begin(), columns.end(), [](const data::Column& column) {
    return column.dtype == string;
  });
  return values ? table : data::read_csv(path);
}

// Columns by the names of the inputs.
Samples from_named_columns(const SymbolicTensors& inputs, const std::string& path) {
  const data::CsvTable table = data::read_csv(path);
  Named<Tensor> by_name;
  std::vector<Tensor> list;
  for (std::int64_t i = 0; i < inputs.count(); ++i) {
    const std::string name = name_of_input(inputs, i);
    if (!is_column(inputs.get(i))) {
      throw ValueError(fmt::format(
          "predict: {}: a column can't be the input \"{}\" {}; the model takes no table", path,
          name, inputs.get(i).spec().text()));
    }
    list.push_back(column_for(inputs.get(i), table[name], fmt::format("{}: \"{}\"", path, name)));
    by_name[name] = list.back();
  }
  Samples samples = {.titles = row_titles(table.rows())};
  samples.x = inputs.named()    ? Tensors(by_name)
              : inputs.single() ? Tensors(list[0])
                                : Tensors(list);
  return samples;
}

// All columns, by position, as the one input [rows, n].
Samples from_columns(const SymbolicTensor& input, const std::string& path) {
  const data::CsvTable table = table_by_position(path);
  const auto columns = static_cast<std::int64_t>(table.columns().size());
  const std::int64_t wanted = input.shape()[1];
  if (wanted != None && wanted != columns) {
    throw ShapeError(
        fmt::format("predict: {}: the table has {} columns; the model takes {} numbers a row", path,
                    columns, wanted));
  }
  std::vector<Tensor> all;
  for (const data::Column& column : table.columns()) {
    const Tensor values = table[column.name];
    if (values.dtype() == string) {
      throw DTypeError(
          fmt::format("predict: {}: the column \"{}\" holds texts; the model takes "
                      "numbers",
                      path, column.name));
    }
    all.push_back(cast(values, input.dtype()));
  }
  return {.x = stack(all, {.axis = 1}), .titles = row_titles(table.rows())};
}

// "5.1, 3.5": one row; none where it is no such text.
std::optional<std::vector<double>> numbers_of(const std::string& text) {
  std::vector<double> numbers;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find(',', first), text.size());
    std::string part = text.substr(first, end - first);
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
    if (!is_number(part)) return std::nullopt;
    std::from_chars(part.data(), part.data() + part.size(), numbers.emplace_back());
    first = end + 1;
  }
  return numbers;
}

bool takes_images(const SymbolicTensor& input) {
  const Shape& shape = input.shape();
  if (input.dtype() == string || shape.rank() < 3 || shape.rank() > 4) return false;
  return shape.rank() == 3 || shape[3] == 1 || shape[3] == 3 || shape[3] == 4;
}

// One image as the input wants it, [1, height, width(, channels)].
Tensor image_for(const SymbolicTensor& input, const std::string& path, double scale) {
  const Shape& shape = input.shape();
  const std::int64_t channels = shape.rank() == 3 ? 1 : shape[3];
  Tensor image = data::read_image(path, {.color_mode = channels == 1   ? "grayscale"
                                                       : channels == 3 ? "rgb"
                                                                       : "rgba"});
  const std::int64_t height = shape[1] == None ? image.shape()[0] : shape[1];
  const std::int64_t width = shape[2] == None ? image.shape()[1] : shape[2];
  if (height != image.shape()[0] || width != image.shape()[1]) {
    image = resize_images(image, {.size = {height, width}});
  }
  image = cast(image, float32) * static_cast<float>(scale);
  if (input.dtype() != float32 && input.dtype() != float64 && input.dtype() != bfloat16) {
    image = image + 0.5f;  // as cast cuts
  }
  image = cast(image, input.dtype());
  return image.reshaped(shape.rank() == 3 ? Shape{1, height, width}
                                          : Shape{1, height, width, channels});
}

std::vector<Samples> images_for(const SymbolicTensor& input, const std::vector<std::string>& paths,
                                double scale) {
  std::vector<Samples> batches;
  std::vector<std::vector<Tensor>> images;
  for (const std::string& path : paths) {
    const Tensor image = image_for(input, path, scale);
    if (images.empty() || images.back()[0].shape() != image.shape()) {
      images.emplace_back();
      batches.emplace_back();
    }
    images.back().push_back(image);
    batches.back().titles.push_back(fs::path(path).filename().string());
  }
  for (std::size_t i = 0; i < batches.size(); ++i) {
    batches[i].x = concatenate(images[i], {.axis = 0});
  }
  return batches;
}

}  // namespace

std::vector<Samples> read_samples(const SymbolicTensors& model_inputs,
                                  const std::vector<std::string>& inputs, double scale) {
  const SymbolicTensor& input = model_inputs.get(0);
  const bool one = model_inputs.count() == 1;
  if (one && takes_images(input) && !inputs[0].ends_with(".npy")) {
    return images_for(input, inputs, scale);
  }
  if (one && is_column(input) && input.dtype() == string && !is_table(inputs[0])) {
    for (const std::string& text : inputs) {
      if (!text.ends_with(".csv") && !text.ends_with(".csv.gz")) continue;
      throw FileError(fmt::format("predict: {}: no such file", text));
    }
    const auto rows = static_cast<std::int64_t>(inputs.size());
    const Shape shape = input.shape().rank() == 1 ? Shape{rows} : Shape{rows, 1};
    return {{.x = Tensor::strings(inputs, shape), .titles = inputs}};
  }
  std::vector<Samples> all;
  for (const std::string& text : inputs) {
    if (is_table(text)) {
      if (one && is_column(input)) {
        const data::CsvTable table =
            input.dtype() == string ? data::read_csv(text) : table_by_position(text);
        const std::string name = name_of_input(model_inputs, 0);
        if (table.columns().size() == 1 && table.columns()[0].name != name) {
          const Tensor column = table[table.columns()[0].name];
          all.push_back({.x = column_for(input, column, text), .titles = row_titles(table.rows())});
          continue;
        }
      }
      const bool by_position = one && input.shape().rank() == 2 && !is_column(input);
      all.push_back(by_position ? from_columns(input, text)
                                : from_named_columns(model_inputs, text));
      continue;
    }
    if (one && is_file(text, ".npy")) {
      const Tensor x = data::read_npy(text);
      all.push_back({.x = x, .titles = row_titles(x.rank() == 0 ? 1 : x.shape()[0])});
      continue;
    }
    const auto numbers = numbers_of(text);
    if (!one || !numbers || input.shape().rank() > 2 || input.dtype() == string) {
      throw ValueError(
          fmt::format("predict: \"{}\" is nothing that the model takes, which is {}; expected {}",
                      text, wanted_text(model_inputs),
                      one && takes_images(input)        ? "image files"
                      : one && input.shape().rank() > 2 ? "a .npy file"
                                                        : "a .csv file that exists"));
    }
    const auto count = static_cast<std::int64_t>(numbers->size());
    const std::int64_t wanted = input.shape().rank() == 1 ? None : input.shape()[1];
    if (wanted != None && wanted != count) {
      throw ShapeError(
          fmt::format("predict: {}: {} numbers; the model takes {}", text, count, wanted));
    }
    const Shape shape = input.shape().rank() == 1 ? Shape{count} : Shape{1, count};
    all.push_back({.x = cast(Tensor::from(*numbers, shape), input.dtype()),
                   .titles = shape.rank() == 1 ? row_titles(count) : std::vector{text}});
  }
  return all;
}

}  // namespace keratin::tools
