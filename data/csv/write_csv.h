#pragma once

#include <string>

#include "data/csv/csv_table.h"

namespace keratin::data {

struct WriteCsvOptions {
  std::string separator = ",";  // one character
  bool header = true;           // a row of the columns' names
};

/// Writes a table: UTF-8, lines that end in LF, quotes only around fields that need them. Numbers
/// are the shortest texts that read_csv makes the same numbers of, NaN is an empty field, bools are
/// True and False. The file appears whole or not at all. Throws FileError where it cannot be
/// written; ValueError for texts that are not UTF-8 or hold a NUL byte, and for a table without
/// columns.
///
///     data::write_csv("predictions.csv", CsvTable({{"id", ids}, {"survived", predictions}}));
void write_csv(const std::string& path, const CsvTable& table, const WriteCsvOptions& options = {});

}  // namespace keratin::data
