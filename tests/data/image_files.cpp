// Image files of every kind against TensorFlow's pixels, and what Keras makes of folders of them.
#include <algorithm>

#include "data/directories/image_dataset.h"
#include "data/directories/split.h"
#include "data/images/read_image.h"
#include "data/images/write_png.h"
#include "tests/data/images.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

using data::decode_image;
using doctest::Contains;

struct Mode {
  const char* name;
  std::int64_t channels;
};
constexpr Mode kModes[] = {{"grayscale", 1}, {"rgb", 3}, {"rgba", 4}};

TEST_CASE("images: every kind of file has TensorFlow's pixels") {
  std::int64_t compared = 0;
  for (const Json& test : golden("images").at("cases")) {
    const std::string name = test.at("name"), file = from_hex(test.at("file"));
    for (const Mode& mode : kModes) {
      CAPTURE(name);
      CAPTURE(mode.name);
      const Tensor image = decode_image(as_bytes(file), {.color_mode = mode.name});
      REQUIRE(image.shape()[2] == mode.channels);
      const Json& expected = test.at(mode.name);
      if (expected.is_null()) continue;
      REQUIRE(image.shape() == to_shape(expected.at("shape")));
      std::string pixels = from_hex(expected.at("bytes"));
      // TensorFlow calls pixels without alpha 1 where they have one bit, 3 where two, 15 where four.
      const bool has_alpha = name.find("alpha") != std::string::npos ||
                             name.find("rgba") != std::string::npos ||
                             name.find("tRNS") != std::string::npos || name == "BMP 32 bit";
      if (mode.channels == 4 && !has_alpha)
        for (std::size_t i = 3; i < pixels.size(); i += 4) pixels[i] = '\xff';
      // It takes the numbers of a BMP's palette for brightness; here they are the same.
      CHECK(largest_difference(image, pixels) == 0);
      ++compared;
    }
  }
  CHECK(compared > 150);
}

TEST_CASE("images: what TensorFlow does not read into so many channels") {
  for (const Json& test : golden("images").at("cases")) {
    const std::string name = test.at("name"), file = from_hex(test.at("file"));
    CAPTURE(name);
    const Tensor rgb = decode_image(as_bytes(file)),
                 rgba = decode_image(as_bytes(file), {.color_mode = "rgba"}),
                 gray = decode_image(as_bytes(file), {.color_mode = "grayscale"});
    const auto c = rgb.to_vector<int>(), a = rgba.to_vector<int>(), g = gray.to_vector<int>();
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < g.size(); ++i) {
      for (std::size_t k = 0; k < 3; ++k) wrong += a[4 * i + k] != c[3 * i + k];
      if (name.starts_with("JPEG") || name.starts_with("GIF of")) wrong += a[4 * i + 3] != 255;
      const double light = 0.299 * c[3 * i] + 0.587 * c[3 * i + 1] + 0.114 * c[3 * i + 2];
      // JPEG stores the brightness of pixels before their colours are cut to 0 ... 255.
      const double most = name.starts_with("JPEG") ? 20 : name.ends_with("gAMA") ? 60 : 1.5;
      wrong += !(std::abs(g[i] - light) <= most);
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("images: transparent pixels of a GIF") {
  for (const Json& test : golden("images").at("cases")) {
    if (test.at("name") != "GIF transparent") continue;
    const std::string file = from_hex(test.at("file"));
    const auto a = decode_image(as_bytes(file), {.color_mode = "rgba"}).to_vector<int>();
    std::int64_t clear = 0;
    for (std::size_t i = 3; i < a.size(); i += 4) {
      clear += a[i] == 0;
      if (a[i] == 0) CHECK(a[i - 1] + a[i - 2] + a[i - 3] == 0);
    }
    CHECK(clear > 0);
    CHECK(clear < std::ssize(a) / 4);
  }
}

TEST_CASE("images: a folder as Keras resizes it") {
  const TemporaryFolder folder;
  const Json& file = golden("images");
  std::int64_t number = 0;
  for (const Json& image : file.at("images")) {
    const std::string pixels = from_hex(image.at("bytes"));
    data::write_png(folder / (std::to_string(number++) + ".png"),
                    Tensor::from(std::vector<std::uint8_t>(pixels.begin(), pixels.end()),
                                 to_shape(image.at("size"))));
  }
  for (const Json& test : file.at("resized")) {
    const std::string how = test.at("how");
    CAPTURE(test.at("interpolation").get<std::string>());
    CAPTURE(how);
    const Dataset dataset = data::image_dataset_from_directory(
        folder.path(), {.labels = "none",
                        .color_mode = "grayscale",
                        .image_size = {6, 8},
                        .shuffle = false,
                        .interpolation = test.at("interpolation"),
                        .crop_to_aspect_ratio = how == "crop",
                        .pad_to_aspect_ratio = how == "pad",
                        .verbose = false});
    const std::optional<Example> batch = dataset.begin().next();
    REQUIRE(batch.has_value());
    CHECK(batch->x.spec() == Spec{{4, 6, 8, 1}, float32});
    CHECK(batch->y.none());
    CHECK(difference(batch->x, to_numbers(test.at("values")), {1e-5, 2e-4}) == "");
  }
}

TEST_CASE("directories: files are shuffled in numpy's order") {
  for (const Json& test : golden("images").at("orders")) {
    const auto expected = test.at("order").get<std::vector<std::int64_t>>();
    CHECK(data::detail::numpy_order(std::ssize(expected), test.at("seed")) == expected);
  }
  CHECK(data::detail::numpy_order(0, 1).empty());
}

TEST_CASE("write_png: what is written is read again") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.png";
  for (const std::int64_t channels : {1, 3, 4}) {
    CAPTURE(channels);
    const Tensor image =
        arange(0, static_cast<double>(20 * channels), 1, uint8).reshaped({4, 5, channels});
    const char* const mode = channels == 1 ? "grayscale" : channels == 3 ? "rgb" : "rgba";
    for (const DType dtype : {uint8, float32, float64}) {
      data::write_png(
          path, dtype == uint8 ? image : Tensor::from(image.to_vector<float>(), image.shape()));
      CHECK(data::read_image(path, {.color_mode = mode}).to_vector<int>() ==
            image.to_vector<int>());
    }
  }
  data::write_png(path, Tensor::numbers({0.4, 0.6, 254.5, 255}, {2, 2}));
  CHECK(data::read_image(path, {.color_mode = "grayscale"}).to_vector<int>() ==
        std::vector<int>{0, 1, 255, 255});
  CHECK(data::encode_png(zeros({2, 2, 2}, uint8)).size() > 50);
  CHECK_THROWS_WITH_AS(data::write_png(path, zeros({2, 2, 5}, uint8)),
                       Contains("write_png: the image is u8[2, 2, 5]; expected [height, width]"),
                       ShapeError);
  CHECK_THROWS_AS(data::write_png(path, zeros({0, 2, 3}, uint8)), ShapeError);
  CHECK_THROWS_AS(data::write_png(path, zeros({2, 2}, int32)), DTypeError);
  CHECK_THROWS_AS(data::write_png(path, Tensor()), ValueError);
  CHECK_THROWS_WITH_AS(data::write_png(path, Tensor::numbers({0, 256}, {1, 2})),
                       Contains("a value of 256; expected 0 to 255"), ValueError);
  CHECK_THROWS_AS(data::write_png(path, Tensor::numbers({0, NAN}, {1, 2})), ValueError);
  CHECK_THROWS_AS(data::write_png(folder / "no/x.png", zeros({1, 1}, uint8)), FileError);
}

}  // namespace
}  // namespace keratin::tests
