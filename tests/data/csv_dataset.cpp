// Files read as they go, and tables written.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "data/csv/read_csv.h"
#include "data/csv/write_csv.h"
#include "data/splitmix.h"
#include "tests/data/files.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::csv_dataset;
using data::CsvTable;
using data::from_table;
using data::read_csv;
using data::write_csv;

// 90000 rows, more than is read at once, with quoted line ends.
std::string long_text() {
  std::string text = "n,t,y\r\n";
  for (int i = 0; i < 90000; ++i)
    text += fmt::format("{},\"a row, the\n{}th\",{}\r\n", i, i, i % 2);
  return text;
}

void check_same(const Example& a, const Example& b) {
  CHECK(a.x["n"].spec() == b.x["n"].spec());
  CHECK(a.x["n"].to_vector<std::int64_t>() == b.x["n"].to_vector<std::int64_t>());
  CHECK(a.x["t"].shape() == b.x["t"].shape());
  CHECK(a.x["t"].to_vector<std::string>() == b.x["t"].to_vector<std::string>());
  CHECK(a.y.spec() == b.y.spec());
  CHECK(a.y.to_vector<std::int64_t>() == b.y.to_vector<std::int64_t>());
}

TEST_CASE("csv_dataset: the examples of from_table, from any row on") {
  const TemporaryFolder folder;
  for (const std::string& bytes : {long_text(), gzipped(long_text())}) {
    const std::string path = write_file(folder / "long.csv", bytes);
    const Dataset streamed = csv_dataset(path, {.label = "y"});
    const Dataset whole = from_table(read_csv(path), {.label = "y"});
    CHECK(streamed.cardinality() == data::kUnknown);
    for (const std::int64_t skipped : {0, 1, 40000, 89999, 90000, 90001}) {
      CAPTURE(skipped);
      data::Iterator b = streamed.begin(0, skipped), c = whole.begin(0, skipped);
      for (int i = 0; i < 3; ++i) {
        const auto given = b.next(), expected = c.next();
        REQUIRE(given.has_value() == expected.has_value());
        if (given) check_same(*given, *expected);
      }
    }
    std::int64_t rows = 0;
    for (const Example& batch : streamed.batch(999)) {
      CHECK(batch.x["n"][0].item<std::int64_t>() == rows);
      CHECK(batch.x["n"].shape()[1] == 1);
      rows += batch.y.shape()[0];
    }
    CHECK(rows == 90000);
  }
}

TEST_CASE("csv_dataset: what is wrong comes at once, or in the pass") {
  const TemporaryFolder folder;
  const std::string path = folder / "t.csv";
  write_file(path, "n,t,y\n1,x,0\n");
  CHECK_THROWS_WITH_AS(csv_dataset(folder / "none.csv"), doctest::Contains("there is no such file"),
                       FileError);
  CHECK_THROWS_WITH_AS(csv_dataset(path, {.label = "z"}),
                       doctest::Contains("the label \"z\" is no column"), ValueError);
  CHECK_THROWS_WITH_AS(csv_dataset(path, {.label = "t"}),
                       doctest::Contains("the label \"t\" holds texts; expected numbers"),
                       DTypeError);
  CHECK_THROWS_WITH_AS(csv_dataset(path, {}, {.separator = "--"}),
                       doctest::Contains("csv_dataset: separator is"), ValueError);
  CHECK_THROWS_WITH_AS(csv_dataset(write_file(folder / "empty.csv", "")),
                       doctest::Contains("is empty"), FileError);

  struct Row {
    const char* end;
    const char* message;
  };
  const Row rows[] = {
      {"1,x\r\n", "line 180002: the row has 2 fields; expected 3"},
      {"1.5,x,0\r\n",
       "line 180002: column \"n\" holds \"1.5\"; expected a number of int64. The type "
       "was inferred from the first rows; give it by dtypes."},
      {"1,x,\r\n", "line 180002: column \"y\" has no value, \"\"; int64 cannot say so."},
      {"1,\"x,0\r\n", "line 180002: a quoted field in the row that begins here has no end"},
      {"1,\xff,0\r\n", "line 180002: column \"t\" has text that is not UTF-8"},
  };
  std::string text = long_text();
  while (text.size() < (4 << 20) + 100000) text += long_text().substr(7);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  for (const Row& row : rows) {
    CAPTURE(row.message);
    write_file(path, text + row.end);
    std::string message = row.message;
    message.replace(5, 6, std::to_string(lines + 1));
    data::Iterator elements = csv_dataset(path, {.label = "y"}).batch(5000).begin();
    CHECK_THROWS_WITH_AS(while (elements.next()){}, doctest::Contains(message.c_str()), FileError);
  }
  write_file(path, "n,y\n1,0\n2,\n");
  data::Iterator elements = csv_dataset(path, {.label = "y"}).begin();
  CHECK_THROWS_WITH_AS(elements.next(), doctest::Contains("the label \"y\" is missing in row 1"),
                       ValueError);
}

