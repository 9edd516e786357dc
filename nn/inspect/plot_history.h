#pragma once

#include <string>

#include "nn/model/history.h"

namespace keratin {

struct PlotHistoryOptions {
  /// Ends in .svg.
  std::string to_file = "history.svg";
};

/// Draws the curves of a training run into an SVG file: a panel for each metric, its validation
/// values beside it. It needs no other file, and follows the reader's light or dark theme.
/// Where a list is shorter than history.epoch, as with validation_freq, its values are put at the
/// epochs that the largest such frequency gives, else at the last ones. NaN and infinities are
/// crosses at the edge. Throws ValueError for an empty history, a list longer than history.epoch
/// or another kind of file; FileError where the file can't be written.
///
///     plot_history(model.fit(x, y, {.epochs = 5}), {.to_file = "history.svg"});
void plot_history(const History& history, const PlotHistoryOptions& options = {});

/// The same as text.
std::string history_svg(const History& history);

}  // namespace keratin
