// .npy and .npz: files of NumPy (tests/golden/makers/npy.py), what is written, and broken ones.
#include "data/npy.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "data/zip.h"
#include "tests/data/files.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

using data::read_npy, data::read_npz, data::write_npy, data::write_npz;
using doctest::Contains;

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

// The values as the golden file has them: texts, integers as text, other numbers.
void check_values(const Tensor& x, const Json& expected) {
  if (x.dtype() == string) {
    CHECK(Json(x.to_vector<std::string>()) == expected);
  } else if (is_integer(x.dtype())) {
    Json values = Json::array();
    for (const std::int64_t value : x.to_vector<std::int64_t>())
      values.push_back(std::to_string(value));
    CHECK(values == expected);
  } else if (x.dtype() == boolean) {
    CHECK(Json(x.to_vector<bool>()) == expected);
  } else {
    const auto values = x.to_vector<double>(), wanted = rounded(to_numbers(expected), x.dtype());
    REQUIRE(values.size() == wanted.size());
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == wanted[i]);
  }
}

TEST_CASE("npy: what NumPy writes is read, and written the same") {
  const TemporaryFolder folder;
  for (const Json& test : golden("npy").at("cases")) {
    CAPTURE(test.at("name"));
    const std::string bytes = from_hex(test.at("file").get<std::string>());
    const std::string path = write_file(folder / "x.npy", bytes);
    const bool bf16 = test.at("dtype") == "bfloat16";
    const Tensor x = read_npy(path, {.bfloat16 = bf16});
    CHECK(x.spec() ==
          Spec{to_shape(test.at("shape")), dtype_from_name(test.at("dtype").get<std::string>())});
    check_values(x, test.at("values"));
    write_npy(folder / "y.npy", x);
    if (test.at("written").get<bool>()) CHECK(read_file(folder / "y.npy") == bytes);
    const Tensor again = read_npy(folder / "y.npy");
    CHECK(again.spec() == Spec{x.shape(), bf16 ? float32 : x.dtype()});
    check_values(again, test.at("values"));
  }
}

TEST_CASE("npy: float16, all of its numbers") {
  const TemporaryFolder folder;
  std::string elements;
  for (int i = 0; i < 65536; ++i) elements += {static_cast<char>(i), static_cast<char>(i >> 8)};
  const std::string header = "{'descr': '<f2', 'fortran_order': False, 'shape': (65536,), }";
  const Tensor x = read_npy(
      write_file(folder / "x.npy", "\x93NUMPY" + std::string("\x01\x00", 2) +
                                       std::string{static_cast<char>(header.size()), '\0'} +
                                       header + elements));
  for (int i = 0; i < 65536; ++i) {
    const int exponent = (i >> 10) & 31, fraction = i & 1023;
    const double sign = i < 32768 ? 1 : -1;
    const auto value = static_cast<double>(x.data<float>()[i]);
    if (exponent == 31) {
      CHECK((fraction == 0 ? value == sign * INFINITY : std::isnan(value)));
    } else {
      const double wanted = exponent == 0 ? fraction * std::pow(2.0, -24)
                                          : (1024 + fraction) * std::pow(2.0, exponent - 25);
      if (!(value == sign * wanted && std::signbit(value) == (sign < 0))) FAIL(i);
    }
  }
}

std::string npy(const std::string& header, const std::string& elements,
                const std::string& version = std::string("\x01\x00", 2)) {
  std::string bytes = "\x93NUMPY" + version;
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  if (version[0] != 1) bytes += std::string(2, '\0');
  return bytes + header + elements;
}

struct Broken {
  std::string bytes;
  const char* message;
};

