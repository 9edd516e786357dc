// The text of model.summary(): a table of layers and the totals under it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor/shape.h"

namespace keratin {

/// How model.summary() looks.
struct SummaryOptions {
  /// Cells in a line. Not given: 88, or 108 with connections, and 12 more with show_trainable, but
  /// at most the terminal's width - 4.
  std::optional<std::int64_t> line_length = {};
  /// Where each column ends, as parts of a line, rising to at most 1. Not given: .45 .8 1, or .3
  /// .56 .74 1 with connections.
  std::vector<double> positions = {};
  /// Gets the whole text, plain. Not given: standard output, with bold and colours on a terminal.
  std::function<void(std::string_view)> print_fn = {};
  bool expand_nested = false;
  bool show_trainable = false;
  /// Names of the first and the last layer to show, or patterns of their beginnings.
  std::optional<std::pair<std::string, std::string>> layer_range = {};
};

namespace detail {

struct SummaryRow {
  std::string name = {};
  std::string class_name = {};
  std::string output_shape = "?";           // as output_shape_text gives it
  std::optional<std::int64_t> params = {};  // none: not built
  std::string connected_to = {};            // "dense[0][0], add[0][0]"
  std::optional<bool> trainable = {};       // none: a layer without weights
  std::int64_t nesting = 0;                 // 1 for the layers of a model in the model ...
};

struct ParamTotal {
  std::int64_t count = 0;
  std::int64_t bytes = 0;
};

struct Summary {
  std::string model_name = {};
  std::vector<SummaryRow> rows = {};
  /// Does the model branch, merge or share layers? Then "Connected to" is shown.
  bool connections = false;
  ParamTotal trainable = {}, non_trainable = {};
  /// The optimizer's own variables, once it is built. They count into the total.
  std::optional<ParamTotal> optimizer = {};
};

/// "?" for none, "(None, 10)" for one, "[(None, 10), (None, 2)]" for several.
std::string output_shape_text(const std::vector<Shape>& shapes);

/// "364.54 KB": units of 1024, two decimals.
std::string memory_text(std::int64_t bytes);

/// "1,234,567".
std::string count_text(std::int64_t count);

/// The whole text. `columns` is the terminal's width. Throws ValueError where options.positions
/// are not one rising number a column, or the line is too narrow.
std::string summary_text(const Summary& summary, const SummaryOptions& options,
                         std::int64_t columns = 80, bool styled = false);

/// Hands the text to options.print_fn, or writes it to standard output.
void print_summary(const Summary& summary, const SummaryOptions& options);

}  // namespace detail
}  // namespace keratin
