// Small types of options that several layers share.
#pragma once

#include <string>
#include <string_view>

#include "tensor/size2.h"

namespace keratin {

/// Throws ValueError unless data_format is "" or "channels_last": keratin keeps images in that
/// order only.
void require_channels_last(std::string_view layer, const std::string& data_format);

}  // namespace keratin
