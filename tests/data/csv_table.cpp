// Tables: columns, splits, datasets of them.
#include <algorithm>
#include <limits>
#include <set>

#include "data/csv/read_csv.h"
#include "tests/data/files.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::CsvTable;
using data::from_table;
using data::read_csv;

// n = 0, 1, ...; t of it as text; y = n % 2; of several pieces when it is long.
std::string numbered(std::int64_t rows) {
  std::string text = "n,t,y\n";
  for (std::int64_t i = 0; i < rows; ++i) text += fmt::format("{},\"row {}\",{}\n", i, i, i % 2);
  return text;
}

CsvTable numbered_table(std::int64_t rows) {
  const TemporaryFolder folder;
  return read_csv(write_file(folder / "numbered.csv", numbered(rows)));
}

// The numbers of the rows, of which all columns must be those of one row.
std::vector<std::int64_t> whole_rows(const CsvTable& table) {
  const auto n = table["n"].to_vector<std::int64_t>(), y = table["y"].to_vector<std::int64_t>();
  const auto t = table["t"].strings();
  REQUIRE(static_cast<std::int64_t>(n.size()) == table.rows());
  for (std::size_t i = 0; i < n.size(); ++i) {
    CHECK(y[i] == n[i] % 2);
    CHECK(t[i] == fmt::format("row {}", n[i]));
  }
  return n;
}

TEST_CASE("csv: tables of many pieces, on any number of threads") {
  for (const int count : {1, 3}) {
    const Threads threads(count);
    for (const std::int64_t rows : {0, 1, 20000, 100000}) {
      CAPTURE(rows);
      const CsvTable table = numbered_table(rows);
      CHECK(table.rows() == rows);
      if (rows > 0) CHECK(whole_rows(table) == counting(rows));
    }
  }
}

// What a late piece holds changes the column's type in the earlier ones.
TEST_CASE("csv: one type for all pieces of a column") {
  struct Row {
    const char *first, *last;
    DType dtype;
    const char *shown_first, *shown_last;
  };
  const Row rows[] = {
      {"1", "2.5", float64, "1", "2.5"},
      {"2.5", "1", float64, "2.5", "1"},
      {"1", "", float64, "1", "nan"},
      {"", "1", float64, "nan", "1"},
      {"007", "x", string, "007", "x"},
      {"x", "007", string, "x", "007"},
      {"1.50", "x", string, "1.50", "x"},
      {"True", "1", string, "True", "1"},
      {"True", "", string, "True", ""},
      {"", "True", string, "", "True"},
      {"", "x", string, "", "x"},
      {"NA", "x", string, "NA", "x"},
      {"True", "False", boolean, "1", "0"},
      {"1", "9223372036854775808", float64, "1", "9.223372036854775808e18"},
      {"\"a\nb\"", "3", string, "a\nb", "3"},
  };
  const TemporaryFolder folder;
  const Threads threads(3);
  for (const Row& row : rows) {
    CAPTURE(row.first);
    CAPTURE(row.last);
    std::string text = "c,pad\n";
    const std::int64_t count = 30000;
    for (std::int64_t i = 0; i < count; ++i)
      text += fmt::format("{},{}\n", i < count - 1 ? row.first : row.last, "some letters more");
    const Tensor c = read_csv(write_file(folder / "t.csv", text))["c"];
    REQUIRE(c.spec() == Spec{{count}, row.dtype});
    for (const std::int64_t i : {std::int64_t{0}, count / 2, count - 2, count - 1}) {
      const std::string expected = i < count - 1 ? row.shown_first : row.shown_last;
      if (row.dtype == string) {
        CHECK(c.strings()[static_cast<std::size_t>(i)] == expected);
      } else {
        CHECK(fmt::format("{}", c[i].item<double>()) == fmt::format("{}", std::stod(expected)));
      }
    }
  }
}

TEST_CASE("csv: quoted fields across pieces") {
  const std::string mixed = "x,\"y\n";
  std::string text = "n,t\n";
  std::vector<std::string> expected;
  for (std::int64_t i = 0; i < 3000; ++i) {
    std::string meant, doubled;
    for (std::int64_t k = 0; k < i % 300; ++k) {
      meant += mixed[static_cast<std::size_t>(i + k) % mixed.size()];
      doubled += meant.back();
      if (meant.back() == '"') doubled += '"';
    }
    text += fmt::format("{},\"{}\"\r\n", i, doubled);
    expected.push_back(meant);
  }
  REQUIRE(text.size() > 400000);
  const TemporaryFolder folder;
  for (const int count : {1, 3}) {
    const Threads threads(count);
    const CsvTable table = read_csv(write_file(folder / "q.csv", text));
    CHECK(table["n"].to_vector<std::int64_t>() == counting(3000));
    const auto given = table["t"].strings();
    CHECK(std::vector<std::string>(given.begin(), given.end()) == expected);
  }
}

