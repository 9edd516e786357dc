#include "nn/inspect/draw.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "kernels/error.h"
#include "tensor/cast.h"

namespace keratin::tests {
namespace {

// On a line of 80 characters, whatever the terminal has.
std::string drawn(const Tensor& images, DrawImagesOptions options = {}) {
  if (options.columns == 0) options.columns = 80;
  return draw_images(images, options);
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("draw_images: the character nearest to two pixels") {
  // One image of 2 x 8: upper row, lower row.
  const Tensor x = Tensor::numbers({0, 1, 1, 0, .25, .5, .75, .9,  //
                                    0, 1, 0, 1, .25, .5, .75, .3},
                                   {1, 2, 8});
  CHECK(drawn(x) == " █▀▄░▒▓▀\n");
  CHECK(drawn(x, {.style = "ramp"}) == " @++:+#+\n");
  CHECK(drawn(cast(x, float64)) == " █▀▄░▒▓▀\n");
  CHECK(drawn(x.reshaped({1, 2, 8, 1})) == " █▀▄░▒▓▀\n");
  const Tensor bytes = Tensor::numbers(
      {0, 255, 255, 0, 64, 128, 191, 230, 0, 255, 0, 255, 64, 128, 191, 77}, {1, 2, 8}, uint8);
  CHECK(drawn(bytes) == " █▀▄░▒▓▀\n");
}

TEST_CASE("draw_images: an odd number of rows, a pixel that is NaN, no images") {
  CHECK(drawn(ones({1, 3, 2})) == "██\n▀▀\n");
  CHECK(drawn(Tensor::numbers({1, 1, 1, kNaN, 1, 1}, {1, 2, 3})) == "?██\n");
  CHECK(drawn(ones({1, 1, 1})) == "▀\n");
  CHECK(drawn(zeros({0, 4, 4})) == "");
}

TEST_CASE("draw_images: captions, and as many images in a row as fit") {
  const Tensor x = ones({3, 2, 4});
  CHECK(drawn(x, {.captions = {"7", "4, is 9", ""}, .columns = 16}) ==
        " ████     ████\n"
        "   7     4, is 9\n"
        "\n"
        " ████\n"
        "\n");
  CHECK(drawn(x, {.columns = 15}) == "████  ████\n\n████\n");
  CHECK(drawn(x, {.columns = 16}) == "████  ████  ████\n");
  CHECK(drawn(ones({1, 2, 4}), {.captions = {"a long caption"}, .columns = 6}) ==
        " ████\na lon…\n");
}

TEST_CASE("draw_images: another width takes means over boxes") {
  // Halves of 4 x 4: white left, black right.
  const Tensor x = Tensor::numbers({1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0}, {1, 4, 4});
  CHECK(drawn(x, {.width = 2}) == "█\n");
  CHECK(drawn(x, {.width = 8}) == "████\n████\n████\n████\n");
  CHECK(drawn(x, {.width = 1}) == "░\n");  // .5 above nothing
  CHECK(drawn(x, {.columns = 2}) == "█\n");
  // Thirds of boxes: columns of 2/3 pixels' width see 1, then 1/2 of each, then 0.
  CHECK(drawn(x, {.width = 3}) == "█▒\n▀░\n");
  const Tensor hole =
      Tensor::numbers({kNaN, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 4, 4});
  CHECK(drawn(hole, {.width = 2}) == "?█\n");
}

TEST_CASE("draw_images refuses what is no row of grey images") {
  const auto shape_error = [](const Shape& shape) {
    CHECK_THROWS_AS(draw_images(ones(shape)), ShapeError);
  };
  shape_error({4, 4});
  shape_error({1, 4, 4, 3});
  shape_error({1, 0, 4});
  shape_error({1, 4, 0, 1});
  shape_error({4});
  CHECK_THROWS_WITH_AS(draw_images(ones({28, 28})),
                       "draw_images: not grey images: given f32[28, 28]; expected [N, H, W] or "
                       "[N, H, W, 1], H and W at least 1. For one image use x.slice(i, i + 1).",
                       ShapeError);
  CHECK_THROWS_AS(draw_images(ones({1, 2, 2}, int32)), DTypeError);
  CHECK_THROWS_WITH_AS(draw_images(full({1, 2, 2}, 255)),
                       "draw_images: a pixel out of range: 255; expected 0 (black) to 1 (white). "
                       "Divide bytes by 255; of others take clip(x, 0, 1).",
                       ValueError);
  CHECK_THROWS_AS(draw_images(full({1, 2, 2}, -0.5)), ValueError);
  CHECK_THROWS_AS(draw_images({}), ValueError);
  const Tensor x = ones({2, 2, 2});
  CHECK_THROWS_AS(draw_images(x, {.captions = {"one"}}), ValueError);
  CHECK_THROWS_WITH_AS(draw_images(x, {.style = "block"}),
                       "draw_images: unknown style \"block\"; did you mean \"blocks\"?; known: "
                       "blocks, ramp",
                       ValueError);
  CHECK_THROWS_AS(draw_images(x, {.width = -1}), ValueError);
  CHECK_THROWS_AS(draw_images(x, {.columns = -1}), ValueError);
}

TEST_CASE("prediction_captions") {
  using Texts = std::vector<std::string>;
  const Tensor p = Tensor::numbers({0.01, 0.98, 0.01, 0.25, 0.25, 0.5, kNaN, 0, 0}, {3, 3});
  CHECK(prediction_captions(p) == Texts{"1 (98 %)", "2 (50 %)", "0 (nan)"});
  const Tensor y = Tensor::numbers({1, 0, 0}, Shape::unset(), uint8);
  CHECK(prediction_captions(p, y) == Texts{"1 (98 %)", "2, is 0", "0 (nan)"});
  CHECK(prediction_captions(p, y.reshaped({3, 1}), {.class_names = {"bag", "coat", "shirt"}}) ==
        Texts{"coat (98 %)", "shirt, is bag", "bag (nan)"});
  const Tensor labels = Tensor::numbers({4, 9}, Shape::unset(), int64);
  CHECK(prediction_captions(labels) == Texts{"4", "9"});
  CHECK(prediction_captions(labels, Tensor::numbers({4, 4}, Shape::unset(), int32)) ==
        Texts{"4", "9, is 4"});
  CHECK(prediction_captions(zeros({0, 3})) == Texts{});

  CHECK_THROWS_AS(prediction_captions({}), ValueError);
  CHECK_THROWS_AS(prediction_captions(ones({3})), ShapeError);
  CHECK_THROWS_AS(prediction_captions(ones({3, 0})), ShapeError);
  CHECK_THROWS_AS(prediction_captions(ones({3, 2}, boolean)), DTypeError);
  CHECK_THROWS_AS(prediction_captions(p, ones({3})), DTypeError);
  CHECK_THROWS_AS(prediction_captions(p, ones({2}, int64)), ShapeError);
  CHECK_THROWS_AS(prediction_captions(labels, {}, {.class_names = {"a", "b"}}), ValueError);
}

}  // namespace
}  // namespace keratin::tests