TEST_CASE("npy: what is broken, lies or cannot be held is refused, by name") {
  const auto header = [](const char* descr, const char* shape) {
    return fmt::format("{{'descr': {}, 'fortran_order': False, 'shape': {}, }}\n", descr, shape);
  };
  const std::string f4 = header("'<f4'", "(2,)"), eight = "01234567";
  const Broken rows[] = {
      {"", "not a .npy file: it holds 0 bytes"},
      {"\x93NUMPY", "not a .npy file: it holds 6 bytes"},
      {"1,2,3\n4,5,6\n", "not a .npy file: it does not begin with \\x93NUMPY"},
      {"PK\3\4" + eight, "It is a ZIP archive, as .npz files are; use read_npz."},
      {gzipped(npy(f4, eight)), "it is compressed by gzip"},
      {npy(f4, eight, {4, 0}), "its format is version 4.0; expected 1.0, 2.0 or 3.0"},
      {npy(f4, eight, {1, 1}), "version 1.1"},
      {std::string("\x93NUMPY\x01\x00\xff\x00{}", 12), "truncated: it ends within its header"},
      {std::string("\x93NUMPY\x02\x00\xff\xff\xff\x7f{}", 14), "its header says it is 2147483647"},
      {npy(f4, "0123456"), "truncated: its header says shape [2], 8 bytes of elements; it holds 7"},
      // Sizes that no file has: nothing may be set aside for them.
      {npy(header("'<f4'", "(100000000000,)"), eight), "truncated: its header says shape"},
      {npy(header("'<f8'", "(3000000000, 3000000000)"), eight), "more elements than any file has"},
      {npy(header("'<f8'", "(4611686018427387904, 4, 0)"), ""), "more elements than any file has"},
      {npy(header("'<f8'", "(99999999999999999999,)"), ""), "no size from 0 on"},
      {npy(header("'<U0'", "(1000000000000,)"), eight), "elements of no bytes"},
      {npy(header("'<U9223372036854775807'", "(1,)"), eight), "an unknown descr"},
      {npy(header("'<U2305843009213693951'", "(9,)"), eight), "more elements than any file has"},
      {npy(header("'<f4'", "(-2,)"), eight), "no size from 0 on"},
      {npy(header("'<f4'", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), eight), "more than 8 axes"},
      {npy(header("'<f4'", "(2)"), eight), "no tuple"},
      {npy(header("'<f4'", "(2 2)"), eight), "no ','"},
      {npy(header("'<f4'", "[2]"), eight), "no '('"},
      {npy(header("'<f4'", "(2"), eight), "no size from 0 on"},
      {npy(header("'|O'", "(2,)"), eight), "holds Python objects, that is a pickle"},
      {npy(header("'O'", "(2,)"), eight), "holds Python objects, that is a pickle"},
      {npy(header("'<f3'", "(2,)"), eight), "holds <f3; expected bool, integers"},
      {npy(header("'|V2'", "(2,)"), eight), "if it is bfloat16 as ml_dtypes has it"},
      {npy(header("'|V8'", "(1,)"), eight), "holds |V8; expected"},
      {npy(header("''", "(2,)"), eight), "an empty descr"},
      {npy(header("'<f'", "(2,)"), eight), "an unknown descr '<f'"},
      {npy(header("'<f4", "(2,)"), eight), "an unknown descr '<f4,'"},
      {npy(header("__import__('os')", "(2,)"), eight), "no text in quotes"},
      {npy(f4 + "x", eight), "text after the dictionary"},
      {npy("{'descr': '<f4', 'shape': (2,)}", eight), "no 'fortran_order'"},
      {npy("{'descr': '<f4', 'descr': '<f4', 'shape': (2,)}", eight), "the key 'descr' twice"},
      {npy("{'descr': '<f4', 'colour': 1}", eight), "the key 'colour' is none of three"},
      {npy("{'fortran_order': 1}", eight), "neither True nor False"},
      {npy("{", eight), "no text in quotes"},
      {npy("", eight), "no '{'"},
  };
  const TemporaryFolder folder;
  const std::string path = folder / "x.npy";
  const auto refuse = [&](const std::string& bytes, const char* message) {
    write_file(path, bytes);
    CHECK_THROWS_WITH_AS((void)read_npy(path), Contains(message), FileError);
    CHECK_THROWS_WITH_AS((void)read_npy(path), Contains(("read_npy: " + path).c_str()), FileError);
  };
  for (const Broken& row : rows) refuse(row.bytes, row.message);
  const std::pair<const char*, const char*> refused[] = {
      {"structured", "holds a structured array"},
      {"complex", "holds complex numbers, <c8"},
      {"date", "holds dates or times"},
      {"long double", "holds <f16"},
      {"uint64", "a uint64 above"},
      {"not Unicode", "element 0 holds what is no"}};
  for (const auto& [name, message] : refused)
    refuse(from_hex(golden("npy").at("refused").at(name).get<std::string>()), message);

  CHECK_THROWS_WITH_AS((void)read_npy(folder / "nowhere.npy"), Contains("there is no such file"),
                       FileError);
  CHECK_THROWS_WITH_AS((void)read_npy(folder.path()), Contains("is a folder"), FileError);
  write_file(path, npy(f4, eight + "more"));  // as several arrays in one file: the first
  CHECK(read_npy(path).shape() == Shape{2});
}

