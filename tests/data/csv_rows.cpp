// Where the fields of CSV files are: marks by every way to find them, and random rows of every kind.
#include <algorithm>
#include <random>

#include "data/csv/columns.h"
#include "data/csv/marks.h"
#include "data/csv/rows.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using namespace data::detail;

template <class T>
const T& one_of(const std::vector<T>& all, std::mt19937_64& random) {
  return all[random() % all.size()];
}

TEST_CASE("csv: separators, line ends and quotes are found by vectors as by words") {
  std::mt19937_64 random(40);
  for (const int density : {0, 1, 5, 30, 100}) {  // marks among a hundred bytes
    std::string text;
    for (int i = 0; i < 64 * 40; ++i) {
      text += static_cast<int>(random() % 100) < density ? ",\n\r\""[random() % 4]
                                                         : static_cast<char>(random() % 256);
    }
    std::vector<std::uint32_t> wanted;
    for (std::size_t i = 0; i < text.size(); ++i)
      if (std::string_view(",\n\r\"").find(text[i]) != std::string_view::npos)
        wanted.push_back(static_cast<std::uint32_t>(i) + 1000);
    for (const MarkFinder& finder : mark_finders()) {
      CAPTURE(finder.name);
      std::vector<std::uint32_t> found(text.size() + kMoreRoom);
      const std::int64_t count =
          finder.find(text.data(), 40, {',', '\n', '\r', '"'}, 1000, found.data());
      found.resize(static_cast<std::size_t>(count));
      CHECK(found == wanted);
    }
  }
}

// Rows as they were written, and as the index has them.
TEST_CASE("csv: random rows, with quotes, empty lines and every line end") {
  std::mt19937_64 random(41);
  const std::vector<std::string> plain = {"",     "7",   "-12.5", "some text",
                                          "x\"y", "a b", "ä",     std::string(70, 'z')};
  const std::vector<std::string> quoted = {
      "", "a,b", "\"", "two\nlines", "\r\n", "\"\",\"", std::string(1500, ',')};
  for (int round = 0; round < 2000; ++round) {
    const auto columns = static_cast<std::int64_t>(1 + random() % (round % 10 == 0 ? 200 : 9));
    const std::string end = one_of<std::string>({"\n", "\r\n", "\r"}, random);
    const bool any_quotes = random() % 2 == 0, closed = random() % 2 == 0;
    std::vector<std::string> wanted;
    std::string text;
    const auto rows = static_cast<std::int64_t>(1 + random() % 40);
    for (std::int64_t row = 0; row < rows; ++row) {
      while (random() % 8 == 0) text += end;
      for (std::int64_t column = 0; column < columns; ++column) {
        if (column > 0) text += ',';
        // A row of one empty field needs its quotes.
        if (columns == 1 || (any_quotes && random() % 4 == 0)) {
          wanted.push_back(one_of(quoted, random));
          text += '"';
          for (const char c : wanted.back())
            text += c == '"' ? std::string("\"\"") : std::string{c};
          text += '"';
        } else {
          wanted.push_back(one_of(plain, random));
          text += wanted.back();
        }
      }
      if (row + 1 < rows || closed) text += end;
    }
    const std::size_t size = text.size();
    text += std::string(kCsvPadding, one_of<char>({',', '\n', '"', 'x'}, random));
    const std::string_view whole(text.data(), size);

    CsvIndex index;
    const auto fields = [&] {
      std::vector<std::string> all;
      for (std::int64_t i = 0; i < index.rows * index.columns; ++i)
        all.push_back(text_of(index.cells[static_cast<std::size_t>(i)], text.data()));
      return all;
    };
    index_rows(index, whole, {}, round % 3 == 0 ? 0 : columns, true, kAllRows);
    CHECK(index.fault == CsvFault::none);
    REQUIRE(index.rows == rows);
    REQUIRE(index.columns == columns);
    CHECK(index.end == size);
    CHECK(fields() == wanted);

    // In two parts: the rows that begin before a limit, and those from there on.
    const std::size_t limit = random() % (size + 1);
    index_rows(index, whole, {}, columns, true, kAllRows, limit);
    std::vector<std::string> both = fields();
    const std::size_t from = index.end;
    CHECK(from >= limit);
    text.erase(0, from);
    index_rows(index, std::string_view(text.data(), size - from), {}, columns, true, kAllRows);
    for (std::string& field : fields()) both.push_back(std::move(field));
    CHECK(both == wanted);
  }
}

TEST_CASE("csv: a text that ends within a row leaves that row out") {
  const std::string rows = "1,\"a\"\"b\"\n22,\"c,\nd\"\r\n3,plain\n";
  const std::string text = rows + std::string(kCsvPadding, '"');
  const std::vector<std::size_t> ends = {9, 20, 28};
  for (std::size_t size = 0; size <= rows.size(); ++size) {
    CAPTURE(size);
    CsvIndex index;
    index_rows(index, std::string_view(text.data(), size), {}, 2, false, kAllRows);
    CHECK(index.fault == CsvFault::none);
    // A CR ends its row, and the LF after it begins none.
    const auto whole = std::count_if(ends.begin(), ends.end(), [&](std::size_t end) {
      return size >= end - (text[end - 2] == '\r' ? 1 : 0);
    });
    CHECK(index.rows == whole);
  }
}

}  // namespace
}  // namespace keratin::tests
