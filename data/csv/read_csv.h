#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/csv/csv_table.h"

namespace keratin::data {

/// How a file of rows is read; the fields follow pandas' read_csv.
struct CsvOptions {
  /// Between fields, one character. Not given: a comma; or, where the first row has none, whichever
  /// of ';', tab and '|' it has most of.
  std::string separator = {};
  /// Is the first row one of names? Not given: it is, unless `names` are given.
  std::optional<bool> header = {};
  /// Names of all columns in the file. Without these and a header: "0", "1" ... A header's empty
  /// name is "Unnamed: 0", with the column's number.
  std::vector<std::string> names = {};
  /// Only these columns, in the order of the file; none: all.
  std::vector<std::string> columns = {};
  /// Types of columns, by name; those of the others are inferred. float32, float64, uint8, int32,
  /// int64, bool or string.
  Named<DType> dtypes = {};
  /// Leave out spaces before a field, also before its quote.
  bool skip_initial_space = false;
  /// More texts that stand for a missing value.
  std::vector<std::string> na_values = {};
  /// Does what usually stands for one count too? In columns of numbers these are the empty field,
  /// NA, N/A, n/a, NaN, nan, -NaN, -nan, NULL, null, None, #N/A, #NA, <NA>, #N/A N/A, 1.#IND,
  /// 1.#QNAN, -1.#IND and -1.#QNAN: pandas' list.
  bool keep_default_na = true;
  /// "." or ",". Not given: a point; where the separator is no comma, each column has that of the
  /// two which all of its numbers have.
  std::string decimal = {};
};

/// Reads a table: RFC 4180, UTF-8, plain or in gzip form. Fields may stand in double quotes, and
/// then hold separators, line ends and, doubled, quotes; a quote after the first character of a
/// field is an ordinary one. Lines end in LF, CRLF or CR; empty lines and a byte order mark are
/// left out.
///
/// A column's type is inferred from all of its fields, the missing ones aside: int64 if all are
/// whole numbers, float64 if all are numbers (inf and Infinity too), bool if all are true, True,
/// TRUE, false, False or FALSE, else string. What is missing is NaN, so whole numbers are float64
/// then, and true and false strings; so are columns without any row. A whole number that int64 does
/// not hold makes the column float64, rounded: give such a column the dtype string where the digits
/// count. Numbers may have spaces around them, and are rounded correctly. In a column of strings
/// every text is itself, NA and None too, and an empty field is ""; so are na_values.
///
/// Throws FileError, with the file's line, where rows differ in fields, a quote has no end or is
/// followed by text, texts are not UTF-8, a field is not of its given dtype or out of its range,
/// two columns have one name, or there is not one row; ValueError for options that cannot be.
///
///     CsvTable table = data::read_csv("titanic.csv", {.dtypes = {{"Age", float32}}});
CsvTable read_csv(const std::string& path, const CsvOptions& options = {});

/// The same rows as a dataset that holds only some of them in memory at a time: examples as those
/// of from_table, in the order of the file, their number unknown. Every pass reads the file. Types
/// that are not given are inferred from the first 4 MiB of rows: a field further on that does not
/// fit is an error of the pass which names the line (a missing one too, in a column that so far had
/// whole numbers only; then give the dtype float64). A row may have 64 MiB.
///
///     auto train = data::csv_dataset("clicks.csv.gz", {.label = "clicked"})
///                      .shuffle(100000).batch(1024).prefetch(2);
Dataset csv_dataset(const std::string& path, const FromTableOptions& label = {},
                    const CsvOptions& options = {});

}  // namespace keratin::data
