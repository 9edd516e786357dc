// data::preview: what it says of small datasets, its drawings, its warnings.
#include "nn/inspect/preview.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "data/images/read_image.h"
#include "nn/inspect/cells.h"
#include "tests/data/files.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::from_tensor_slices, data::preview_text, data::PreviewOptions;
using doctest::Contains;

std::string text_of(const Dataset& dataset, PreviewOptions options = {}) {
  options.columns = 80;
  const std::string text = preview_text(dataset, options);
  std::size_t from = 0;
  while (from < text.size()) {  // no line is too long
    const std::size_t end = text.find('\n', from);
    REQUIRE(end != std::string::npos);
    CHECK(detail::cell_width(text.substr(from, end - from)) <= 80);
    from = end + 1;
  }
  return text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Tensor labels(const std::vector<std::int64_t>& values) { return Tensor::from(values); }

// Features of mean 0 that nothing can be said against.
Tensor features(std::int64_t rows) {
  Tensor x = Tensor::empty({rows, 3});
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.mutable_data<float>()[i] = static_cast<float>(i % 5) - 2;
  return x;
}

TEST_CASE("preview: a table, to the letter") {
  CHECK(text_of(from_tensor_slices(
            Tensors({{"a", features(6)}, {"b", Tensor::strings({"p", "q", "r", "s", "t", "u"})}}),
            labels({0, 1, 1, 0, 1, 1}))) ==
        "6 samples; all 6 read\n"
        "  x \"a\"  f32[3]    -2 to 2, mean -0.1667\n"
        "  x \"b\"  string[]  1 bytes\n"
        "  y      i64[]     0 to 1, mean 0.6667\n"
        "\n"
        "y: 2 classes\n"
        "  0  ████████████████████                      2   33.3 %\n"
        "  1  ████████████████████████████████████████  4   66.7 %\n"
        "\n"
        "  x \"a\"      x \"b\"  y\n"
        "  -2, -1, 0  \"p\"    0\n"
        "  1, 2, -2   \"q\"    1\n"
        "  -1, 0, 1   \"r\"    1\n"
        "  2, -2, -1  \"s\"    0\n");
}

TEST_CASE("preview: images are drawn, with their labels' names below") {
  Tensor x = zeros({4, 8, 8});
  for (std::int64_t i = 0; i < 32; ++i) x.mutable_data<float>()[i] = 1;  // the upper half
  const Dataset dataset = from_tensor_slices(x, labels({1, 0, 1, 0})).batch(2);
  const std::string text = text_of(dataset, {.rows = 1, .class_names = {"ant", "bee"}});
  CHECK(has(text, "2 batches; all 4 read\n"));
  CHECK(has(text, "  ant  ██"));
  CHECK(has(text, "\nx\n"));
  CHECK(has(text, "██████████████████\n"));
  CHECK(has(text, "       bee\n"));
  CHECK_FALSE(has(text, "!"));
}

TEST_CASE("preview: how elements are taken for batches or for samples") {
  const Tensor x = features(10), y = labels({0, 1, 0, 1, 0, 1, 0, 1, 0, 1});
  CHECK(has(text_of(from_tensor_slices(x, y)), "10 samples; all 10 read"));
  CHECK(has(text_of(from_tensor_slices(x, y).batch(4)), "3 batches; all 10 read"));
  CHECK(has(text_of(from_tensor_slices(x, y).batch(4).map([](Example e) { return e; })),
            "3 batches; all 10 read"));
  CHECK(has(text_of(from_tensor_slices(x).batch(4).map([](Example e) { return e; })),
            "3 samples; all 3 read"));
  CHECK(has(
      text_of(from_tensor_slices(x).batch(4).map([](Example e) { return e; }), {.batched = true}),
      "3 batches; all 10 read"));
  CHECK(has(text_of(from_tensor_slices(x, y).repeat(), {.samples = 15}),
            "samples without end; the first 15 samples read"));
  CHECK(has(text_of(from_tensor_slices(x, y).filter([](const Example&) { return true; })),
            "samples of unknown number; all 10 read"));
  CHECK(has(text_of(from_tensor_slices(x).take(0)), "  ! the dataset is empty."));
}

struct Row {
  const char* name;
  Dataset dataset;
  const char* warning;  // "": none
};

Tensor with(Tensor x, std::int64_t at, double value) {
  x.mutable_data<float>()[at] = static_cast<float>(value);
  return x;
}

TEST_CASE("preview: warnings of the usual mistakes, and none without one") {
  const Tensor x = features(6), y = labels({0, 2, 1, 0, 2, 1});
  const Tensor one_hot = Tensor::numbers({1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0}, {6, 2});
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<std::int64_t> mostly(50, 0);
  mostly[7] = 1;
  const Row rows[] = {
      {"nothing", from_tensor_slices(x, y), ""},
      {"one-hot", from_tensor_slices(x, one_hot), ""},
      {"regression", from_tensor_slices(x, Tensor::numbers({0.5, 7, 2, 1e5, -3, 4})), ""},
      {"NaN", from_tensor_slices(with(x.copy(), 4, NAN), y), "x holds NaN: 1 of 18 numbers"},
      {"NaN in y", from_tensor_slices(x, with(features(6), 4, NAN)), "y holds NaN: 1 of 18"},
      {"infinite", from_tensor_slices(with(x.copy(), 4, -inf), y), "x holds infinities: 1 of 18"},
      {"bytes", from_tensor_slices(with(ones({6, 9, 9}), 3, 255), y),
       "put layers::Rescaling({.scale = 1.0 / 255})"},
      {"large", from_tensor_slices(with(x.copy(), 4, 5000), y), "x goes from -2 to 5000"},
      {"constant", from_tensor_slices(ones({6, 3}), y), "x is 1 everywhere"},
      {"from 1", from_tensor_slices(x, labels({1, 3, 2, 1, 3, 2})),
       "y goes from 1 to 3, not from 0 to 2; subtract 1"},
      {"gaps", from_tensor_slices(x, labels({0, 5, 2, 0, 5, 2})),
       "y leaves out 3 of the labels from 0 to 5"},
      {"negative", from_tensor_slices(x, labels({-1, 1, 1, -1, 1, 1})), "y goes from -1 to 1"},
      {"one class", from_tensor_slices(x, labels({3, 3, 3, 3, 3, 3})), "y is 3 in all 6 samples"},
      {"sorted", from_tensor_slices(x, labels({0, 0, 0, 1, 1, 1})), "y comes sorted"},
      {"mostly one", from_tensor_slices(features(50), labels(mostly)), "y is 0 in 98 %"},
      {"texts", from_tensor_slices(x, Tensor::strings({"a", "b", "a", "b", "a", "b"})),
       "y holds texts"},
      {"texts as x", from_tensor_slices(Tensor::strings({"a", "b", "a", "b", "a", "b"}), y), ""},
      {"shapes",
       data::range(4).map([](Example e) { return Example{.x = features(number_of(e) + 1)}; }),
       "x differs in shape from sample to sample, [None, 3]"},
      {"ranks", data::range(4).map([](Example e) {
         return Example{.x = number_of(e) == 1 ? features(1) : features(1)[0]};
       }),
       "x differs in rank"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string text = text_of(row.dataset);
    std::string line = text;  // a warning may go over several lines
    for (std::size_t at; (at = line.find("\n    ")) != std::string::npos;) line.replace(at, 5, " ");
    CAPTURE(line);
    if (*row.warning == '\0') {
      CHECK_FALSE(has(line, "  ! "));
    } else {
      CHECK(has(line, row.warning));
    }
  }
}

TEST_CASE("preview: many classes, long names, narrow lines, control characters") {
  std::vector<std::int64_t> many;
  for (std::int64_t i = 0; i < 200; ++i) many.push_back(i * 37 % 50);
  const Dataset dataset = from_tensor_slices(features(200), labels(many));
  const std::string text =
      text_of(dataset, {.class_names = std::vector<std::string>(50, std::string(300, 'n'))});
  CHECK(has(text, "y: 50 classes"));
  CHECK(has(text, "... and 31 more"));
  for (const std::int64_t columns : {1, 20, 40}) {
    const std::string narrow = preview_text(dataset, {.columns = columns});
    CHECK(has(narrow, "y: 50 classes"));
  }
  const std::string odd = text_of(from_tensor_slices(Tensor::strings({"\x1b[31m\n", "b"})));
  CHECK_FALSE(has(odd, "\x1b"));
}

TEST_CASE("preview: ranges are those of all samples read, not of those shown") {
  std::vector<std::string> texts(30, "some");
  texts[20] = std::string(99, 'x');
  texts[25] = "";
  Tensor x = features(30);
  x.mutable_data<float>()[80] = 9;
  const std::string text = text_of(from_tensor_slices({x, Tensor::strings(texts)}));
  CHECK(has(text, "string[]  0 to 99 bytes"));
  CHECK(has(text, "-2 to 9, mean"));
}

TEST_CASE("preview: a contact sheet") {
  const TemporaryFolder folder;
  const std::string path = folder / "sheet.png";
  Tensor x = zeros({10, 8, 9, 3});
  for (std::int64_t i = 0; i < 8 * 9; ++i) x.mutable_data<float>()[3 * i] = 1;  // the first is red
  (void)text_of(from_tensor_slices(x), {.contact_sheet = path});
  const Tensor sheet = data::read_image(path);
  CHECK(sheet.spec() == Spec{{2 * 10 + 2, 8 * 11 + 2, 3}, uint8});
  const auto pixel = [&](std::int64_t y, std::int64_t at) {
    return std::vector<int>{sheet.item<int>({y, at, 0}), sheet.item<int>({y, at, 1}),
                            sheet.item<int>({y, at, 2})};
  };
  CHECK(pixel(0, 0) == std::vector<int>{32, 32, 32});
  CHECK(pixel(2, 2) == std::vector<int>{255, 0, 0});
  CHECK(pixel(9, 10) == std::vector<int>{255, 0, 0});
  CHECK(pixel(9, 11) == std::vector<int>{32, 32, 32});
  CHECK(pixel(9, 13) == std::vector<int>{0, 0, 0});
  CHECK_THROWS_WITH_AS((void)text_of(from_tensor_slices(features(3)), {.contact_sheet = path}),
                       Contains("no tensor of x looks like an image"), ValueError);
}

TEST_CASE("preview: what it refuses") {
  const Dataset dataset = slices(3);
  CHECK_THROWS_AS((void)preview_text(dataset, {.samples = 0}), ValueError);
  CHECK_THROWS_AS((void)preview_text(dataset, {.rows = -1}), ValueError);
  CHECK_THROWS_AS((void)preview_text(dataset, {.columns = -1}), ValueError);
  CHECK_THROWS_AS((void)preview_text(Dataset()), ValueError);
  CHECK_THROWS_WITH_AS((void)text_of(dataset.map([](Example e) {
                         return number_of(e) == 1 ? Example{.x = zeros({})} : e;
                       })),
                       Contains("sample 1 differs in structure or dtype"), ValueError);
  CHECK(has(text_of(dataset, {.rows = 0}), "3 samples; all 3 read"));
}

}  // namespace
}  // namespace keratin::tests
