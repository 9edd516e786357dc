// Crossovers: the sizes from which one rung is faster than another. They differ from machine to
// machine, so they are not constants of the rungs but a table: built in for each instruction set,
// rewritten by `make tune` for the machine at hand, and read at the start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace keratin::kernels {

struct Crossovers {
  std::int64_t packed_work = 6 << 20;
  std::int64_t packed_transposed_work = 7 << 20;
  std::int64_t dot_columns = 12;
  std::int64_t dot_depth = 64;
  std::int64_t winograd_percent = 120;
  std::int64_t side_by_side_columns = 31;
  std::int64_t streamed_bytes = 32 << 20;

  bool operator==(const Crossovers&) const = default;
};

/// One line of the table.
struct Crossover {
  const char* name;     // "gemm.packed_work": in files
  const char* meaning;  // what the number counts, and what happens there
  std::int64_t Crossovers::*value;
  std::int64_t least, most;  // what a file may hold
};

std::span<const Crossover> crossover_table();

/// What is built in for an instruction set, by its name in instruction_set(). AVX2's were measured;
/// those of others are AVX2's but where it says so in the source.
Crossovers built_in_crossovers(std::string_view instruction_set);

namespace detail {
extern Crossovers crossovers_in_use;
}
/// Those in use: the file's, or those built in.
inline const Crossovers& crossovers() { return detail::crossovers_in_use; }

/// Not to be called while kernels run on other threads. Sums may be rounded otherwise from now on.
void set_crossovers(const Crossovers& values);

/// The file that the start of a program reads: KERATIN_TUNING; without it keratin/crossovers in
/// XDG_CONFIG_HOME or ~/.config. "": none (KERATIN_TUNING is empty, or there is no home).
std::filesystem::path crossovers_path();

/// A file's text: a comment, the processor that was measured (processor_name() of peak.h), a line `name = value` for each of the
/// table.
std::string crossovers_text(const Crossovers& values, std::string_view processor);

struct CrossoversFile {
  Crossovers values;
  std::string processor;  // "" if the file doesn't name it
};
/// Reads such a text; what it doesn't name is as in `otherwise`. Throws FileError, with `where` and
/// the line, for what is not of that form, unknown or out of range.
CrossoversFile parse_crossovers(std::string_view text, std::string_view where,
                                const Crossovers& otherwise);

}  // namespace keratin::kernels
