// CSV files that are refused, and options that can't be.
#include "data/csv/read_csv.h"
#include "tests/data/files.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::CsvOptions;
using data::read_csv;

struct Broken {
  std::string text;
  std::string message;  // behind "read_csv: FILE: "
  CsvOptions options = {};
};

const std::vector<Broken>& broken() {
  const std::string zero(1, '\0');
  static const std::vector<Broken> rows = {
      {"", "is empty; expected at least a row"},
      {"\xef\xbb\xbf", "is empty; expected at least a row"},
      {"\n\r\n\n", "is empty; expected at least a row"},
      // Rows.
      {"a,b,c\n1,2,3\n1,2\n", "line 3: the row has 2 fields; expected 3, as in the first row"},
      {"a,b,c\r\n1\r\n", "line 2: the row has 1 field; expected 3"},
      {"a,b,c\n1,2,3\n\n\n1,2,3,4\n", "line 5: the row has 4 fields; expected 3"},
      {"a,b\n\"1\n2\",3\n4\n", "line 4: the row has 1 field; expected 2"},
      {"a,b\r1,2\r3\r", "line 3: the row has 1 field; expected 2"},
      {"a,b\n1,2\n3", "line 3: the row has 1 field; expected 2"},
      // Quotes.
      {"a,b\n1,2\n\"3,4\n5,6\n7,8\n",
       "line 3: a quoted field in the row that begins here has no end"},
      {"a,b\n1,2\n3,\"\"\"4\n", "line 3: a quoted field in the row that begins here has no end"},
      {"a,\"b\n1,2\n", "line 1: a quoted field in the row that begins here has no end"},
      {"a,b\n\"x\"y,2\n",
       "line 2: text follows the quote that ends a field; expected a separator or a line end. "
       "Quotes inside a quoted field are doubled."},
      {"a,\"b\"c\n1,2\n", "line 1: text follows the quote"},
      {"a,b\n1,\"x\"y", "line 2: text follows the quote"},
      {"a,b\n1,\"x\"y\"\n", "line 2: text follows the quote"},
      // Bytes.
      {"a,b\n1,2\n3," + zero + "\n", "line 3: holds a NUL byte"},
      {"a,b\n1,2\n3,\"\n" + zero + "\"\n", "line 4: holds a NUL byte"},
      {"a" + zero + ",b\n", "line 1: holds a NUL byte"},
      {"\xff\xfe" + std::string("a\0,\0", 4), "is UTF-16; expected UTF-8"},
      {"a,b\n1,x\n2,caf\xe9\n",
       "line 3: column \"b\" has text that is not UTF-8; expected UTF-8. Convert the file."},
      {"a\n1\n\xff\n", "line 3: column \"a\" has text that is not UTF-8"},
      {"a,\xc3\n1,2\n", "the name of column 1 is not UTF-8"},
      // Names.
      {"a,b,a\n1,2,3\n", "two columns are called \"a\"; names must differ."},
      // dtypes of the caller.
      {"a,b\n1,2\n1,x\n",
       "line 3: column \"b\" holds \"x\"; expected a number of float32",
       {.dtypes = {{"b", float32}}}},
      {"a\n1\n2.5\n",
       "line 3: column \"a\" holds \"2.5\"; expected a number of int64",
       {.dtypes = {{"a", int64}}}},
      {"a\n1\nNA\n",
       "line 3: column \"a\" has no value, \"NA\"; int32 cannot say so. Use float32 or float64, "
       "where "
       "it becomes NaN.",
       {.dtypes = {{"a", int32}}}},
      {"a\n255\n256\n",
       "line 3: column \"a\" holds \"256\"; expected a number of uint8",
       {.dtypes = {{"a", uint8}}}},
      {"a\n-1\n", "holds \"-1\"; expected a number of uint8", {.dtypes = {{"a", uint8}}}},
      {"a\n2147483648\n", "expected a number of int32", {.dtypes = {{"a", int32}}}},
      {"a\n9223372036854775808\n", "expected a number of int64", {.dtypes = {{"a", int64}}}},
      {"a\ntrue\nyes\n",
       "line 3: column \"a\" holds \"yes\"; expected true or false",
       {.dtypes = {{"a", boolean}}}},
      {"a,b\ntrue,1\n,2\n",
       "line 3: column \"a\" has no value, \"\"; bool cannot say so. Use the dtype string.",
       {.dtypes = {{"a", boolean}}}},
      {"a\n" + std::string(100, 'x') + "\n",
       "holds \"" + std::string(60, 'x') + "...\"; expected a number of float64",
       {.dtypes = {{"a", float64}}}},
  };
  return rows;
}

