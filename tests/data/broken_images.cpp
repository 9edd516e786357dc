// Files that are no images, or broken ones, and kinds that TensorFlow does not read.
#include <random>

#include "data/images/decoder.h"
#include "data/images/read_image.h"
#include "tensor/storage.h"
#include "tests/data/images.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

using data::decode_image, data::read_image;
using doctest::Contains;

constexpr const char* kNames[] = {"grayscale", "rgb", "rgba"};

std::string file_of(const std::string& name) {
  for (const Json& test : golden("images").at("cases"))
    if (test.at("name") == name) return from_hex(test.at("file"));
  FAIL("no such file: " << name);
  return {};
}

std::string with(std::string bytes, std::size_t at, const std::string& other) {
  return bytes.replace(at, other.size(), other);
}
std::string without_end(const std::string& bytes, std::size_t count) {
  return bytes.substr(0, bytes.size() - count);
}

struct Fault {
  const char* name;
  std::string bytes;
  const char* message;
};

// Screen 4 x 3, two colours, and a frame of the given place.
std::string gif(const std::string& frame, const std::string& codes) {
  return "GIF89a" + little_endian(4, 2) + little_endian(3, 2) + "\x80" + std::string(2, '\0') +
         std::string("\0\0\0\x0a\x14\x1e", 6) + "," + frame + codes + ";";
}
std::string gif_frame(int left, int top, int width, int height) {
  return little_endian(static_cast<std::uint64_t>(left), 2) +
         little_endian(static_cast<std::uint64_t>(top), 2) +
         little_endian(static_cast<std::uint64_t>(width), 2) +
         little_endian(static_cast<std::uint64_t>(height), 2) + std::string(1, '\0');
}
// Codes of 3 bits: clear, 1, 1, end. Two pixels of colour 1.
const std::string kTwoPixels = std::string("\x02\x02", 2) +
                               little_endian(4 | 1 << 3 | 1 << 6 | 5 << 9, 2) +
                               std::string(1, '\0');

std::string bmp(std::int32_t width, std::int32_t height, int bits, int compression,
                const std::string& rest, int colours = 0, std::size_t gap = 0) {
  const std::string header =
      little_endian(40, 4) + little_endian(static_cast<std::uint32_t>(width), 4) +
      little_endian(static_cast<std::uint32_t>(height), 4) + little_endian(1, 2) +
      little_endian(static_cast<std::uint64_t>(bits), 2) +
      little_endian(static_cast<std::uint64_t>(compression), 4) + std::string(12, '\0') +
      little_endian(static_cast<std::uint64_t>(colours), 4) + std::string(4, '\0');
  const std::size_t masks = compression == 3 ? 12 : 0;
  const std::size_t palette =
      bits <= 8 ? static_cast<std::size_t>(4 * (colours ? colours : 1 << bits)) : 0;
  return "BM" + little_endian(0, 4) + little_endian(0, 4) +
         little_endian(54 + masks + palette + gap, 4) + header + rest;
}

