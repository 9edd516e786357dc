#pragma once

#include <string>

#include "nn/model/model.h"

namespace keratin {

struct PlotModelOptions {
  /// Ends in .svg, or in .dot for Graphviz.
  std::string to_file = "model.svg";
  bool show_shapes = false;
  bool show_dtype = false;
  bool show_layer_names = false;
  /// Where the data flows: "TB" down, "LR" to the right, "BT" up, "RL" to the left.
  std::string rankdir = "TB";
  /// Draws the layers of models in the model, each model in a frame of its own.
  bool expand_nested = false;
  /// Of layers that have an option `activation`.
  bool show_layer_activations = false;
  /// Of layers that have weights.
  bool show_trainable = false;
};

/// Draws the graph of a model's layers: a box for each, arrows to those that take its results. A
/// Sequential is shown without its Input, a model of a class of one's own as one box. A layer that
/// is called several times is one box; where its calls differ in shape or dtype these are "?". An
/// SVG file needs no other file, and follows the reader's light or dark theme. Throws
/// ValueError for another kind of file or rankdir, or a model that is not built; FileError where
/// the file can't be written.
///
///     plot_model(model, {.to_file = "model.svg", .show_shapes = true, .show_layer_names = true});
void plot_model(const Model& model, const PlotModelOptions& options = {});

/// The same as text: the drawing, and the graph in Graphviz' language.
std::string model_svg(const Model& model, const PlotModelOptions& options = {});
std::string model_dot(const Model& model, const PlotModelOptions& options = {});

}  // namespace keratin
