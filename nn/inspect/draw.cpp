#include "nn/inspect/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "kernels/error.h"
#include "nn/inspect/cells.h"
#include "nn/inspect/labels.h"
#include "nn/inspect/terminal.h"
#include "tensor/named.h"

namespace keratin {
namespace {

constexpr std::int64_t kGap = 2;  // cells between two images

struct Picture {
  std::int64_t height = 0, width = 0;
  std::vector<double> pixels = {};  // [height, width], 0 black, 1 white

  double at(std::int64_t row, std::int64_t column) const {
    return row < height ? pixels[static_cast<std::size_t>(row * width + column)] : 0;
  }
};

// ---- checks

void check_images(const Tensor& images) {
  if (!images.defined()) {
    throw ValueError("draw_images: images are not set: expected [N, H, W] or [N, H, W, 1]");
  }
  const std::string given = images.spec().text();
  const Shape& shape = images.shape();
  const bool grey = shape.rank() == 3 || (shape.rank() == 4 && shape[3] == 1);
  if (!grey || shape[1] == 0 || shape[2] == 0) {
    throw ShapeError(
        fmt::format("draw_images: not grey images: given {}; expected [N, H, W] or [N, H, W, 1], "
                    "H and W at least 1. For one image use x.slice(i, i + 1).",
                    given));
  }
  if (images.dtype() != uint8 && !is_floating(images.dtype())) {
    throw DTypeError(fmt::format(
        "draw_images: pixels of a wrong type: given {}; expected uint8, or floating in [0, 1]",
        given));
  }
}

void check_options(const DrawImagesOptions& options, std::int64_t images) {
  if (!options.captions.empty() && static_cast<std::int64_t>(options.captions.size()) != images) {
    throw ValueError(
        fmt::format("draw_images: {} captions for {} images; expected one an image, or none",
                    options.captions.size(), images));
  }
  if (options.style != "blocks" && options.style != "ramp") {
    throw ValueError(fmt::format("draw_images: unknown style \"{}\"{}", options.style,
                                 name_hint(options.style, {"blocks", "ramp"})));
  }
  if (options.width < 0 || options.columns < 0) {
    throw ValueError(fmt::format(
        "draw_images: a negative size: width is {}, columns {}; expected 0 (chosen) or more",
        options.width, options.columns));
  }
}

Picture picture_of(const Tensor& image) {
  Picture picture = {image.shape()[0], image.shape()[1], image.to_vector<double>()};
  const double white = image.dtype() == uint8 ? 255 : 1;
  for (double& pixel : picture.pixels) {
    pixel /= white;
    if (pixel < 0 || pixel > 1) {
      throw ValueError(fmt::format(
          "draw_images: a pixel out of range: {}; expected 0 (black) to 1 (white). Divide bytes "
          "by 255; of others take clip(x, 0, 1).",
          pixel));
    }
  }
  return picture;
}

// ---- drawing

// Mean over boxes: row r of the result covers rows r * H / height .. (r + 1) * H / height.
Picture resized(const Picture& from, std::int64_t height, std::int64_t width) {
  Picture to = {height, width, std::vector<double>(static_cast<std::size_t>(height * width))};
  const double tall = static_cast<double>(from.height) / static_cast<double>(height);
  const double wide = static_cast<double>(from.width) / static_cast<double>(width);
  const auto overlap = [](double first, double size, std::int64_t pixel) {
    const auto p = static_cast<double>(pixel);
    return std::max(0.0, std::min(first + size, p + 1) - std::max(first, p));
  };
  for (std::int64_t r = 0; r < height; ++r) {
    for (std::int64_t c = 0; c < width; ++c) {
      const double top = static_cast<double>(r) * tall, left = static_cast<double>(c) * wide;
      const auto last_y = std::min(from.height, static_cast<std::int64_t>(top + tall) + 1);
      const auto last_x = std::min(from.width, static_cast<std::int64_t>(left + wide) + 1);
      double sum = 0, area = 0;
      for (auto y = static_cast<std::int64_t>(top); y < last_y; ++y) {
        for (auto x = static_cast<std::int64_t>(left); x < last_x; ++x) {
          const double weight = overlap(top, tall, y) * overlap(left, wide, x);
          if (weight <= 0) continue;  // a NaN beside the box stays outside
          sum += weight * from.at(y, x);
          area += weight;
        }
      }
      to.pixels[static_cast<std::size_t>(r * width + c)] = sum / area;
    }
  }
  return to;
}

// The character that comes closest to an upper and a lower half of given brightness.
std::string_view block(double upper, double lower) {
  struct Candidate {
    std::string_view text;
    double upper, lower;
  };
  constexpr Candidate candidates[] = {{" ", 0, 0},       {"░", 0.25, 0.25}, {"▒", 0.5, 0.5},
                                      {"▓", 0.75, 0.75}, {"█", 1, 1},       {"▀", 1, 0},
                                      {"▄", 0, 1}};
  const Candidate* best = candidates;
  double least = INFINITY;
  for (const Candidate& candidate : candidates) {
    const double error = std::hypot(upper - candidate.upper, lower - candidate.lower);
    if (error < least) {
      least = error;
      best = &candidate;
    }
  }
  return best->text;
}

std::string_view ink(double upper, double lower) {
  constexpr std::string_view ramp = " .:-=+*#%@";
  const auto steps = static_cast<double>(ramp.size() - 1);
  return ramp.substr(static_cast<std::size_t>(std::lround((upper + lower) / 2 * steps)), 1);
}

std::vector<std::string> drawn(const Picture& picture, bool blocks) {
  std::vector<std::string> lines;
  for (std::int64_t row = 0; row < picture.height; row += 2) {
    std::string& line = lines.emplace_back();
    for (std::int64_t column = 0; column < picture.width; ++column) {
      const double upper = picture.at(row, column), lower = picture.at(row + 1, column);
      if (std::isnan(upper + lower)) {
        line += '?';
      } else {
        line += blocks ? block(upper, lower) : ink(upper, lower);
      }
    }
  }
  return lines;
}

std::string without_trailing_spaces(const std::string& line) {
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

// Pictures of the same number of lines side by side, each centred in `cells`.
std::string row_of(const std::vector<std::vector<std::string>>& pictures, std::int64_t cells) {
  std::string text;
  for (std::size_t i = 0; i < pictures[0].size(); ++i) {
    std::string line;
    for (std::size_t p = 0; p < pictures.size(); ++p) {
      if (p > 0) line.append(static_cast<std::size_t>(kGap), ' ');
      line += detail::aligned(pictures[p][i], cells, detail::Align::center);
    }
    text += without_trailing_spaces(line) + '\n';
  }
  return text;
}

// ---- captions

std::string class_name(std::int64_t label, const std::vector<std::string>& names) {
  if (names.empty()) return fmt::format("{}", label);
  if (label < 0 || label >= static_cast<std::int64_t>(names.size())) {
    throw ValueError(fmt::format(
        "prediction_captions: a label out of range: {}; expected 0 .. {}, as there are {} "
        "class_names",
        label, names.size() - 1, names.size()));
  }
  return names[static_cast<std::size_t>(label)];
}

}  // namespace

std::string draw_images(const Tensor& images, const DrawImagesOptions& options) {
  check_images(images);
  const std::int64_t count = images.shape()[0], height = images.shape()[1],
                     width = images.shape()[2];
  check_options(options, count);
  const std::int64_t columns = options.columns > 0 ? options.columns : detail::terminal_columns();
  const std::int64_t cells = std::min(options.width > 0 ? options.width : width, columns);
  const auto rows = std::max<std::int64_t>(
      1, std::llround(static_cast<double>(height) * static_cast<double>(cells) /
                      static_cast<double>(width)));
  std::int64_t block_cells = cells;
  for (const std::string& caption : options.captions) {
    block_cells = std::max(block_cells, std::min(detail::cell_width(caption), columns));
  }
  const std::int64_t side_by_side =
      std::max<std::int64_t>(1, (columns + kGap) / (block_cells + kGap));

  const Tensor plain = images.reshaped({count, height, width});
  std::string text;
  for (std::int64_t first = 0; first < count; first += side_by_side) {
    std::vector<std::vector<std::string>> pictures;
    for (std::int64_t i = first; i < std::min(first + side_by_side, count); ++i) {
      Picture picture = picture_of(plain[i]);
      if (cells != width) picture = resized(picture, rows, cells);
      pictures.push_back(drawn(picture, options.style == "blocks"));
      if (!options.captions.empty()) {
        pictures.back().push_back(options.captions[static_cast<std::size_t>(i)]);
      }
    }
    if (first > 0) text += '\n';
    text += row_of(pictures, block_cells);
  }
  return text;
}

std::vector<std::string> prediction_captions(const Tensor& y_pred, const Tensor& y_true,
                                             const PredictionCaptionsOptions& options) {
  if (!y_pred.defined()) {
    throw ValueError(
        "prediction_captions: y_pred is not set: expected probabilities [N, C], or labels [N]");
  }
  std::vector<std::int64_t> said;
  std::vector<std::string> percent;
  if (is_floating(y_pred.dtype())) {
    if (y_pred.rank() != 2 || y_pred.shape()[1] == 0) {
      throw ShapeError(fmt::format(
          "prediction_captions: expected a probability a class: y_pred is {}; expected [N, C]",
          y_pred.spec().text()));
    }
    const std::vector<double> p = y_pred.to_vector<double>();
    const std::int64_t classes = y_pred.shape()[1];
    for (auto row = p.begin(); row != p.end(); row += classes) {
      const auto best = std::max_element(row, row + classes);
      said.push_back(best - row);
      percent.push_back(std::isnan(*best) ? " (nan)" : fmt::format(" ({:.0f} %)", *best * 100));
    }
  } else {
    said = detail::labels_of("prediction_captions", "y_pred", y_pred);
    percent.resize(said.size());
  }
  std::vector<std::int64_t> truth = said;
  if (y_true.defined()) truth = detail::labels_of("prediction_captions", "y_true", y_true);
  if (truth.size() != said.size()) {
    throw ShapeError(
        fmt::format("prediction_captions: different numbers of samples: y_pred is {}, y_true is {}",
                    y_pred.spec().text(), y_true.spec().text()));
  }
  std::vector<std::string> captions;
  for (std::size_t i = 0; i < said.size(); ++i) {
    const std::string name = class_name(said[i], options.class_names);
    captions.push_back(
        said[i] == truth[i]
            ? name + percent[i]
            : fmt::format("{}, is {}", name, class_name(truth[i], options.class_names)));
  }
  return captions;
}

}  // namespace keratin
