// What a drawing of a model shows; model_svg.cpp and model_dot.cpp draw it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keratin::detail {

struct ModelPicture;

/// A layer. What is not to be shown is empty.
struct LayerBox {
  std::string name = {};
  std::string class_name = {};
  std::string activation = {};
  /// Pairs of what and its value: "Output shape", "(None, 10)".
  std::vector<std::pair<std::string, std::string>> facts = {};
  std::optional<bool> trainable = {};
  /// The layers of a model that is drawn open.
  std::shared_ptr<const ModelPicture> inner = {};
};

/// From output `output` of one box to input `input` of another.
struct LayerArrow {
  std::size_t from = 0, to = 0;
  std::size_t output = 0, input = 0;
};

struct ModelPicture {
  std::string name = {};
  /// Most arrows lead forward in this order.
  std::vector<LayerBox> boxes = {};
  std::vector<LayerArrow> arrows = {};
  /// The boxes that take the model's inputs, and give its outputs.
  std::vector<std::size_t> inputs = {};
  std::vector<std::pair<std::size_t, std::size_t>> outputs = {};  // box, which of its outputs
};

/// Arrows between boxes once each, as places in `boxes`.
std::vector<std::pair<std::size_t, std::size_t>> distinct_arrows(const ModelPicture& picture);

std::string svg_of(const ModelPicture& picture, const std::string& rankdir);
std::string dot_of(const ModelPicture& picture, const std::string& rankdir);

}  // namespace keratin::detail
