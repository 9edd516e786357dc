#include "data/datasets/mnist.h"

#include "kernels/error.h"
#include "tests/data/files.h"

namespace keratin::tests {
namespace {

using data::datasets::fashion_mnist;
using data::datasets::mnist;
using doctest::Contains;

const std::string kNames[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                              "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

std::string images(std::uint32_t count, char shade) {
  return idx_header(0x08, {count, 28, 28}) + std::string(count * 784, shade);
}
std::string labels(const std::string& values) {
  return idx_header(0x08, {static_cast<std::uint32_t>(values.size())}) + values;
}

// Three training images, two test images; some files compressed.
void write_good(const TemporaryFolder& folder) {
  write_file(folder / kNames[0], images(3, 7));
  write_file(folder / (kNames[1] + ".gz"), gzipped(labels({0, 9, 5})));
  write_file(folder / (kNames[2] + ".gz"), gzipped(images(2, 8)));
  write_file(folder / kNames[3], labels({1, 2}));
}

TEST_CASE("mnist: from a folder, plain and compressed files side by side") {
  const TemporaryFolder folder;
  write_good(folder);
  for (const auto& load : {mnist, fashion_mnist}) {
    const auto [train, test] = load({.directory = folder.path()});
    CHECK(train.x.spec() == Spec{{3, 28, 28}, uint8});
    CHECK(train.x.item<int>({2, 27, 27}) == 7);
    CHECK(train.y.spec() == Spec{{3}, uint8});
    CHECK(train.y.to_vector<int>() == std::vector<int>{0, 9, 5});
    CHECK(test.x.spec() == Spec{{2, 28, 28}, uint8});
    CHECK(test.x.item<int>({0, 0, 0}) == 8);
    CHECK(test.y.to_vector<int>() == std::vector<int>{1, 2});
  }
}

TEST_CASE("mnist: a plain file comes before a compressed one") {
  const TemporaryFolder folder;
  write_good(folder);
  write_file(folder / kNames[1], labels({4, 4, 4}));
  CHECK(mnist({.directory = folder.path()}).first.y.item<int>({0}) == 4);
}

struct Broken {
  int file;
  std::string bytes;
  const char* message;
};

TEST_CASE("mnist: files that do not fit are refused, by name") {
  const Broken rows[] = {
      {0, idx_header(0x08, {3, 28, 27}) + std::string(3 * 28 * 27, 'x'),
       "holds u8[3, 28, 27]; expected images, u8[N, 28, 28]"},
      {0, labels({1, 2, 3}), "holds u8[3]; expected images"},
      {2, idx_header(0x09, {1, 28, 28}) + std::string(784, 'x'), "holds i32[1, 28, 28]"},
      {3, images(1, 1), "holds u8[1, 28, 28]; expected labels, u8[N]"},
      {3, idx_header(0x0c, {2}) + std::string(8, '\0'), "holds i32[2]; expected labels"},
      {3, labels({1}), "holds 1 labels for the 2 images of"},
      {3, labels({1, 10}), "label 1 is 10; expected 0 to 9"},
      {3, "", "not an IDX file"},
      {0, images(3, 1).substr(0, 1000), "truncated"},
  };
  for (const Broken& row : rows) {
    const TemporaryFolder folder;
    write_good(folder);
    const std::string path = write_file(folder / kNames[row.file], row.bytes);
    CHECK_THROWS_WITH_AS((void)mnist({.directory = folder.path()}), Contains(row.message),
                         FileError);
    CHECK_THROWS_WITH_AS((void)mnist({.directory = folder.path()}), Contains(path.c_str()),
                         FileError);
  }
}

TEST_CASE("mnist: a file or the folder is missing") {
  const TemporaryFolder folder;
  write_good(folder);
  std::filesystem::remove(folder / kNames[3]);
  CHECK_THROWS_WITH_AS((void)fashion_mnist({.directory = folder.path()}),
                       ("fashion_mnist: " + folder.path() + " has neither " + kNames[3] + " nor " +
                        kNames[3] + ".gz")
                           .c_str(),
                       FileError);
  CHECK_THROWS_WITH_AS((void)mnist({.directory = folder / "nowhere"}), Contains("it is no folder"),
                       FileError);
}

}  // namespace
}  // namespace keratin::tests
