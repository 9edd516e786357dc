#include "nn/inspect/preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "data/images/write_png.h"
#include "data/pipeline/make_dataset.h"
#include "data/utf8.h"
#include "nn/inspect/cells.h"
#include "nn/inspect/draw.h"
#include "nn/inspect/survey.h"
#include "nn/inspect/terminal.h"

namespace keratin::data {
namespace {

using keratin::detail::Align;
using keratin::detail::aligned;
using keratin::detail::cell_width;
using keratin::detail::Survey;
using keratin::detail::SurveyColumn;

constexpr std::int64_t kSheet = 64;               // images of a contact sheet
constexpr std::int64_t kSmall = 18, kLarge = 38;  // characters across an image: four in 80, or two
constexpr std::int64_t kMostLabels = 20;          // lines of counts

void check_options(const PreviewOptions& options) {
  const std::pair<const char*, std::int64_t> least_one[] = {{"samples", options.samples}};
  for (const auto& [name, value] : least_one)
    if (value < 1)
      throw ValueError(fmt::format("preview: {} is {}; expected 1 or more", name, value));
  if (options.rows < 0 || options.columns < 0) {
    throw ValueError(fmt::format("preview: a negative size: rows is {}, columns {}", options.rows,
                                 options.columns));
  }
}

std::vector<std::string> names_of(const Dataset& dataset, const PreviewOptions& options) {
  if (!options.class_names.empty()) return options.class_names;
  const auto& files = detail::PipelineOf::get(dataset, "preview").files;
  return files == nullptr ? std::vector<std::string>{} : files->class_names;
}

std::string label_name(double label, const std::vector<std::string>& names) {
  const bool named = label >= 0 && label < static_cast<double>(names.size());
  return named ? names[static_cast<std::size_t>(label)] : fmt::format("{:g}", label);
}

std::string plural(std::int64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string heading(const Survey& survey) {
  const std::string all = survey.cardinality == kInfinite  ? "without end"
                          : survey.cardinality == kUnknown ? "of unknown number"
                          : survey.batched ? plural(survey.cardinality, "batch", "batches")
                                           : plural(survey.cardinality, "sample", "samples");
  const std::string what = survey.cardinality >= 0 ? all
                           : survey.batched        ? "batches " + all
                                                   : "samples " + all;
  return fmt::format(
      "{}; {}\n", what,
      survey.whole ? fmt::format("all {} read", survey.samples)
                   : fmt::format("the first {} read", plural(survey.samples, "sample", "samples")));
}

// "0 … 255, mean 33.3"
std::string range_text(const SurveyColumn& column) {
  std::string text;
  if (column.dtype == string) {
    if (column.shortest < 0) return "";
    return column.shortest == column.longest
               ? fmt::format("{} bytes", column.longest)
               : fmt::format("{} to {} bytes", column.shortest, column.longest);
  }
  if (column.has_range())
    text = fmt::format("{:.4g} to {:.4g}, mean {:.4g}", column.least, column.most, column.mean());
  if (column.nans > 0) text += fmt::format("{}{} NaN", text.empty() ? "" : ", ", column.nans);
  if (column.infinities > 0)
    text += fmt::format("{}{} infinite", text.empty() ? "" : ", ", column.infinities);
  return text;
}

std::string columns_text(const Survey& survey, std::int64_t width) {
  std::int64_t names = 0, specs = 0;
  std::vector<std::string> texts;
  for (const SurveyColumn& column : survey.columns) {
    texts.push_back(fmt::format("{}{}", short_name_of(column.dtype),
                                column.same_rank ? column.shape.text() : "[...]"));
    names = std::max(names, cell_width(column.name));
    specs = std::max(specs, cell_width(texts.back()));
  }
  names = std::min(names, width / 4);
  specs = std::min(specs, width / 3);
  std::string text;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    text +=
        fmt::format("  {}  {}  {}\n", aligned(survey.columns[i].name, names, Align::left),
                    aligned(texts[i], specs, Align::left),
                    keratin::detail::cropped(range_text(survey.columns[i]),
                                             std::max<std::int64_t>(width - names - specs - 6, 8)));
  }
  return text;
}

std::string counts_text(const SurveyColumn& column, const std::vector<std::string>& names,
                        std::int64_t width) {
  std::vector<std::pair<std::string, std::int64_t>> counts;
  if (column.dtype == string) {
    for (const auto& [text, count] : column.text_counts()) counts.emplace_back(text, count);
  } else {
    for (const auto& [label, count] : column.counts())
      counts.emplace_back(label_name(label, names), count);
  }
  std::int64_t all = 0, most = 0, widest = 0;
  for (const auto& [name, count] : counts) {
    all += count;
    most = std::max(most, count);
    widest = std::max(widest, cell_width(name));
  }
  widest = std::min(widest, width / 3);
  const std::int64_t digits = std::ssize(fmt::format("{}", most));
  const std::int64_t bar = std::clamp<std::int64_t>(width - widest - digits - 15, 4, 40);
  std::string text =
      fmt::format("\n{}: {}{}\n", column.name, plural(std::ssize(counts), "class", "classes"),
                  column.one_hot ? ", one-hot" : "");
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (std::ssize(counts) > kMostLabels && std::ssize(text) > 0 &&
        static_cast<std::int64_t>(i) == kMostLabels - 1) {
      text += fmt::format("  ... and {} more\n", counts.size() - i);
      break;
    }
    const auto& [name, count] = counts[i];
    const std::int64_t eighths = count * bar * 8 / most;  // of a character
    static constexpr const char* kPart[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    std::string drawn;
    for (std::int64_t full = 0; full < eighths / 8; ++full) drawn += "█";
    drawn += eighths == 0 ? "▏" : kPart[eighths % 8];
    text += fmt::format("  {}  {}  {:>{}}  {:>5.1f} %\n", aligned(name, widest, Align::left),
                        aligned(drawn, bar, Align::left), count, digits,
                        100.0 * static_cast<double>(count) / static_cast<double>(all));
  }
  return text;
}

// ---- samples

// Red, green and blue to grey as Rec. 601 does, numbers to 0 ... 1.
Tensor grey(const Tensor& image, double white, double black) {
  const std::int64_t channels = image.rank() == 3 ? image.shape()[2] : 1;
  const std::vector<double> values = image.to_vector<double>();
  std::vector<float> pixels;
  for (std::size_t i = 0; i < values.size(); i += static_cast<std::size_t>(channels)) {
    const double value = channels < 3
                             ? values[i]
                             : 0.299 * values[i] + 0.587 * values[i + 1] + 0.114 * values[i + 2];
    pixels.push_back(static_cast<float>(std::clamp((value - black) / (white - black), 0.0, 1.0)));
  }
  return Tensor::from(pixels, {1, image.shape()[0], image.shape()[1]});
}

// What is white, and what black, in this column's images.
std::pair<double, double> limits(const SurveyColumn& column) {
  return {column.dtype == uint8 || column.most > 1 ? 255 : 1, column.least < 0 ? -1 : 0};
}

// "0.12, -3, 5 … (784)"
std::string sample_text(const Tensor& sample, std::int64_t cells) {
  std::string text;
  const std::int64_t size = sample.size();
  std::int64_t shown = 0;
  if (sample.dtype() == string) {
    for (const std::string& one : sample.strings())
      text += fmt::format("{}\"{}\"", shown++ == 0 ? "" : ", ", utf8_prefix(one, 200));
    return keratin::detail::cropped(text, cells);
  }
  const std::vector<double> values =
      sample.reshaped({size}).slice(0, std::min<std::int64_t>(size, 64)).to_vector<double>();
  // All of them, or as many as leave room to say how many there are.
  for (const std::string& count : {std::string(), fmt::format(" … ({})", size)}) {
    text.clear();
    shown = 0;
    for (const double value : values) {
      const std::string next = fmt::format("{}{:.4g}", shown == 0 ? "" : ", ", value);
      if (shown > 0 && cell_width(text) + cell_width(next) + cell_width(count) > cells) break;
      text += next;
      ++shown;
    }
    if (shown == size) break;
    text += count;
  }
  return keratin::detail::cropped(text, cells);
}

std::string caption(const Survey& survey, std::size_t sample,
                    const std::vector<std::string>& names) {
  for (const SurveyColumn& column : survey.columns) {
    if (column.part != "y" || sample >= column.first.size()) continue;
    if (column.has_classes()) return label_name(column.labels[sample], names);
    return sample_text(column.first[sample], kSmall);
  }
  return "";
}

std::string images_text(const SurveyColumn& column, const Survey& survey,
                        const std::vector<std::string>& names, std::int64_t rows,
                        std::int64_t width) {
  const auto [white, black] = limits(column);
  std::int64_t cells = kSmall;
  for (const Tensor& image : column.first)
    if (image.shape()[1] > 40) cells = kLarge;
  cells = std::min(cells, width);
  std::vector<std::vector<std::string>> blocks;  // lines of each image
  for (std::int64_t i = 0; i < std::min(rows, std::ssize(column.first)); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::string drawn =
        draw_images(grey(column.first[at], white, black), {.width = cells, .columns = width});
    std::vector<std::string>& lines = blocks.emplace_back();
    for (std::size_t from = 0; from < drawn.size();) {
      const std::size_t end = std::min(drawn.find('\n', from), drawn.size());
      lines.push_back(drawn.substr(from, end - from));
      from = end + 1;
    }
    lines.push_back(caption(survey, at, names));
  }
  std::string text = fmt::format("\n{}\n", column.name);
  const auto beside =
      static_cast<std::size_t>(std::max<std::int64_t>(1, (width + 2) / (cells + 2)));
  for (std::size_t first = 0; first < blocks.size(); first += beside) {
    const std::size_t last = std::min(first + beside, blocks.size());
    std::size_t tallest = 0;
    for (std::size_t b = first; b < last; ++b) tallest = std::max(tallest, blocks[b].size());
    for (std::size_t line = 0; line < tallest; ++line) {
      std::string row;
      for (std::size_t b = first; b < last; ++b) {
        // Captions stand below the tallest one.
        const std::vector<std::string>& block = blocks[b];
        const bool under = line + 1 == tallest;
        const std::string cell = under ? block.back() : line + 1 < block.size() ? block[line] : "";
        row += (b == first ? "" : "  ") + aligned(cell, cells, under ? Align::center : Align::left);
      }
      text += row.substr(0, row.find_last_not_of(' ') + 1) + '\n';
    }
  }
  return text;
}

std::string table_text(const Survey& survey, std::int64_t rows, std::int64_t width) {
  std::vector<const SurveyColumn*> shown;
  const bool drawn = std::ranges::any_of(survey.columns, &SurveyColumn::is_image);
  for (const SurveyColumn& column : survey.columns)
    if (!column.is_image() && !(drawn && column.has_classes())) shown.push_back(&column);
  if (shown.empty() || rows == 0 || survey.samples == 0) return "";
  // Narrow columns take what they need, wide ones share the rest.
  std::vector<std::int64_t> cells;
  for (const SurveyColumn* column : shown) {
    std::int64_t wanted = cell_width(column->name);
    for (std::int64_t i = 0; i < std::min(rows, std::ssize(column->first)); ++i)
      wanted = std::max(wanted,
                        cell_width(sample_text(column->first[static_cast<std::size_t>(i)], 200)));
    cells.push_back(wanted);
  }
  const std::int64_t gaps = 2 * std::ssize(shown);
  for (;;) {
    std::int64_t all = gaps;
    for (const std::int64_t c : cells) all += c;
    if (all <= width) break;
    auto widest = std::ranges::max_element(cells);
    if (*widest <= 6) break;
    --*widest;
  }
  const auto line = [](std::string text) {
    return text.substr(0, text.find_last_not_of(' ') + 1) + '\n';
  };
  std::string text = "\n", head;
  for (std::size_t c = 0; c < shown.size(); ++c)
    head += "  " + aligned(shown[c]->name, cells[c], Align::left);
  text += line(head);
  for (std::int64_t i = 0; i < std::min(rows, survey.samples); ++i) {
    std::string row;
    for (std::size_t c = 0; c < shown.size(); ++c) {
      row += "  " + aligned(sample_text(shown[c]->first[static_cast<std::size_t>(i)], cells[c]),
                            cells[c], Align::left);
    }
    text += line(row);
  }
  return text;
}

// Words of a sentence in lines of `width`, after a mark.
std::string wrapped(const std::string& sentence, std::int64_t width) {
  std::string text, line = "  !";
  for (std::size_t from = 0; from < sentence.size();) {
    const std::size_t end = std::min(sentence.find(' ', from), sentence.size());
    const std::string word = sentence.substr(from, end - from);
    if (cell_width(line) + 1 + cell_width(word) > width && cell_width(line) > 3) {
      text += line + '\n';
      line = "   ";
    }
    line += " " + word;
    from = end + 1;
  }
  return text + line + '\n';
}

// ---- contact sheet

Tensor contact_sheet(const SurveyColumn& column) {
  constexpr std::int64_t kGap = 2, kAcross = 8;
  const auto [white, black] = limits(column);
  std::int64_t height = 1, width = 1;
  for (const Tensor& image : column.first) {
    height = std::max(height, image.shape()[0]);
    width = std::max(width, image.shape()[1]);
  }
  const std::int64_t count = std::ssize(column.first), across = std::min(count, kAcross);
  const std::int64_t down = (count + across - 1) / across;
  Tensor sheet =
      full({down * (height + kGap) + kGap, across * (width + kGap) + kGap, 3}, 32, uint8);
  auto* pixels = sheet.mutable_data<std::uint8_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    const Tensor& image = column.first[static_cast<std::size_t>(i)];
    const std::int64_t channels = image.rank() == 3 ? image.shape()[2] : 1;
    const std::vector<double> values = image.to_vector<double>();
    const std::int64_t top = kGap + i / across * (height + kGap),
                       left = kGap + i % across * (width + kGap);
    for (std::int64_t y = 0; y < image.shape()[0]; ++y) {
      for (std::int64_t x = 0; x < image.shape()[1]; ++x) {
        for (std::int64_t c = 0; c < 3; ++c) {
          const std::int64_t from = (y * image.shape()[1] + x) * channels + (channels < 3 ? 0 : c);
          const double value =
              (values[static_cast<std::size_t>(from)] - black) / (white - black) * 255;
          pixels[((top + y) * sheet.shape()[1] + left + x) * 3 + c] =
              static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
        }
      }
    }
  }
  return sheet;
}

void write_sheet(const Survey& survey, const std::string& path) {
  for (const SurveyColumn& column : survey.columns) {
    if (!column.is_image()) continue;
    write_png(path, contact_sheet(column));
    return;
  }
  throw ValueError(fmt::format(
      "preview: contact_sheet is \"{}\", but no tensor of x looks like an image; expected "
      "[height, width] or [height, width, 1, 3 or 4] within -1 and 255",
      path));
}

}  // namespace