TEST_CASE("npy: every truncation is refused, no turned byte does harm") {
  const TemporaryFolder folder;
  for (const char* name : {"float32", "U", "cube, Fortran order"}) {
    for (const Json& test : golden("npy").at("cases")) {
      if (test.at("name") != name) continue;
      const std::string good = from_hex(test.at("file").get<std::string>());
      for (std::size_t i = 0; i < good.size(); ++i) {
        CHECK_THROWS_AS((void)read_npy(write_file(folder / "x.npy", good.substr(0, i))), FileError);
        for (const int mask : {0x01, 0x10, 0x80}) {
          std::string bytes = good;
          bytes[i] = static_cast<char>(bytes[i] ^ mask);
          try {
            const Tensor x = read_npy(write_file(folder / "x.npy", bytes));
            CHECK(x.size() <= 200);
          } catch (const FileError&) {
          }
        }
      }
    }
  }
}

TEST_CASE("npy: what cannot be written") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.npy";
  CHECK_THROWS_WITH_AS(write_npy(path, Tensor::strings({"good", "b\xff"})),
                       Contains("string 1 is no UTF-8"), ValueError);
  CHECK_THROWS_WITH_AS(write_npy(path, Tensor::strings({std::string("a\0", 2)})),
                       Contains("string 0 ends in a NUL"), ValueError);
  CHECK_THROWS_WITH_AS(write_npy(path, Tensor()), Contains("was never set"), ValueError);
  CHECK_THROWS_AS(write_npy(folder / "nowhere/x.npy", ones({1})), FileError);
  CHECK_THROWS_AS(write_npz(folder / "x.npz", {{"../x", ones({1})}}), ValueError);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("npz: archives of NumPy and our own") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.npz";
  for (const char* kind : {"stored", "deflated"}) {
    write_file(path, from_hex(golden("npy").at("archives").at(kind).get<std::string>()));
    const Tensors arrays = read_npz(path);
    REQUIRE(arrays.count() == 2);
    CHECK(arrays["x_train"].spec() == Spec{{2, 3}, uint8});
    CHECK(arrays["x_train"].to_vector<int>() == std::vector<int>{0, 1, 2, 3, 4, 5});
    CHECK(arrays["y"].to_vector<float>() == std::vector<float>{1.5F, 2});
    CHECK(read_npz(path, {.names = {"y"}}).count() == 1);
    CHECK_THROWS_WITH_AS((void)read_npz(path, {.names = {"z"}}),
                         Contains("it has no member \"z.npy\"; its members: x_train.npy, y.npy"),
                         FileError);
  }
  for (const bool compressed : {false, true}) {
    write_npz(path, {{"zeros", zeros({100, 100})}, {"words", Tensor::strings({"a", "bc"})}},
              {.compressed = compressed});
    CHECK((std::filesystem::file_size(path) < 4000) == compressed);
    const Tensors arrays = read_npz(path);
    CHECK(arrays["zeros"].shape() == Shape{100, 100});
    CHECK(arrays["words"].to_vector<std::string>() == std::vector<std::string>{"a", "bc"});
  }
  write_npz(path, {ones({1}), zeros({2})});
  CHECK(read_npz(path)["arr_1"].shape() == Shape{2});
  write_npz(path, ones({1}));
  CHECK(read_npz(path)["arr_0"].shape() == Shape{1});
}

TEST_CASE("npz: broken ones") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.npz";
  CHECK_THROWS_AS((void)read_npz(write_file(path, "no archive")), FileError);
  data::ZipWriter archive("test", path);
  archive.add("good.npy", data::Bytes::from(npy("{'descr': '|u1', 'fortran_order': False, 'shape': "
                                                "(1,)}",
                                                "x")));
  archive.add("lies.npy", data::Bytes::from(npy("{'descr': '|u1', 'fortran_order': False, 'shape': "
                                                "(1000000000000,)}",
                                                "x")));
  archive.finish();
  CHECK_THROWS_WITH_AS((void)read_npz(path),
                       Contains((path + ": lies.npy: truncated: its header says").c_str()),
                       FileError);
  CHECK(read_npz(path, {.names = {"good"}})["good"].item<int>() == 'x');
  data::ZipWriter other("test", path);
  other.add("notes.txt", data::Bytes::from("x"));
  other.finish();
  CHECK_THROWS_WITH_AS((void)read_npz(path), Contains("its member notes.txt is no array"),
                       FileError);
}

}  // namespace
}  // namespace keratin::tests
