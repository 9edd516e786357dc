// What standard output is: a terminal or a file, how wide, with styles or without.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace keratin::detail {

bool stdout_is_terminal();

/// May text be bold and coloured? On a terminal, unless TERM is "dumb" or NO_COLOR is set.
bool stdout_takes_styles();

/// The width of a line: COLUMNS where it is set, else the terminal's own, else 80.
std::int64_t terminal_columns();

/// Writes and flushes: a progress bar has no newline to wait for.
void write_stdout(std::string_view text);

/// A warning on standard error. It never throws: where that is a file on a full disk, say, it is
/// lost, and what it warns of goes on.
void write_stderr(std::string_view text) noexcept;
template <class... Args>
void warn(fmt::format_string<Args...> text, Args&&... args) {
  write_stderr(fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace keratin::detail
