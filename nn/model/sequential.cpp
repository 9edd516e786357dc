#include "nn/model/sequential.h"

#include "nn/model/model_layer.h"

namespace keratin {

Sequential::Sequential() : Sequential(std::initializer_list<Item>{}) {}

Sequential::Sequential(std::initializer_list<Item> items, std::string name)
    : Model(std::make_shared<detail::ModelLayer>(detail::ModelLayer::Kind::sequential,
                                                 std::move(name))) {
  for (const Item& item : items) add(item);
}

void Sequential::add(const Item& item) {
  if (const auto* input = std::get_if<SymbolicTensor>(&item.get())) {
    state().add_input(*input);
  } else {
    state().add_item(std::get<LayerRef>(item.get()));
  }
}

}  // namespace keratin