std::vector<Fault> faults() {
  const std::string jpeg = file_of("JPEG 4:2:0"), progressive = file_of("JPEG 4:4:4 progressive"),
                    png = file_of("PNG rgb 8 bit"), gif_file = file_of("GIF"),
                    bmp_file = file_of("BMP 24 bit"), two = gif(gif_frame(0, 0, 2, 1), kTwoPixels);
  const std::size_t data = png.find("IDAT");
  const std::size_t size = jpeg.find("\xff\xc0") + 5;
  const std::string rows(1000, '\0');
  return {
      {"empty", "",
       "not an image that keratin reads: it is an empty file; expected JPEG, PNG, GIF"},
      {"text", "hello, this is no picture\nat all",
       "text, which begins with \"hello, this is no picture\""},
      {"a word that begins with BM", "BMW and other cars", "text, which begins with \"BMW"},
      {"WebP", "RIFF\x10\x20\x30\x40WEBPVP8 ", "it is a WebP image"},
      {"zeros", std::string(100, '\0'), "zeros only"},
      {"bytes", "\x01\x02\x03\xff\xfe", "unknown; its first bytes are 01 02 03 ff"},
      {"JPEG, its first bytes", "\xff\xd8\xff", "JPEG: "},
      {"JPEG, half", jpeg.substr(0, jpeg.size() - 40), "truncated or corrupt JPEG: Premature end"},
      {"JPEG, no end", without_end(jpeg, 2),
       "truncated or corrupt JPEG: Premature end of JPEG file"},
      {"JPEG, only a header", jpeg.substr(0, size + 20), "JPEG: "},
      {"JPEG progressive, half", progressive.substr(0, progressive.size() - 60),
       "truncated or corrupt JPEG"},
      {"JPEG that claims much", with(jpeg, size, "\xff\xdc\xff\xdc"),
       "too large: its header says 65500 x 65500"},
      {"JPEG that claims some", with(jpeg, size, std::string("\x20\x00\x20\x00", 4)),
       "its header says 8192 x 8192 pixels, more than a file of"},
      {"JPEG without rows", with(jpeg, size, std::string("\0\0", 2)), "JPEG: "},
      {"JPEG of 12 bits", with(jpeg, size - 1, "\x0c"),
       "corrupt JPEG: Unsupported JPEG data precision 12"},
      {"PNG, half", png.substr(0, data + 100),
       "truncated PNG: the file ends before its IEND chunk"},
      {"PNG, no end", without_end(png, 12), "truncated PNG"},
      {"PNG, its signature", png.substr(0, 8), "truncated PNG"},
      {"PNG, wrong sum", with(png, data + 20, "x"), "corrupt PNG: "},
      {"PNG, wrong sum of its header", with(png, 20, "x"), "corrupt PNG: IHDR: CRC error"},
      {"PNG, wrong sum of another chunk",
       kPngBegin + png_header(1, 1, 8, 0) +
           without_end(png_chunk("tRNS", std::string(2, '\0')), 1) + "x" +
           png_chunk("IDAT", deflated(std::string(2, '\0'))) + png_chunk("IEND", ""),
       "corrupt PNG: tRNS: CRC error"},
      {"PNG of 60000 x 60000",
       kPngBegin + png_header(60000, 60000, 8, 2) + png_chunk("IDAT", deflated(rows)) +
           png_chunk("IEND", ""),
       "too large: its header says 60000 x 60000 pixels of 3 channels; at most 268435456 elements"},
      {"PNG of 2^31 - 1",
       kPngBegin + png_header(0x7fffffff, 0x7fffffff, 16, 6) + png_chunk("IDAT", deflated(rows)) +
           png_chunk("IEND", ""),
       "too large"},
      {"PNG of 9000 x 9000",
       kPngBegin + png_header(9000, 9000, 8, 2) + png_chunk("IDAT", deflated(rows)) +
           png_chunk("IEND", ""),
       "its header says 9000 x 9000 pixels, more than a file of"},
      {"PNG, too few pixels",
       kPngBegin + png_header(30, 30, 8, 2) + png_chunk("IDAT", deflated(rows)) +
           png_chunk("IEND", ""),
       "corrupt PNG: "},
      {"PNG, no pixels", kPngBegin + png_header(3, 3, 8, 2) + png_chunk("IEND", ""),
       "corrupt PNG: "},
      {"PNG without width", kPngBegin + png_header(0, 3, 8, 2), "corrupt PNG: "},
      {"PNG, wrong palette index",
       kPngBegin + png_header(2, 1, 8, 3) + png_chunk("PLTE", "abcdef") +
           png_chunk("IDAT", deflated(std::string("\0\1\2", 3))) + png_chunk("IEND", ""),
       "corrupt PNG: a pixel is colour 2 of a palette of 2"},
      {"PNG without its palette",
       kPngBegin + png_header(2, 1, 8, 3) + png_chunk("IDAT", deflated(std::string("\0\1\2", 3))) +
           png_chunk("IEND", ""),
       "corrupt PNG: "},
      {"GIF, its signature", "GIF89a", "truncated GIF: it ends within its header"},
      {"GIF, half", gif_file.substr(0, gif_file.size() / 2), "truncated GIF: it ends within its"},
      {"GIF, no block's end", without_end(gif_file, 2), "truncated GIF: it ends within its frame"},
      {"GIF of two frames, cut in the second", without_end(file_of("GIF of two frames"), 30),
       "truncated GIF"},
      {"GIF without a frame", gif_file.substr(0, 13) + ";", "GIF: "},
      {"GIF, too few pixels", gif(gif_frame(0, 0, 4, 3), kTwoPixels),
       "its first frame has 2 of 12 pixels"},
      {"GIF, wrong palette index",
       gif(gif_frame(0, 0, 2, 1),
           with(kTwoPixels, 2, little_endian(4 | 1 << 3 | 3 << 6 | 5 << 9, 2))),
       "corrupt GIF: a pixel is colour 3 of a palette of 2"},
      {"GIF, unknown code",
       gif(gif_frame(0, 0, 2, 1),
           with(kTwoPixels, 2, little_endian(4 | 1 << 3 | 7 << 6 | 5 << 9, 2))),
       "corrupt GIF: code 7 where"},
      {"GIF, codes of 9 bits", gif(gif_frame(0, 0, 2, 1), with(kTwoPixels, 0, "\x09")),
       "codes of 9 bits"},
      {"GIF that claims much", gif(gif_frame(0, 0, 65535, 65535), kTwoPixels),
       "too large: its header says 65535 x 65535"},
      {"GIF that claims some", gif(gif_frame(0, 0, 5000, 5000), kTwoPixels), "more than a file of"},
      {"GIF without a palette", with(two, 10, std::string(1, '\0')), "GIF: "},
      {"BMP, its first bytes", "BM\x01\x02", "truncated BMP: it ends within its header"},
      {"BMP, half", bmp_file.substr(0, bmp_file.size() / 2), "truncated or corrupt"},
      {"BMP, a byte less", without_end(bmp_file, 4),
       "truncated or corrupt BMP: 11 x 7 pixels of 24 bits"},
      {"BMP that claims much", bmp(60000, 60000, 24, 0, rows),
       "too large: its header says 60000 x 60000"},
      {"BMP of negative width", bmp(-5, 5, 24, 0, rows),
       "its header says -5 x 5 pixels; expected 1 or more"},
      {"BMP of the least height", bmp(5, INT32_MIN, 24, 0, rows), "too large"},
      {"BMP, wrong palette index",
       bmp(2, 1, 8, 0, std::string(8, 'a') + std::string("\1\2\0\0", 4), 2),
       "corrupt BMP: a pixel is colour 2 of a palette of 2"},
      {"BMP, run-length coded", bmp(2, 1, 8, 1, rows), "a run-length coded BMP, which is not read"},
      {"BMP of 7 bits", bmp(2, 1, 7, 0, rows), "BMP of 7 bits a pixel"},
      {"BMP of compression 4", bmp(2, 1, 24, 4, rows), "BMP of compression 4 with 24 bits"},
  };
}

