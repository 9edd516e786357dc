#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <typeindex>

#include "nn/layer.h"

namespace keratin {

namespace detail {
void register_layer(std::string package, std::string class_name, std::type_index type,
                    std::function<LayerRef()> make);
}

/// Makes a layer of one's own known to save and load_model, under "package>Class". It is made
/// without arguments, and its fields() read back what fields() wrote. Throws ValueError for an
/// empty package, or one with '>' in it, or a name that is taken by another class.
///
///     register_layer<Scale>("my_package");
template <std::derived_from<Layer> T>
requires std::default_initializable<T>
void register_layer(const std::string& package) {
  detail::register_layer(package, detail::class_name_of(typeid(T)), typeid(T),
                         [] { return LayerRef(std::make_shared<T>()); });
}

}  // namespace keratin
