// cifar10, imdb, california_housing, and the tar archives and pickles that one of them comes in.
// Their files are made here, small; those of Python by tests/golden/makers/datasets.py.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "data/datasets/california_housing.h"
#include "data/datasets/cifar10.h"
#include "data/datasets/imdb.h"
#include "data/npy.h"
#include "tests/data/files.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

namespace fs = std::filesystem;
using data::datasets::california_housing, data::datasets::cifar10, data::datasets::imdb;
using doctest::Contains;

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

const std::string kFiles[] = {"data_batch_1", "data_batch_2", "data_batch_3",
                              "data_batch_4", "data_batch_5", "test_batch"};

// A plane a colour, each of its own bytes.
std::string image(int start) {
  std::string bytes;
  for (int i = 0; i < 3072; ++i) bytes += static_cast<char>(start + i / 1024 * 100 + i % 1024 % 50);
  return bytes;
}

// Batch i has two images of label i.
void write_binary(const std::string& folder, const std::string& inner = "") {
  fs::create_directories(fs::path(folder) / inner);
  for (int i = 0; i < 6; ++i) {
    std::string bytes;
    for (int copy = 0; copy < 2; ++copy) bytes += static_cast<char>(i) + image(i + copy);
    write_file((fs::path(folder) / inner / (kFiles[i] + ".bin")).string(), bytes);
  }
}

TEST_CASE("cifar10: the binary files, channels last") {
  for (const char* inner : {"", "cifar-10-batches-bin"}) {
    const TemporaryFolder folder;
    write_binary(folder.path(), inner);
    const auto [train, test] = cifar10({.directory = folder.path()});
    CHECK(train.x.spec() == Spec{{10, 32, 32, 3}, uint8});
    CHECK(train.y.spec() == Spec{{10, 1}, uint8});
    CHECK(train.y.to_vector<int>() == std::vector<int>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4});
    CHECK(test.y.to_vector<int>() == std::vector<int>{5, 5});
    for (int c = 0; c < 3; ++c) {
      CHECK(train.x.item<int>({0, 0, 0, c}) == 100 * c);
      CHECK(train.x.item<int>({3, 0, 7, c}) == 2 + 100 * c + 7);
      CHECK(test.x.item<int>({0, 1, 20, c}) == 5 + 100 * c + 2);
    }
  }
}

std::string pickled(const Json& batch) {
  std::string data;
  for (int i = 0; i < 3072; ++i) data += static_cast<char>(i);
  return from_hex(batch.at("before").get<std::string>()) + data +
         from_hex(batch.at("after").get<std::string>());
}

void write_python(const std::string& folder, const std::string& bytes) {
  for (const std::string& file : kFiles) write_file((fs::path(folder) / file).string(), bytes);
}

std::string octal(std::size_t value, int digits) { return fmt::format("{:0{}o}", value, digits); }

std::string tar_member(const std::string& name, const std::string& bytes, char type = '0') {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(100, 7, "0000644").replace(124, 11, octal(bytes.size(), 11));
  header[156] = type;
  header.replace(257, 5, "ustar").replace(148, 8, "        ");
  std::size_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 7, octal(sum, 6) + '\0');
  return header + bytes + std::string((512 - bytes.size() % 512) % 512, '\0');
}

std::string archive(const std::string& bytes) {
  std::string tar = tar_member("cifar-10-batches-py/", "", '5');
  for (const std::string& file : kFiles) tar += tar_member("cifar-10-batches-py/" + file, bytes);
  return tar + tar_member("cifar-10-batches-py/readme.html", "read me") + std::string(1024, '\0');
}

TEST_CASE("cifar10: the files of Python, unpacked or in their archive") {
  for (const Json& batch : golden("datasets").at("pickled_batches")) {
    CAPTURE(batch.at("name"));
    const TemporaryFolder unpacked, packed;
    write_python(unpacked.path(), pickled(batch));
    write_file(packed / "cifar-10-python.tar.gz", gzipped(archive(pickled(batch))));
    for (const std::string& folder : {unpacked.path(), packed.path()}) {
      const auto [train, test] = cifar10({.directory = folder});
      CHECK(train.x.spec() == Spec{{5, 32, 32, 3}, uint8});
      CHECK(train.y.to_vector<int>() == std::vector<int>{6, 6, 6, 6, 6});
      CHECK(test.x.item<int>({0, 1, 3, 0}) == 35);
      CHECK(test.x.item<int>({0, 31, 31, 2}) == 255);
    }
  }
}

