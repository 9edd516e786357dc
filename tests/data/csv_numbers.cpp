// Numbers of CSV files: every length, with and without signs, marks and exponents, to the last bit.
#include <charconv>
#include <cmath>
#include <random>

#include "data/csv/parse_number.h"
#include "data/csv/read_csv.h"
#include "tests/data/files.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::CsvTable;
using data::read_csv;

double exactly(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  REQUIRE(error == std::errc());
  REQUIRE(end == text.data() + text.size());
  return value;
}

constexpr double kUnread = -77;

std::string digits(std::mt19937_64& random, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += static_cast<char>('0' + random() % 10);
  return text;
}

TEST_CASE("csv: numbers of up to 25 digits, wherever the mark is, are rounded correctly") {
  std::mt19937_64 random(20);
  std::vector<std::string> texts;
  for (int before = 0; before <= 10; ++before) {
    for (int after = 0; after <= 25 - before; ++after) {
      if (before + after == 0) continue;
      for (int round = 0; round < 60; ++round) {
        std::string text = round % 2 == 0 ? "-" : "";
        text += round % 7 == 0 ? std::string(static_cast<std::size_t>(before), '0')
                               : digits(random, before);
        text += '.';
        text += round % 5 == 0 ? "0" + digits(random, std::max(0, after - 1)).substr(0, 24)
                               : digits(random, after);
        if (text == "." || text == "-.") continue;
        texts.push_back(text);
        if (round % 6 == 0) texts.push_back(text + fmt::format("e{}", int(random() % 60) - 30));
      }
    }
  }
  // The shortest texts of random doubles, 15 to 17 digits mostly.
  std::normal_distribution<double> normal;
  for (int i = 0; i < 20000; ++i) texts.push_back(fmt::format("{}", normal(random)));
  std::string file = "x\n";
  for (const std::string& text : texts) file += text + "\n";
  const TemporaryFolder folder;
  const Tensor x = read_csv(write_file(folder / "x.csv", file))["x"];
  REQUIRE(x.spec() == Spec{{static_cast<std::int64_t>(texts.size())}, float64});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const double value = x.data<double>()[i], expected = exactly(texts[i]);
    if (value == expected && std::signbit(value) == std::signbit(expected)) continue;
    CAPTURE(texts[i]);
    CHECK(value == expected);
    CHECK(std::signbit(value) == std::signbit(expected));
  }
  // By each of the ways that this processor has, with digits and marks after them.
  for (const data::detail::LongDoubleParser& parser : data::detail::long_double_parsers()) {
    CAPTURE(std::string(parser.name));
    for (const std::string& text : texts) {
      const std::string padded = text + "1.2345,67";
      double value = kUnread;
      const bool read = parser.parse(std::string_view(padded).substr(0, text.size()), '.', value);
      if (read && value == exactly(text) && std::signbit(value) == (text[0] == '-')) continue;
      CAPTURE(text);
      CHECK(read);
      CHECK(value == exactly(text));
    }
  }
}

TEST_CASE("csv: texts like long numbers, but for one byte, are none") {
  const std::string numbers[] = {"1.2345678901234567", "-0.12345678901234567", "12.345678",
                                 "123456.7890123456"};
  const TemporaryFolder folder;
  for (const std::string& number : numbers) {
    for (std::size_t at = 0; at < number.size(); ++at) {
      for (const char c : {'/', ':', 'x', ' ', '\xe9', '\x01'}) {
        std::string text = number;
        text[at] = c;
        if (text[0] == ' ' || (c == ' ' && at + 1 == text.size())) continue;  // spaces around
        CAPTURE(text);
        const std::string path = write_file(folder / "x.csv", "x\n1.5\n" + text + "\n");
        if (c == '\xe9') {
          CHECK_THROWS_WITH_AS((void)read_csv(path), doctest::Contains("not UTF-8"), FileError);
        } else {
          CHECK(read_csv(path)["x"].dtype() == string);
        }
      }
    }
  }
}

// How many rows there will be is guessed from a few places of the file.
TEST_CASE("csv: rows that become shorter or longer") {
  const TemporaryFolder folder;
  for (const bool shorter : {true, false}) {
    CAPTURE(shorter);
    std::string text = "n,t\n";
    constexpr std::int64_t kLong = 9000, kShort = 150000;
    std::vector<std::string> expected;
    const auto add = [&](std::int64_t rows, std::size_t letters) {
      for (std::int64_t i = 0; i < rows; ++i) {
        expected.emplace_back(letters, static_cast<char>('a' + i % 26));
        text += fmt::format("{},{}\n", expected.size() - 1, expected.back());
      }
    };
    if (shorter) add(kLong, 300);
    add(kShort, 1);
    if (!shorter) add(kLong, 300);
    const std::string path = write_file(folder / "t.csv", text);
    for (const int count : {1, 3}) {
      const Threads threads(count);
      const CsvTable table = read_csv(path);
      CHECK(table["n"].to_vector<std::int64_t>() == counting(kLong + kShort));
      const auto given = table["t"].strings();
      CHECK(std::vector<std::string>(given.begin(), given.end()) == expected);
    }
  }
}

}  // namespace
}  // namespace keratin::tests