TEST_CASE("images: broken files are refused, with their name and the fault") {
  const TemporaryFolder folder;
  const std::string path = folder / "photo.png";
  const auto in_use = memory_stats().bytes_in_use;
  for (const Fault& row : faults()) {
    CAPTURE(row.name);
    write_file(path, row.bytes);
    CHECK_THROWS_WITH_AS(read_image(path), Contains(row.message), FileError);
    CHECK_THROWS_WITH_AS(read_image(path), Contains(("read_image: " + path + ": ").c_str()),
                         FileError);
    CHECK_THROWS_WITH_AS(decode_image(as_bytes(row.bytes)), Contains("decode_image: "), FileError);
  }
  CHECK(memory_stats().bytes_in_use == in_use);
  CHECK_THROWS_AS(read_image(folder / "missing.png"), FileError);
  CHECK_THROWS_AS(read_image(folder.path()), FileError);
}

TEST_CASE("images: options") {
  const std::string png = file_of("PNG rgb 8 bit");
  CHECK_THROWS_WITH_AS(decode_image(as_bytes(png), {.color_mode = "bgr"}),
                       Contains("color_mode is \"bgr\"; expected grayscale, rgb or rgba"),
                       ValueError);
  CHECK_THROWS_WITH_AS(decode_image(as_bytes(png), {.dct_method = "fast"}),
                       Contains("dct_method is \"fast\""), ValueError);
  CHECK_THROWS_AS(decode_image(as_bytes(png), {.max_elements = 0}), ValueError);
  CHECK_THROWS_AS(decode_image(as_bytes(png), {.max_elements = 7 * 11 * 3 - 1}), FileError);
  CHECK(decode_image(as_bytes(png), {.max_elements = 7 * 11 * 3}).shape() == Shape{7, 11, 3});
  const std::string jpeg = file_of("JPEG 4:4:4");
  const auto fast = decode_image(as_bytes(jpeg)).to_vector<int>(),
             accurate =
                 decode_image(as_bytes(jpeg), {.dct_method = "INTEGER_ACCURATE"}).to_vector<int>();
  int most = 0;
  for (std::size_t i = 0; i < fast.size(); ++i)
    most = std::max(most, std::abs(fast[i] - accurate[i]));
  CHECK(most > 0);
  CHECK(most <= 6);
}