TEST_CASE("cifar10: broken files are refused, by name") {
  const TemporaryFolder folder;
  const auto refuse = [&](const char* message) {
    CHECK_THROWS_WITH_AS((void)cifar10({.directory = folder.path()}), Contains(message), FileError);
  };
  refuse("has neither data_batch_1.bin nor data_batch_1");
  CHECK_THROWS_WITH_AS((void)cifar10({.directory = folder / "nowhere"}),
                       Contains("it is no folder"), FileError);
  write_binary(folder.path());
  write_file(folder / "data_batch_3.bin", std::string(3000, 'x'));
  refuse("data_batch_3.bin: holds 3000 bytes; expected a multiple of 3073");
  write_file(folder / "data_batch_3.bin", "");
  refuse("data_batch_3.bin: holds 0 bytes");
  write_file(folder / "data_batch_3.bin", "\x0a" + image(0));
  refuse("data_batch_3.bin: label 0 is 10; expected 0 to 9");
  fs::remove(folder / "data_batch_3.bin");
  refuse("data_batch_3.bin: there is no such file");
}

TEST_CASE("cifar10: a pickle that is none, cut short, turned, or asks for more than data") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& bytes) {
    write_file(folder / "test_batch", bytes);
    return cifar10({.directory = folder.path()});
  };
  for (const Json& batch : golden("datasets").at("pickled_batches")) {
    const std::string good = pickled(batch);
    write_python(folder.path(), good);
    const std::size_t before = batch.at("before").get<std::string>().size() / 2;
    for (std::size_t i = 0; i < good.size(); ++i) {
      if (i > before && i < before + 3000) continue;  // pixels
      CHECK_THROWS_AS((void)read(good.substr(0, i)), FileError);
      for (const int mask : {0x01, 0x20, 0x80}) {
        std::string bytes = good;
        bytes[i] = static_cast<char>(bytes[i] ^ mask);
        try {
          const auto parts = read(bytes);
          CHECK(parts.second.x.shape() == Shape{1, 32, 32, 3});
        } catch (const FileError&) {
        }
      }
    }
  }
  using namespace std::string_literals;
  for (const std::string& bytes :
       {""s, "."s, "\x80\x02."s, "N."s, "}."s, "h\x05."s, "e."s, "q\x01."s, "R."s, "(((("s, "t."s,
        "]}a."s, "U\xffshort."s, "B\xff\xff\xff\xffshort."s, "K\x01K\x02s."s, "}(K\x01u."s,
        "\x93."s, "cno line"s, "b."s})
    CHECK_THROWS_AS((void)read(bytes), FileError);
  CHECK_THROWS_WITH_AS((void)read("cos\nsystem\n(U\x09"
                                  "echo harmtR."s),
                       Contains("test_batch: a pickle that calls os.system; expected one of data"),
                       FileError);
}

TEST_CASE("cifar10: archives that are none") {
  const std::string bytes = pickled(golden("datasets").at("pickled_batches")[0]);
  const std::string good = archive(bytes);
  const TemporaryFolder folder;
  const std::string path = folder / "cifar-10-python.tar.gz";
  const auto refuse = [&](const std::string& tar, const char* message) {
    write_file(path, tar);
    CHECK_THROWS_WITH_AS((void)cifar10({.directory = folder.path()}), Contains(message), FileError);
    CHECK_THROWS_WITH_AS((void)cifar10({.directory = folder.path()}), Contains(path.c_str()),
                         FileError);
  };
  write_file(path, good);  // plain
  CHECK(cifar10({.directory = folder.path()}).second.x.shape() == Shape{1, 32, 32, 3});
  refuse("", "it holds no data_batch_1");
  refuse(std::string(2000, 'x'), "not a tar archive");
  refuse(tar_member("data_batch_1", bytes) + tar_member("a/data_batch_1", bytes), "twice");
  refuse(tar_member("data_batch_1", bytes).substr(0, 3000), "truncated: it ends within");
  refuse(gzipped(good).substr(0, 900), "truncated");
  std::string large = tar_member("data_batch_1", "");
  large.replace(0, 512, [] {
    std::string header = tar_member("data_batch_1", "");
    header.replace(124, 11, "77777777777").replace(148, 8, "        ");
    std::size_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    return header.replace(148, 7, octal(sum, 6) + '\0');
  }());
  refuse(large, "is too long: 8589934591 bytes");
}

