// The race in words: lines for the terminal, a page of Markdown.
#pragma once

#include <string>
#include <vector>

#include "bench/race/race.h"

namespace keratin::bench {

/// The machine, its roofs, who takes part, and who is missing.
std::string field_text();

std::string table_head();
std::string table_row(const Result& result);

/// How many rows are won, the geometric mean, each row that is lost, and wrong results.
std::string summary_text(const std::vector<Result>& results);

std::string markdown_text(const std::vector<Result>& results, const std::string& revision);

}  // namespace keratin::bench
