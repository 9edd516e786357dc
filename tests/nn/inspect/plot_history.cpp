#include "nn/inspect/plot_history.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/error.h"
#include "nn/inspect/axis.h"
#include "tests/nn/inspect/xml.h"

namespace keratin::tests {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

History history_of(int epochs, const Named<std::vector<double>>& values) {
  History history;
  history.history = values;
  for (int i = 0; i < epochs; ++i) history.epoch.push_back(i);
  history.seed = 42;
  return history;
}

TEST_CASE("xml_problem sees what is wrong") {
  CHECK(xml_problem("<a b=\"1\"><c/>x &lt; y</a>") == "");
  for (const char* text : {"<a>", "<a></b>", "</a>", "<a b=1/>", "<a b=\"1/>", "a & b", "<a",
                           "\x1b", "<a <b/>", "<a d=\"Mnan 3\"/>"}) {
    CHECK(xml_problem(text) != "");
  }
}

TEST_CASE("history_svg: a panel for each metric, its validation in the same one") {
  const std::string svg = history_svg(history_of(3, {{"accuracy", {0.5, 0.75, 0.9}},
                                                     {"loss", {2, 1, 0.25}},
                                                     {"val_accuracy", {0.5, 0.7, 0.8125}},
                                                     {"val_loss", {2, 1.5, 1.25}},
                                                     {"lr", {1e-3, 1e-4, 1e-5}}}));
  CHECK(xml_problem(svg) == "");
  CHECK(count(svg, "<g ") == 3);
  CHECK(count(svg, "class=\"title\"") == 3);
  CHECK(count(svg, ">validation</text>") == 2);
  for (const char* value : {">0.9000<", ">0.8125<", ">0.2500<", ">1.250<", ">1.00e-5<"}) {
    CAPTURE(value);
    CHECK(count(svg, value) == 1);
  }
  CHECK(count(svg, " label\" x=\"416\"") == 5);
  CHECK(count(svg, "<circle class=\"training dot\"") == 9 + 2);  // and in two legends
  CHECK(count(svg, "<title>epoch 3: val_loss 1.250</title>") == 1);
  CHECK(count(svg, ">3 epochs, seed 42<") == 1);
  CHECK(count(svg, "@media (prefers-color-scheme: dark)") == 1);
}

TEST_CASE("history_svg draws what is there, whatever it is") {
  const std::vector<double> many = [] {
    std::vector<double> values;
    for (int i = 0; i < 777; ++i) values.push_back(std::exp(-i * 0.01));
    return values;
  }();
  struct Row {
    const char* what;
    int epochs;
    Named<std::vector<double>> values;
    int lines, dots, crosses;
  };
  const Row rows[] = {
      {"one epoch", 1, {{"loss", {0.5}}}, 1, 1, 0},
      {"hundreds", 777, {{"loss", many}}, 1, 0, 0},
      {"all the same", 3, {{"loss", {2, 2, 2}}}, 1, 3, 0},
      {"zeros", 2, {{"loss", {0, 0}}}, 1, 2, 0},
      {"a gap", 5, {{"loss", {3, 2, kNaN, 1, 0}}}, 1, 4, 1},
      {"infinities", 4, {{"loss", {kInfinity, -kInfinity, 1, kInfinity}}}, 1, 1, 3},
      {"nothing finite", 2, {{"loss", {kNaN, kNaN}}}, 0, 0, 2},
      {"too large to subtract", 2, {{"loss", {1.7e308, -1.7e308}}}, 0, 0, 2},
      {"denormal", 2, {{"loss", {5e-324, 1e-310}}}, 1, 2, 0},
      {"close", 2, {{"loss", {1, 1 + 1e-15}}}, 1, 2, 0},
      {"wide", 2, {{"loss", {-1e300, 1e300}}}, 1, 2, 0},
      {"one list is empty", 2, {{"loss", {1, 2}}, {"later", {}}}, 1, 2, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const std::string svg = history_svg(history_of(row.epochs, row.values));
    CHECK(xml_problem(svg) == "");
    CHECK(count(svg, "<path class=\"training line\"") == row.lines);
    CHECK(count(svg, "<circle class=\"training dot\"") == row.dots);
    CHECK(count(svg, "<path class=\"training cross\"") == row.crosses);
  }
  const std::string gap = history_svg(history_of(5, {{"loss", {3, 2, kNaN, 1, 0}}}));
  const std::size_t line = gap.find("<path class=\"training line\"");
  CHECK(count(std::string_view(gap).substr(line, gap.find('>', line) - line), "M") == 2);
  CHECK(count(gap, "<title>epoch 3: loss nan</title>") == 1);
}

TEST_CASE("history_svg: hundreds of points without dots, but for lone ones") {
  std::vector<double> values(100, kNaN);
  for (std::size_t i = 10; i < 20; ++i) values[i] = 1;
  values[50] = 2;
  const std::string svg = history_svg(history_of(100, {{"loss", values}}));
  CHECK(count(svg, "<circle class=\"training dot\"") == 1);
}

TEST_CASE("history_svg escapes names") {
  const std::string svg =
      history_svg(history_of(1, {{"a<b> & \"c\" \x1b\xff\xef\xbf\xbf", {1}}, {"точность", {1}}}));
  CHECK(xml_problem(svg) == "");
  CHECK(count(svg, ">a&lt;b&gt; &amp; &quot;c&quot; \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD<") == 1);
  CHECK(count(svg, ">точность<") == 1);
}

TEST_CASE("history_svg puts values of some epochs where they were measured") {
  const auto hints = [](const History& history) {
    std::string found;
    const std::string svg = history_svg(history);
    for (int epoch = 1; epoch <= 30; ++epoch) {
      if (svg.find(fmt::format("epoch {}: val_loss", epoch)) != std::string::npos) {
        found += fmt::format("{} ", epoch);
      }
    }
    return found;
  };
  const auto with = [](int epochs, std::size_t measured, int first = 0) {
    History history;
    for (int i = first; i < epochs; ++i) {
      history.epoch.push_back(i);
      history.history["loss"].push_back(1);
    }
    history.history["val_loss"] = std::vector<double>(measured, 1);
    return history;
  };
  CHECK(hints(with(5, 2)) == "2 4 ");
  CHECK(hints(with(7, 2)) == "3 6 ");
  CHECK(hints(with(10, 2)) == "5 10 ");
  CHECK(hints(with(10, 10)) == "1 2 3 4 5 6 7 8 9 10 ");
  CHECK(hints(with(10, 7)) == "4 5 6 7 8 9 10 ");
  CHECK(hints(with(14, 2, 10)) == "12 14 ");
  History by_hand = with(3, 2);
  by_hand.epoch.clear();
  CHECK(hints(by_hand) == "1 2 ");
}

TEST_CASE("plot_history refuses what it can't draw, and writes nothing then") {
  const std::string folder = std::filesystem::temp_directory_path().string();
  const std::string path = folder + "/keratin_plot_history_test.svg";
  std::filesystem::remove(path);
  CHECK_THROWS_WITH_AS(plot_history({}, {.to_file = path}),
                       "plot_history: the history is empty: 0 metrics with 0 values; expected one "
                       "value or more. Pass what fit() returned.",
                       ValueError);
  CHECK_THROWS_AS(plot_history(history_of(0, {{"loss", {}}}), {.to_file = path}), ValueError);
  CHECK_THROWS_WITH_AS(
      plot_history(history_of(1, {{"loss", {1, 2}}}), {.to_file = path}),
      "plot_history: more values than epochs: \"loss\" has 2 values, history.epoch 1; expected at "
      "most one an epoch",
      ValueError);
  CHECK(!std::filesystem::exists(path));
  const History good = history_of(1, {{"loss", {1}}});
  CHECK_THROWS_AS(plot_history(good, {.to_file = "history.png"}), ValueError);
  CHECK_THROWS_AS(plot_history(good, {.to_file = ""}), ValueError);
  CHECK_THROWS_AS(plot_history(good, {.to_file = folder + "/no/such/folder/h.svg"}), FileError);

  plot_history(good, {.to_file = path});
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(text == history_svg(good));
  std::filesystem::remove(path);
}

TEST_CASE("value_axis: round ticks inside the range") {
  struct Row {
    double low, high;
    std::string labels;
  };
  const Row rows[] = {{0.87, 0.99, "0.88 0.90 0.92 0.94 0.96 0.98 "},
                      {0, 1, "0 0.2 0.4 0.6 0.8 1.0 "},
                      {-3, 12, "-2 0 2 4 6 8 10 12 "},
                      {0.1, 0.1, "0.090 0.095 0.100 0.105 0.110 "},
                      {0, 0, "-1.0 -0.5 0 0.5 1.0 "},
                      {0, 1e-6, "0 2e-7 4e-7 6e-7 8e-7 1.0e-6 "},
                      {1e8, 4e8, "1e8 2e8 3e8 4e8 "}};
  for (const Row& row : rows) {
    const detail::Axis axis = detail::value_axis(row.low, row.high);
    CHECK(axis.low < row.low);
    CHECK(axis.high > row.high);
    std::string labels;
    for (const detail::Tick& tick : axis.ticks) {
      labels += tick.label + " ";
      CHECK(axis.position(tick.value) >= -1e-9);
      CHECK(axis.position(tick.value) <= 1 + 1e-9);
    }
    CHECK(labels == row.labels);
  }
}

TEST_CASE("epoch_axis: whole numbers") {
  const auto labels = [](std::int64_t first, std::int64_t last) {
    std::string text;
    for (const detail::Tick& tick : detail::epoch_axis(first, last).ticks) text += tick.label + " ";
    return text;
  };
  CHECK(labels(1, 1) == "1 ");
  CHECK(labels(1, 3) == "1 2 3 ");
  CHECK(labels(1, 10) == "1 2 3 4 5 6 7 8 9 10 ");
  CHECK(labels(1, 11) == "2 4 6 8 10 ");
  CHECK(labels(11, 30) == "12 14 16 18 20 22 24 26 28 30 ");
  CHECK(labels(1, 100) == "10 20 30 40 50 60 70 80 90 100 ");
  CHECK(labels(1, 300) == "50 100 150 200 250 300 ");
}

TEST_CASE("short_number") {
  const std::vector<std::pair<double, std::string>> rows = {
      {0, "0"},          {0.98765, "0.9877"},    {12.3456, "12.35"},    {1234.5678, "1235"},
      {-0.5, "-0.5000"}, {1.2345e-6, "1.23e-6"}, {123456789, "1.23e8"}, {1e-3, "0.0010"},
      {kNaN, "nan"},     {kInfinity, "inf"},     {-kInfinity, "-inf"},  {1e100, "1.00e100"}};
  for (const auto& [value, text] : rows) CHECK(detail::short_number(value) == text);
}

}  // namespace
}  // namespace keratin::tests