TEST_CASE("imdb: folders of texts, mixed") {
  const TemporaryFolder folder;
  for (const char* part : {"train", "test"}) {
    for (const char* kind : {"neg", "pos"}) {
      const fs::path to = fs::path(folder.path()) / part / kind;
      fs::create_directories(to);
      for (int i = 0; i < 10; ++i)
        write_file((to / fmt::format("{}_1.txt", i)).string(), fmt::format("{} {}", kind, i));
    }
  }
  fs::create_directories(folder / "train/unsup");
  write_file(folder / "train/unsup/1.txt", "?");
  const auto [train, test] = imdb({.directory = folder.path()});
  CHECK(train.x.spec() == Spec{{20}, string});
  CHECK(train.y.spec() == Spec{{20}, uint8});
  std::set<std::string> seen;
  const auto labels = train.y.to_vector<int>();
  for (std::size_t i = 0; i < 20; ++i) {
    const std::string text = train.x.strings()[i];
    CHECK(text.substr(0, 3) == (labels[i] == 1 ? "pos" : "neg"));
    seen.insert(text);
  }
  CHECK(seen.size() == 20);
  CHECK_FALSE(std::is_sorted(labels.begin(), labels.end()));
  CHECK(imdb({.directory = folder.path()}).first.y.to_vector<int>() == labels);
  CHECK(imdb({.directory = folder.path(), .seed = 1}).first.y.to_vector<int>() != labels);

  CHECK_THROWS_WITH_AS((void)imdb({}), Contains("imdb: no directory"), ValueError);
  fs::remove_all(folder / "test/pos");
  CHECK_THROWS_WITH_AS((void)imdb({.directory = folder.path()}),
                       Contains("there is no folder test/pos"), FileError);
}

TEST_CASE("california_housing: the rows that Keras chooses") {
  const TemporaryFolder folder;
  const std::string path = folder / "california_housing.npz";
  const auto write = [&](std::int64_t rows) {
    const auto n = static_cast<double>(rows);
    data::write_npz(path, {{"x", arange(0, 8 * n, 1, float64).reshaped({rows, 8})},
                           {"y", arange(0, n, 1, float32)}});
  };
  write(13);
  for (const Json& test : golden("datasets").at("california_housing")) {
    CAPTURE(test.dump());
    data::datasets::CaliforniaHousingOptions how = {.directory = folder.path()};
    Options options(test.at("options"));
    options.read("test_split", how.test_split).read("seed", how.seed).done();
    const auto parts = california_housing(how);
    CHECK(Json(parts.first.y.to_vector<int>()) == test.at("train"));
    CHECK(Json(parts.second.y.to_vector<int>()) == test.at("test"));
    CHECK(parts.first.x.dtype() == float32);
    for (std::int64_t i = 0; i < parts.first.y.size(); ++i)
      CHECK(parts.first.x.item<int>({i, 7}) == 8 * parts.first.y.item<int>({i}) + 7);
  }
  write(1000);
  CHECK(california_housing({.version = "small", .directory = folder.path()}).first.x.shape() ==
        Shape{480, 8});
  CHECK(california_housing({.directory = folder.path()}).second.y.shape() == Shape{200});

  CHECK_THROWS_AS((void)california_housing({.version = "huge"}), ValueError);
  CHECK_THROWS_AS((void)california_housing({.test_split = 1}), ValueError);
  CHECK_THROWS_AS((void)california_housing({.test_split = -0.1}), ValueError);
  CHECK_THROWS_AS((void)california_housing({.directory = folder / "nowhere"}), FileError);
  data::write_npz(path, {{"x", zeros({3, 7})}, {"y", zeros({3})}});
  CHECK_THROWS_WITH_AS((void)california_housing({.directory = folder.path()}),
                       Contains("holds x f32[3, 7] and y f32[3]; expected f32[N, 8]"), FileError);
  data::write_npz(path, {{"x", zeros({3, 8})}});
  CHECK_THROWS_WITH_AS((void)california_housing({.directory = folder.path()}),
                       Contains("it has no member \"y.npy\""), FileError);
}

}  // namespace
}  // namespace keratin::tests