TEST_CASE("images: what follows the picture does not matter") {
  for (const char* name : {"JPEG 4:2:0", "PNG rgb 8 bit", "GIF", "BMP 24 bit"}) {
    CAPTURE(name);
    const std::string file = file_of(name);
    CHECK(decode_image(as_bytes(file + std::string(50, 'x'))).to_vector<int>() ==
          decode_image(as_bytes(file)).to_vector<int>());
  }
  const std::string jpeg = file_of("JPEG 4:2:0");  // some cameras leave bytes before the end
  CHECK(decode_image(as_bytes(without_end(jpeg, 2) + "abcdef\xff\xd9")).to_vector<int>() ==
        decode_image(as_bytes(jpeg)).to_vector<int>());
}

struct Pixels {
  const char* name;
  std::string bytes;
  Shape shape;
  std::vector<int> rgba;
};

TEST_CASE("images: BMP and GIF in other forms") {
  const std::string two_colours = std::string("\x1e\x14\x0a\0\x03\x02\x01\0", 8);  // blue first
  const std::vector<Pixels> rows = {
      {"1 bit",
       bmp(3, 2, 1, 0, two_colours + std::string("\xa0\0\0\0\x40\0\0\0", 8)),
       {2, 3, 4},
       {10, 20, 30, 255, 1,  2,  3,  255, 10, 20, 30, 255,
        1,  2,  3,  255, 10, 20, 30, 255, 1,  2,  3,  255}},
      {"4 bits, 2 colours",
       bmp(3, 1, 4, 0, two_colours + std::string("\x10\x10\0\0", 4), 2),
       {1, 3, 4},
       {1, 2, 3, 255, 10, 20, 30, 255, 1, 2, 3, 255}},
      {"a gap before the pixels",
       bmp(1, 1, 24, 0, std::string(9, 'x') + "\3\2\1", 0, 9),
       {1, 1, 4},
       {1, 2, 3, 255}},
      {"16 bits",
       bmp(2, 1, 16, 0, little_endian(31 << 10 | 16 << 5, 2) + little_endian(31, 2)),
       {1, 2, 4},
       {255, 132, 0, 255, 0, 0, 255, 255}},
      {"16 bits, masks",
       bmp(2, 1, 16, 3,
           little_endian(0xf800, 4) + little_endian(0x7e0, 4) + little_endian(0x1f, 4) +
               little_endian(0xffe0, 2) + little_endian(0x1f, 2)),
       {1, 2, 4},
       {255, 255, 0, 255, 0, 0, 255, 255}},
      {"32 bits, no alpha",
       bmp(1, 1, 32, 0, std::string("\3\2\1\0", 4)),
       {1, 1, 4},
       {1, 2, 3, 255}},
      {"32 bits, alpha", bmp(1, 1, 32, 0, "\3\2\1\x07"), {1, 1, 4}, {1, 2, 3, 7}},
      {"a frame within its screen",
       gif(gif_frame(1, 2, 2, 1), kTwoPixels),
       {3, 4, 4},
       [] {
         std::vector<int> pixels(48, 0);
         for (const std::size_t at : {36, 40}) {
           pixels[at] = 10, pixels[at + 1] = 20, pixels[at + 2] = 30, pixels[at + 3] = 255;
         }
         return pixels;
       }()},
      {"a frame beyond its screen",
       with(gif(gif_frame(0, 0, 2, 1), kTwoPixels), 6, std::string(4, '\0')),
       {1, 2, 4},
       {10, 20, 30, 255, 10, 20, 30, 255}},
  };
  for (const Pixels& row : rows) {
    CAPTURE(row.name);
    const Tensor image = decode_image(as_bytes(row.bytes), {.color_mode = "rgba"});
    CHECK(image.shape() == row.shape);
    CHECK(image.to_vector<int>() == row.rgba);
  }
}

