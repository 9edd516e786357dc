// What drawings in SVG and DOT share.
#pragma once

#include <string>
#include <string_view>

namespace keratin::detail {

/// Text for XML: & < > and quotes as entities; what XML cannot hold as U+FFFD.
std::string escaped(std::string_view text);

/// Does `path` end in `suffix` (".svg"), in letters of any case?
bool ends_in(std::string_view path, std::string_view suffix);

/// Throws FileError, naming `function` and its `parameter`, where the file can't be written.
void write_text(std::string_view function, std::string_view parameter, const std::string& path,
                const std::string& text);
/// Throws FileError, naming `function` and its option to_file, where the file can't be written.
void write_drawing(std::string_view function, const std::string& path, const std::string& text);

}  // namespace keratin::detail
