#pragma once

#include <initializer_list>
#include <string>
#include <variant>

#include "nn/model/model.h"

namespace keratin {

/// Layers one after the other. Where the first item is an Input, or a model whose input is known,
/// the weights are made at once, else at the first call.
///
///     Sequential model({Input({.shape = {28, 28, 1}}), layers::Flatten(),
///                       layers::Dense({.units = 10, .activation = "softmax"})});
class Sequential : public Model {
 public:
  /// A layer, a model, or the Input.
  class Item {
   public:
    Item(const LayerRef& layer) : item_(layer) {}
    Item(const SymbolicTensor& input) : item_(input) {}
    const std::variant<LayerRef, SymbolicTensor>& get() const { return item_; }

   private:
    std::variant<LayerRef, SymbolicTensor> item_;
  };

  Sequential();
  Sequential(std::initializer_list<Item> items, std::string name = {});
  /// Appends. Throws ValueError for an Input that is not the first item, two layers of one name, or
  /// layers that take or give several values; ShapeError where it does not fit what stands.
  void add(const Item& item);
};

}  // namespace keratin