std::string preview_text(const Dataset& dataset, const PreviewOptions& options) {
  check_options(options);
  const Survey survey = keratin::detail::survey(
      dataset, options.samples, std::max(options.rows, options.contact_sheet.empty() ? 0 : kSheet),
      options.batched);
  if (!options.contact_sheet.empty()) write_sheet(survey, options.contact_sheet);
  const std::int64_t width = std::max<std::int64_t>(
      options.columns > 0 ? options.columns : keratin::detail::terminal_columns(), 20);
  const std::vector<std::string> names = names_of(dataset, options);
  std::string text = heading(survey) + columns_text(survey, width);
  for (const SurveyColumn& column : survey.columns)
    if (column.has_classes() || !column.texts.empty()) text += counts_text(column, names, width);
  for (const SurveyColumn& column : survey.columns)
    if (column.is_image() && options.rows > 0)
      text += images_text(column, survey, names, options.rows, width);
  text += table_text(survey, options.rows, width);
  const std::vector<std::string> warnings = keratin::detail::warnings_of(survey);
  if (!warnings.empty()) text += '\n';
  for (const std::string& warning : warnings) text += wrapped(warning, width);
  return text;
}

void preview(const Dataset& dataset, const PreviewOptions& options) {
  keratin::detail::write_stdout(preview_text(dataset, options));
}

}  // namespace keratin::data
