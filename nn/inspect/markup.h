// What drawings in SVG and DOT share.
#pragma once

#include <string>
#include <string_view>

namespace keratin::detail {

/// Text for XML: & < > and quotes as entities; what XML cannot hold as U+FFFD.
std::string escaped(std::string_view text);

/// Does `path` end in `suffix` (".svg"), in letters of any case?
bool ends_in(std::string_view path, std::string_view suffix);

}  // namespace keratin::detail
