#include "data/sha256.h"

#include "kernels/error.h"
#include "tests/data/files.h"

namespace keratin::tests {
namespace {

using data::Sha256;

std::string hash(const std::string& text, std::size_t piece = 1 << 20) {
  Sha256 sum;
  for (std::size_t i = 0; i < text.size(); i += piece) {
    const std::string part = text.substr(i, piece);
    sum.update(std::as_bytes(std::span(part)));
  }
  return sum.hex();
}

struct Row {
  std::string text;
  const char* hex;
};

// NIST's examples, and lengths around the block of 64 bytes and the padding's 56.
const Row kRows[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmno"
     "pqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    {std::string(55, 'a'), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
    {std::string(56, 'a'), "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
    {std::string(57, 'a'), "f13b2d724659eb3bf47f2dd6af1accc87b81f09f59f2b75e5c0bed6589dfe8c6"},
    {std::string(63, 'a'), "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
    {std::string(64, 'a'), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
    {std::string(65, 'a'), "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
    {std::string(119, 'a'), "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"},
    {std::string(120, 'a'), "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"},
    {std::string(128, 'a'), "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e"},
};

TEST_CASE("sha256: known digests, in pieces of any size") {
  for (const Row& row : kRows) {
    CAPTURE(row.text.size());
    for (const std::size_t piece : {1, 3, 55, 56, 63, 64, 65, 127, 1 << 20})
      CHECK(hash(row.text, piece) == row.hex);
  }
}

TEST_CASE("sha256: of a file") {
  const TemporaryFolder folder;
  CHECK(data::sha256_of_file(write_file(folder / "file", kRows[4].text)) == kRows[4].hex);
  CHECK(data::sha256_of_file(write_file(folder / "empty", "")) == kRows[0].hex);
  CHECK_THROWS_AS((void)data::sha256_of_file(folder / "missing"), FileError);
  CHECK_THROWS_AS((void)data::sha256_of_file(folder.path()), FileError);
}

}  // namespace
}  // namespace keratin::tests