TEST_CASE("write_csv: what it writes") {
  const TemporaryFolder folder;
  const std::string path = folder / "t.csv";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const CsvTable table(Tensors{
      {"i", Tensor::numbers({1, -2, 3}, {3}, int64)},
      {"f", Tensor::numbers({0.1, nan, -inf}, {3}, float64)},
      {"g", Tensor::numbers({1, 1e20, 0.1}, {3}, float32)},
      {"b", Tensor::numbers({1, 0, 1}, {3}, boolean)},
      {"s, \"t\"", Tensor::strings({"x,y", "p\"q", "a\nb"})},
      {"u", Tensor::numbers({0, 255, 7}, {3}, uint8)},
  });
  write_csv(path, table);
  CHECK(read_file(path) ==
        "i,f,g,b,\"s, \"\"t\"\"\",u\n"
        "1,0.1,1.0,True,\"x,y\",0\n"
        "-2,,1e+20,False,\"p\"\"q\",255\n"
        "3,-inf,0.1,True,\"a\nb\",7\n");
  write_csv(path, CsvTable(Tensors{{"a", Tensor::numbers({nan, 2.5})}}), {.header = false});
  CHECK(read_file(path) == "\"\"\n2.5\n");
  CHECK_THROWS_WITH_AS(write_csv(path, CsvTable()), doctest::Contains("has no columns"),
                       ValueError);
  CHECK_THROWS_AS(write_csv(path, table, {.separator = ""}), ValueError);
  CHECK_THROWS_AS(write_csv(folder / "no/t.csv", table), FileError);
  CHECK_THROWS_WITH_AS(write_csv(path, CsvTable(Tensors{{"s", Tensor::strings({"x", "\xff"})}})),
                       doctest::Contains("row 1 of column \"s\" is no UTF-8"), ValueError);
  CHECK(read_file(path) == "\"\"\n2.5\n");  // nothing was changed
}

TEST_CASE("write_csv: read again, the same bits") {
  const TemporaryFolder folder;
  const std::string path = folder / "t.csv";
  std::vector<double> doubles;
  std::vector<float> floats;
  data::SplitMix random(3, 0);
  while (doubles.size() < 20000) {
    const auto d = std::bit_cast<double>(random());
    const auto f = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isfinite(d) || !std::isfinite(f)) continue;
    doubles.push_back(doubles.size() % 2 == 0 ? d : std::round(d * 1e3) / 1e3);
    floats.push_back(f);
  }
  const CsvTable table(Tensors{{"d", Tensor::from(doubles)}, {"f", Tensor::from(floats)}});
  write_csv(path, table, {.separator = ";"});
  const CsvTable again = read_csv(path, {.dtypes = {{"f", float32}}});
  CHECK(std::memcmp(again["d"].raw(), table["d"].raw(), 8 * doubles.size()) == 0);
  CHECK(std::memcmp(again["f"].raw(), table["f"].raw(), 4 * floats.size()) == 0);
}

}  // namespace
}  // namespace keratin::tests