TEST_CASE("csv: broken files are refused, with their name, the line and the fault") {
  const TemporaryFolder folder;
  const std::string path = folder / "broken.csv";
  for (const Broken& row : broken()) {
    CAPTURE(row.text);
    write_file(path, row.text);
    CHECK_THROWS_WITH_AS(read_csv(path, row.options),
                         doctest::Contains(("read_csv: " + path + ": ").c_str()), FileError);
    CHECK_THROWS_WITH_AS(read_csv(path, row.options), doctest::Contains(row.message.c_str()),
                         FileError);
  }
  CHECK_THROWS_WITH_AS(read_csv(folder / "none.csv"), doctest::Contains("there is no such file"),
                       FileError);
  CHECK_THROWS_WITH_AS(read_csv(folder.path()), doctest::Contains("is a folder"), FileError);
  write_file(path, gzipped("a,b\n1,2\n").substr(0, 20));
  CHECK_THROWS_WITH_AS(read_csv(path), doctest::Contains("gzip"), FileError);
}

// Whichever piece of the text is read first.
TEST_CASE("csv: of several faults the first is told, on any number of threads") {
  std::string text = "a,b\n";
  for (int line = 2; line <= 300000; ++line) text += line % 100000 == 0 ? "1,2,3\n" : "1,\"2\"\n";
  const TemporaryFolder folder;
  const std::string path = write_file(folder / "long.csv", text);
  for (const int count : {1, 4}) {
    const Threads threads(count);
    CHECK_THROWS_WITH_AS(read_csv(path),
                         doctest::Contains("long.csv: line 100000: the row has 3 fields"),
                         FileError);
  }
}

struct Refused {
  CsvOptions options;
  const char* message;
};

TEST_CASE("csv: options that can't be, or name no column") {
  const Refused refused[] = {
      {{.separator = "\""}, "read_csv: separator is \"\"\"; expected one character"},
      {{.separator = "\n"}, "read_csv: separator is"},
      {{.separator = ", "}, "separator is \", \"; expected one character"},
      {{.separator = " ", .skip_initial_space = true}, "separator is a space, which"},
      {{.separator = ",", .decimal = ","}, "separator and decimal are both \",\""},
      {{.decimal = "'"}, "decimal is \"'\"; expected"},
      {{.names = {"x", "x"}}, "names has \"x\" twice"},
      {{.names = {"x", ""}}, "names has \"\"; expected names"},
      {{.names = {"x"}}, "1 names were given; the file has 2 columns"},
      {{.columns = {"agee"}},
       "columns names a column \"agee\", which the file does not have; did you mean \"age\"?"},
      {{.dtypes = {{"sexx", string}}},
       "dtypes names a column \"sexx\", which the file does not have; did you mean \"sex\"?"},
  };
  const TemporaryFolder folder;
  const std::string path = write_file(folder / "t.csv", "age,sex\n1,f\n");
  for (const Refused& row : refused)
    CHECK_THROWS_WITH_AS(read_csv(path, row.options), doctest::Contains(row.message), ValueError);
  CHECK_THROWS_WITH_AS(read_csv(path, {.dtypes = {{"age", bfloat16}}}),
                       doctest::Contains("dtypes has bfloat16 for \"age\""), DTypeError);
}

}  // namespace
}  // namespace keratin::tests
