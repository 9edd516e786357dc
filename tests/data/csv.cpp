// Reading CSV: tables of texts and the cells expected of them. Broken files: broken_csv.cpp.
#include <cmath>
#include <limits>

#include "data/csv/read_csv.h"
#include "tests/data/files.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::CsvOptions;
using data::CsvTable;
using data::read_csv;

// A column as text: "int64: 1 2", texts in brackets, so that empty ones can be seen.
std::string shown(const Tensor& x) {
  std::string text = fmt::format("{}:", name_of(x.dtype()));
  if (x.dtype() == string) {
    for (const std::string& s : x.strings()) text += fmt::format(" [{}]", s);
  } else if (is_floating(x.dtype())) {
    for (const double v : x.to_vector<double>()) text += fmt::format(" {}", v);
  } else {
    for (const std::int64_t v : x.to_vector<std::int64_t>()) text += fmt::format(" {}", v);
  }
  return text;
}
std::string shown(const CsvTable& table) {
  std::string text;
  for (const data::Column& column : table.columns()) {
    const Tensor x = table[column.name];
    CHECK(x.dtype() == column.dtype);
    CHECK(x.shape() == Shape{table.rows()});
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", column.name, shown(x));
  }
  return text;
}

CsvTable table_of(const std::string& text, const CsvOptions& options = {}) {
  const TemporaryFolder folder;
  return read_csv(write_file(folder / "table.csv", text), options);
}

struct Readable {
  const char* text;
  const char* expected;
  CsvOptions options = {};
};

