#pragma once

#include "nn/layers/preprocessing/lookup_layer.h"
#include "nn/layers/preprocessing/string_lookup.h"

namespace keratin::layers::detail {

using StringLookupLayer = LookupLayer<std::string, StringLookupOptions>;

}  // namespace keratin::layers::detail