// A picture of 2 rows and 3 columns, numbered, as cameras turn it.
struct Turned {
  int orientation;
  Shape shape;
  std::vector<int> pixels;
};
const Turned kTurned[] = {{1, {2, 3, 1}, {0, 1, 2, 3, 4, 5}}, {2, {2, 3, 1}, {2, 1, 0, 5, 4, 3}},
                          {3, {2, 3, 1}, {5, 4, 3, 2, 1, 0}}, {4, {2, 3, 1}, {3, 4, 5, 0, 1, 2}},
                          {5, {3, 2, 1}, {0, 3, 1, 4, 2, 5}}, {6, {3, 2, 1}, {3, 0, 4, 1, 5, 2}},
                          {7, {3, 2, 1}, {5, 2, 4, 1, 3, 0}}, {8, {3, 2, 1}, {2, 5, 1, 4, 0, 3}},
                          {0, {2, 3, 1}, {0, 1, 2, 3, 4, 5}}, {9, {2, 3, 1}, {0, 1, 2, 3, 4, 5}}};

std::string tiff(int orientation, bool little) {
  const auto number = [&](std::uint64_t value, int size) {
    return little ? little_endian(value, size) : big_endian(value, size);
  };
  return (little ? std::string("II") : std::string("MM")) + number(42, 2) + number(8, 4) +
         number(2, 2) + number(0x010f, 2) + number(2, 2) + number(1, 4) + number(0, 4) +
         number(0x0112, 2) + number(3, 2) + number(1, 4) +
         number(static_cast<std::uint64_t>(orientation), 2) + number(0, 2) + number(0, 4);
}

TEST_CASE("images: turned as EXIF says, if asked for") {
  const std::string pixels = std::string("\0\0\1\2\0\3\4\5", 8);
  for (const Turned& row : kTurned) {
    for (const bool little : {false, true}) {
      CAPTURE(row.orientation);
      const std::string png = kPngBegin + png_header(3, 2, 8, 0) +
                              png_chunk("eXIf", tiff(row.orientation, little)) +
                              png_chunk("IDAT", deflated(pixels)) + png_chunk("IEND", "");
      const Tensor stored = decode_image(as_bytes(png), {.color_mode = "grayscale"});
      CHECK(stored.to_vector<int>() == std::vector<int>{0, 1, 2, 3, 4, 5});
      const Tensor seen =
          decode_image(as_bytes(png), {.color_mode = "grayscale", .exif_orientation = true});
      CHECK(seen.shape() == row.shape);
      CHECK(seen.to_vector<int>() == row.pixels);
      // The same block in a JPEG file.
      const std::string jpeg = file_of("JPEG 4:2:2");
      const std::string block = std::string("Exif\0\0", 6) + tiff(row.orientation, little);
      const std::string turned =
          jpeg.substr(0, 2) + "\xff\xe1" + big_endian(block.size() + 2, 2) + block + jpeg.substr(2);
      const Shape shape = decode_image(as_bytes(turned), {.exif_orientation = true}).shape();
      CHECK(shape[0] == (row.shape[0] == 3 ? 11 : 7));
      CHECK(decode_image(as_bytes(turned)).shape() == Shape{7, 11, 3});
    }
  }
}

TEST_CASE("images: thousands of damaged files are read or refused, in little memory") {
  std::mt19937_64 random(5);
  std::int64_t read = 0, refused = 0;
  for (const Json& test : golden("images").at("cases")) {
    const std::string file = from_hex(test.at("file"));
    for (int i = 0; i < 60; ++i) {
      std::string bytes = file;
      for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
        const std::size_t at = random() % bytes.size();
        switch (random() % 4) {
          case 0:
            bytes[at] = static_cast<char>(random());
            break;
          case 1:
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
            break;
          case 2:
            bytes.erase(at, 1 + random() % 4);
            break;
          default:
            bytes.insert(at, 1 + random() % 3, static_cast<char>(random()));
        }
        if (bytes.empty()) bytes = "x";
      }
      try {
        const Tensor image = decode_image(as_bytes(bytes), {.color_mode = kNames[random() % 3],
                                                            .exif_orientation = random() % 2 == 0});
        CHECK(image.bytes() < 1 << 22);
        ++read;
      } catch (const FileError&) {
        ++refused;
      }
    }
  }
  CHECK(read > 300);
  CHECK(refused > 1000);
}

}  // namespace
}  // namespace keratin::tests
