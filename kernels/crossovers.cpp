#include "kernels/crossovers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

#include "kernels/error.h"
#include "kernels/peak.h"

namespace keratin::kernels {

namespace detail {
constinit Crossovers crossovers_in_use;
}  // namespace detail

namespace {

constexpr std::int64_t kMany = std::int64_t{1} << 60;  // more than any shape has

constexpr std::array kTable{
    Crossover{"gemm.packed_work",
              "multiply-adds from which gemm packs its operands, where all sizes are 128 or more",
              &Crossovers::packed_work, 0, kMany},
    Crossover{"gemm.packed_transposed_work", "the same where A is transposed",
              &Crossovers::packed_transposed_work, 0, kMany},
    Crossover{"gemm.dot_columns", "columns up to which gemm runs along k, not along columns",
              &Crossovers::dot_columns, 0, 12},
    Crossover{"gemm.dot_depth",
              "the least k for that; a half of it up to 4 columns, three quarters up to 8",
              &Crossovers::dot_depth, 1, kMany},
    Crossover{"conv2d.winograd_percent",
              "multiply-adds of the direct sum, in percent of what Winograd's products and "
              "transforms cost, from which Winograd's runs",
              &Crossovers::winograd_percent, 0, kMany},
    Crossover{"softmax.side_by_side_columns", "columns up to which a row takes a lane",
              &Crossovers::side_by_side_columns, 0, 32},
    Crossover{"streamed_bytes",
              "bytes read and written in all, beyond which results go past the caches",
              &Crossovers::streamed_bytes, 0, kMany},
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

const Crossover* row_of(std::string_view name) {
  for (const Crossover& row : kTable) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

// Read once, before main: what is wrong must not throw there, so it is reported and ends the
// program.
const bool file_read = [] {
  try {
    set_crossovers(built_in_crossovers(instruction_set()));
    const std::filesystem::path path = crossovers_path();
    if (path.empty()) return false;
    std::ifstream file(path);
    if (!file) {
      if (std::getenv("KERATIN_TUNING") == nullptr) return false;
      throw FileError(
          fmt::format("KERATIN_TUNING: {}: cannot be read; expected a file that `make "
                      "tune` wrote. Empty, the built-in values are used",
                      path.string()));
    }
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const CrossoversFile read = parse_crossovers(text, path.string(), crossovers());
    if (read.processor != processor_name()) {
      fmt::print(stderr,
                 "keratin: {}: measured on \"{}\", this is \"{}\"; built-in values are used. `make "
                 "tune` measures again\n",
                 path.string(), read.processor, processor_name());
      return false;
    }
    set_crossovers(read.values);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(2);
  }
  return true;
}();

}  // namespace

std::span<const Crossover> crossover_table() { return kTable; }

Crossovers built_in_crossovers(std::string_view instruction_set) {
  Crossovers values;
  // 32 registers hold a tile of 14 x 32 sums: 256^3 reaches 97 % of the peak with nothing packed.
  if (instruction_set.starts_with("AVX3")) {
    values.packed_work = (16 << 20) + 1;
    // Zen 4, 32 MiB of last-level cache: a depthwise convolution of 25.7 MB gains half its time.
    values.streamed_bytes = 20 << 20;
  } else if (instruction_set == "AVX2") {
    // Zen 3, 32 MiB of last-level cache shared with others: batch normalization and depthwise
    // convolutions of 13 MB lose a sixth to a third, of 17 MB gain a quarter, of 19 to 26 MB take
    // 1.5 to 2.6 times less.
    values.streamed_bytes = 14 << 20;
  }
  return values;
}

void set_crossovers(const Crossovers& values) { detail::crossovers_in_use = values; }

std::filesystem::path crossovers_path() {
  if (const char* file = std::getenv("KERATIN_TUNING")) return file;
  const auto in = [](const char* variable) -> std::filesystem::path {
    const char* text = std::getenv(variable);
    return text == nullptr ? "" : text;
  };
  if (const auto config = in("XDG_CONFIG_HOME"); config.is_absolute())
    return config / "keratin" / "crossovers";
  const auto home = in("HOME");
  return home.empty() ? home : home / ".config" / "keratin" / "crossovers";
}

std::string crossovers_text(const Crossovers& values, std::string_view processor) {
  std::string text = fmt::format(
      "# Where one kernel of keratin overtakes another: written by `make tune`, read at the start "
      "of programs.\nprocessor = {}\n",
      processor);
  for (const Crossover& row : kTable)
    text += fmt::format("\n# {}\n{} = {}\n", row.meaning, row.name, values.*row.value);
  return text;
}

CrossoversFile parse_crossovers(std::string_view text, std::string_view where,
                                const Crossovers& otherwise) {
  CrossoversFile file{otherwise, ""};
  for (int line = 1; !text.empty(); ++line) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), whole.size() + 1));
    const std::string_view one = trimmed(whole);
    if (one.empty() || one.front() == '#') continue;
    const auto fail = [&](const std::string& what) {
      return FileError(fmt::format("{}:{}: {}. Remove it, and write it anew with `make tune`?",
                                   where, line, what));
    };
    const auto equals = one.find('=');
    if (equals == std::string_view::npos)
      throw fail(fmt::format("\"{}\" is not of the form name = value", one));
    const std::string_view name = trimmed(one.substr(0, equals));
    const std::string_view value = trimmed(one.substr(equals + 1));
    if (name == "processor") {
      file.processor = value;
      continue;
    }
    const Crossover* const row = row_of(name);
    if (row == nullptr) throw fail(fmt::format("\"{}\" is no crossover", name));
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (problem != std::errc() || end != value.data() + value.size() || number < row->least ||
        number > row->most) {
      throw fail(fmt::format("{} is \"{}\"; expected a whole number from {} to {}", name, value,
                             row->least, row->most));
    }
    file.values.*row->value = number;
  }
  return file;
}

}  // namespace keratin::kernels