const std::vector<Readable>& readable() {
  static const std::vector<Readable> rows = {
      // Line ends, blank lines, the last line.
      {"a,b\n1,2\n3,4\n", "a int64: 1 3; b int64: 2 4"},
      {"a,b\r\n1,2\r\n3,4\r\n", "a int64: 1 3; b int64: 2 4"},
      {"a,b\r1,2\r3,4\r", "a int64: 1 3; b int64: 2 4"},
      {"a,b\n1,2\r\n3,4\r5,6", "a int64: 1 3 5; b int64: 2 4 6"},
      {"\n\na,b\n\n1,2\n\r\n3,4\n\n", "a int64: 1 3; b int64: 2 4"},
      {"a\n1\n\n2\r\n\r\n3", "a int64: 1 2 3"},
      {"\xef\xbb\xbf"
       "a,b\n1,2",
       "a int64: 1; b int64: 2"},
      {"a,b\n", "a string:; b string:"},
      {"a", "a string:"},
      {"\xef\xbb\xbf\"a\"\n1", "a int64: 1"},
      // Quotes.
      {"a,b\n\"x\",\"y,z\"\n\"\",\"1\n2\"\n", "a string: [x] []; b string: [y,z] [1\n2]"},
      {"a,b\n\"1\r\n2\",\"p\"\"q\"\n\"\"\"\",\"\"\"\"\"\"\n",
       "a string: [1\r\n2] [\"]; b string: [p\"q] [\"\"]"},
      {"\"a,\"\"1\"\"\",\"b\nc\"\n1,2\n", "a,\"1\" int64: 1; b\nc int64: 2"},
      {"a,b\nx\"y\",\"\"\n5\" tall,z\n", "a string: [x\"y\"] [5\" tall]; b string: [] [z]"},
      {"a\n\"1\"\n\"2\"", "a int64: 1 2"},
      {"a\n\"\"\n1\n", "a float64: nan 1"},
      {"a, b\n1, \"x\"\n", "a int64: 1;  b string: [ \"x\"]"},
      {"a, b\n1, \"x, y\"\n  2,z\n",
       "a int64: 1 2; b string: [x, y] [z]",
       {.skip_initial_space = true}},
      // Whole numbers.
      {"a\n0\n-1\n+7\n007\n 8\n9 \n", "a int64: 0 -1 7 7 8 9"},
      {"a\n9223372036854775807\n-9223372036854775808\n",
       "a int64: 9223372036854775807 -9223372036854775808"},
      {"a\n1\n9223372036854775808\n", "a float64: 1 9.223372036854776e+18"},
      {"a\n-9223372036854775809\n1\n", "a float64: -9.223372036854776e+18 1"},
      {"a\n123456789012345678901234567890\n", "a float64: 1.2345678901234568e+29"},
      {"a,b\n1,\n,2\n3,\n", "a float64: 1 nan 3; b float64: nan 2 nan"},
      {"a\n1\nNA\n3\n", "a float64: 1 nan 3"},
      // Decimal numbers.
      {"a\n1.5\n.5\n5.\n-0.25\n1e3\n1E-2\n+2.5e+1\n", "a float64: 1.5 0.5 5 -0.25 1000 0.01 25"},
      {"a\n1\n2\n0.5\n3\n", "a float64: 1 2 0.5 3"},
      {"a\n0.5\n9007199254740993\n", "a float64: 0.5 9007199254740992"},
      {"a\ninf\n-inf\nInfinity\n-INF\n+Inf\n", "a float64: inf -inf inf -inf inf"},
      {"a\n1e999\n-1e999\n1e-999\n1e99999999999999999999\n0e999999\n",
       "a float64: inf -inf 0 inf 0"},
      {"a\n0.1\n1e23\n8.5e-324\n", "a float64: 0.1 1e+23 1e-323"},
      // All missing; the usual texts.
      {"a,b\n,1\n,2\n", "a float64: nan nan; b int64: 1 2"},
      {"a\n#N/A\n#N/A N/A\n#NA\n-1.#IND\n-1.#QNAN\n-NaN\n-nan\n1.#IND\n1.#QNAN\n<NA>\nN/A\nNA\n"
       "NULL\nNaN\nNone\nn/a\nnan\nnull\n\"\"\n1\n",
       "a float64: nan nan nan nan nan nan nan nan nan nan nan nan nan nan nan nan nan nan nan 1"},
      {"a\nNA\nnone\nx\n\"NA\"\n", "a string: [NA] [none] [x] [NA]"},
      {"a,b\n?,1\n2,-\n", "a float64: nan 2; b float64: 1 nan", {.na_values = {"?", "-"}}},
      {"a,b\nNA,1\nx,-\n", "a string: [NA] [x]; b string: [1] [-]", {.keep_default_na = false}},
      {"a\n-999\n5\n-999.0\n", "a float64: nan 5 -999", {.na_values = {"-999"}}},
      {"a,b\n,x\n1,\n", "a string: [] [1]; b string: [x] []", {.keep_default_na = false}},
      // Bools, texts, mixtures.
      {"a\nTrue\nfalse\nTRUE\nFALSE\ntrue\nFalse\n", "a bool: 1 0 1 0 1 0"},
      {"a\nTrue\n\nFalse\n\"\"\n", "a string: [True] [False] []"},
      {"a\ntRUE\n", "a string: [tRUE]"},
      {"a\nTrue\n1\n", "a string: [True] [1]"},
      {"a\n1\nTrue\n", "a string: [1] [True]"},
      {"a\n1\n2.5\nx\n", "a string: [1] [2.5] [x]"},
      {"a\n1e\n1\n", "a string: [1e] [1]"},
      {"a\n-\n+\n.\ne1\n1_0\n0x1\n1e+\n--1\n1.2.3\ninfin\n",
       "a string: [-] [+] [.] [e1] [1_0] [0x1] [1e+] [--1] [1.2.3] [infin]"},
      {"a\n1 2\n", "a string: [1 2]"},
      {"a\n\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n",
       "a string: [\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80]"},
      // Options.
      {"1,x\n2,y\n", "0 int64: 1 2; 1 string: [x] [y]", {.header = false}},
      {"1,x\n2,y\n", "n int64: 1 2; t string: [x] [y]", {.names = {"n", "t"}}},
      {"a,b\n1,x\n", "n int64: 1; t string: [x]", {.header = true, .names = {"n", "t"}}},
      {",a,\n0,1,2\n", "Unnamed: 0 int64: 0; a int64: 1; Unnamed: 2 int64: 2"},
      {"a b\n1 2\n", "a int64: 1; b int64: 2", {.separator = " "}},
      {"a,b,c\n1,x,2\n3,y,4\n", "a int64: 1 3; c int64: 2 4", {.columns = {"c", "a"}}},
      {"a,b\n?,x\n1,?\n", "a float64: nan 1; b string: [x] []", {.na_values = {"?"}}},
      // Separators and decimal marks that are found out.
      {"a;b\n1,5;2\n", "a float64: 1.5; b int64: 2"},
      {"a;b\n1,5;2\n", "a string: [1,5]; b int64: 2", {.decimal = "."}},
      {"a;b\n1.5;2\n", "a float64: 1.5; b int64: 2"},
      {"a;b\n1.5;2\n2,5;3\n", "a string: [1.5] [2,5]; b int64: 2 3"},
      {"a;b\n1.5;2\n", "a string: [1.5]; b int64: 2", {.decimal = ","}},
      {"a\tb\n1\t\n\t\n", "a float64: 1 nan; b float64: nan nan"},
      {"a|b\n1|2\n", "a int64: 1; b int64: 2"},
      {"a;b,c\n1,2\n", "a;b int64: 1; c int64: 2"},
      {"\"a;b\"|c\n1|2\n", "a;b int64: 1; c int64: 2"},
      // dtypes of the caller.
      {"a,b,c,d,e,f,g\n1,2,3,4,5,true,6\n,-2,-3,255,,False,\n",
       "a float32: 1 nan; b int32: 2 -2; c int64: 3 -3; d uint8: 4 255; e float64: 5 nan; "
       "f bool: 1 0; g string: [6] []",
       {.dtypes = {{"a", float32},
                   {"b", int32},
                   {"c", int64},
                   {"d", uint8},
                   {"e", float64},
                   {"f", boolean},
                   {"g", string}}}},
      {"a\n01\n1.50\n", "a string: [01] [1.50]", {.dtypes = {{"a", string}}}},
      {"a\n0.1\n", "a float32: 0.10000000149011612", {.dtypes = {{"a", float32}}}},
      // Halfway between two float32 but for its last digit: through a double it would go down.
      {"a\n1.00000005960464477540\n",
       "a float32: 1.0000001192092896",
       {.dtypes = {{"a", float32}}}},
  };
  return rows;
}

TEST_CASE("csv: texts and their cells") {
  for (const Readable& row : readable()) {
    CAPTURE(row.text);
    CHECK(shown(table_of(row.text, row.options)) == row.expected);
    CHECK(shown(table_of(gzipped(row.text), row.options)) == row.expected);
  }
}

}  // namespace
}  // namespace keratin::tests