TEST_CASE("csv: a split has each row once, whole, in an order of the seed") {
  const CsvTable table = numbered_table(101);
  const auto [left, right] = table.split(0.8, {.seed = 7});
  CHECK(left.rows() == 81);  // 80.8, rounded
  CHECK(right.rows() == 20);
  std::vector<std::int64_t> all = whole_rows(left);
  CHECK(!std::is_sorted(all.begin(), all.end()));
  for (const std::int64_t n : whole_rows(right)) all.push_back(n);
  CHECK(std::set<std::int64_t>(all.begin(), all.end()).size() == 101);
  CHECK(whole_rows(table) == counting(101));
  CHECK(whole_rows(table.split(0.8, {.seed = 7}).first) == whole_rows(left));
  CHECK(whole_rows(table.split(0.8, {.seed = 8}).first) != whole_rows(left));
  CHECK(left.columns()[1].name == "t");
  for (const double share : {0.0, 1.0, -0.5, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS((void)table.split(share), doctest::Contains("left is "), ValueError);
  CHECK_THROWS_WITH_AS((void)numbered_table(2).split(0.1, {.seed = 1}),
                       doctest::Contains("of 2 rows 0 would go left at 0.1"), ValueError);
  CHECK_THROWS_AS((void)CsvTable().split(0.5), ValueError);
}

TEST_CASE("csv: from_table gives examples by name") {
  const CsvTable table = numbered_table(5);
  const Dataset rows = from_table(table, {.label = "y"});
  CHECK(rows.cardinality() == 5);
  std::int64_t i = 0;
  for (const Example& row : rows) {
    CHECK(row.x.named());
    CHECK(row.x.count() == 2);
    CHECK(row.x["n"].spec() == Spec{{1}, int64});
    CHECK(row.x["n"].item<std::int64_t>() == i);
    CHECK(row.x["t"].spec() == Spec{{1}, string});
    CHECK(row.y.single());
    CHECK(row.y.spec() == Spec{Shape{}, int64});
    CHECK(row.y.item<std::int64_t>() == i++ % 2);
  }
  const auto batch = rows.batch(4).begin().next();
  CHECK(batch->x["t"].shape() == Shape{4, 1});
  CHECK(batch->x["t"].strings()[3] == "row 3");
  CHECK(batch->y.shape() == Shape{4});
  const auto unlabelled = from_table(table).begin().next();
  CHECK(unlabelled->x.count() == 3);
  CHECK(unlabelled->y.none());
}

TEST_CASE("csv: labels that are none") {
  const TemporaryFolder folder;
  const CsvTable table = read_csv(
      write_file(folder / "t.csv", "class,size,target\ncat,1,1\ndog,,0\ncat,2,\nrat,,1\n"));
  const auto refused = [&](const char* label, const std::string& message) {
    CHECK_THROWS_WITH(from_table(table, {.label = label}), doctest::Contains(message.c_str()));
  };
  refused("class",
          "from_table: the label \"class\" holds texts, such as \"cat\"; expected numbers. Make "
          "numbers of them with a StringLookup first.");
  refused("size", "from_table: the label \"size\" is missing in row 1, counted from 0");
  refused("targt", "the label \"targt\" is no column; did you mean \"target\"?");
  CHECK_THROWS_AS(from_table(table, {.label = "class"}), DTypeError);
  CHECK_THROWS_AS(from_table(CsvTable()), ValueError);
  const CsvTable one = read_csv(write_file(folder / "one.csv", "y\n1\n"));
  CHECK_THROWS_WITH_AS(from_table(one, {.label = "y"}),
                       doctest::Contains("no column but the label"), ValueError);
}

TEST_CASE("csv: tables of tensors") {
  const Tensor a = Tensor::numbers({1, 2, 3}), b = Tensor::strings({"x", "y", "z"});
  const CsvTable table(Tensors{{"a", a}, {"b", b}});
  CHECK(table.rows() == 3);
  CHECK(table["a"].shares_storage_with(a));
  CHECK(table.columns()[1].dtype == string);
  CHECK_THROWS_WITH_AS((void)table["c"], doctest::Contains("no column is called \"c\""),
                       ValueError);
  CHECK(CsvTable().columns().empty());
  CHECK(CsvTable().rows() == 0);
  CHECK(CsvTable(Tensors{{"a", zeros({3, 1})}})["a"].shape() == Shape{3});
  CHECK_THROWS_WITH_AS(CsvTable(Tensors{a, b}), doctest::Contains("tensor 0 has no name"),
                       ValueError);
  CHECK_THROWS_WITH_AS(CsvTable(Tensors{{"a", zeros({3, 2})}}),
                       doctest::Contains("\"a\" is f32[3, 2]; expected [rows] or [rows, 1]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(CsvTable(Tensors{{"a", a}, {"b", zeros({2})}}),
                       doctest::Contains("\"b\" is f32[2]; expected 3 rows, as \"a\" has"),
                       ShapeError);
  CHECK_THROWS_AS(CsvTable(Tensors{{"a", a}, {"b", Tensor()}}), ValueError);
}

}  // namespace
}  // namespace keratin::tests
