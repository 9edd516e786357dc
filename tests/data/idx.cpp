#include "data/idx.h"

#include <bit>
#include <random>

#include "tensor/storage.h"
#include "tests/data/files.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::read_idx;
using doctest::Contains;

std::string float_bytes(float value) { return big_endian(std::bit_cast<std::uint32_t>(value), 4); }
std::string double_bytes(double value) {
  return big_endian(std::bit_cast<std::uint64_t>(value), 8);
}

struct Readable {
  std::string bytes;
  Tensor expected;
};

std::vector<Readable> readable() {
  const auto inf = std::numeric_limits<double>::infinity();
  return {
      {idx_header(0x08, {3}) + std::string("\x00\x7f\xff", 3),
       Tensor::numbers({0, 127, 255}, {3}, uint8)},
      {idx_header(0x09, {3}) + std::string("\x80\xff\x7f", 3),
       Tensor::numbers({-128, -1, 127}, {3}, int32)},
      {idx_header(0x0b, {2, 2}) + std::string("\x80\x00\xff\xff\x01\x02\x7f\xff", 8),
       Tensor::numbers({-32768, -1, 258, 32767}, {2, 2}, int32)},
      {idx_header(0x0c, {2}) + std::string("\x80\x00\x00\x00\x01\x02\x03\x04", 8),
       Tensor::numbers({-2147483648.0, 16909060}, {2}, int32)},
      {idx_header(0x0d, {1, 3}) + float_bytes(1.5f) + float_bytes(-0.1f) + float_bytes(1e-40f),
       Tensor::numbers({1.5, -0.1f, 1e-40f}, {1, 3}, float32)},
      {idx_header(0x0e, {2, 1}) + double_bytes(0.1) + double_bytes(-inf),
       Tensor::numbers({0.1, -inf}, {2, 1}, float64)},
      {idx_header(0x08, {2, 3, 4}) + bytes_from_0(24), arange(0, 24, 1, uint8).reshaped({2, 3, 4})},
      {idx_header(0x08, {1, 2, 1, 1, 2, 1, 1, 1}) + bytes_from_0(4),
       arange(0, 4, 1, uint8).reshaped({1, 2, 1, 1, 2, 1, 1, 1})},
      {idx_header(0x08, {0, 28, 28}), zeros({0, 28, 28}, uint8)},
      {idx_header(0x0e, {5, 0}), zeros({5, 0}, float64)},
  };
}

void check_same(const Tensor& x, const Tensor& expected) {
  REQUIRE(x.spec() == expected.spec());
  CHECK(x.to_vector<double>() == expected.to_vector<double>());
}

TEST_CASE("idx: every type and rank, plain and compressed, whatever the name") {
  const TemporaryFolder folder;
  for (const Readable& row : readable()) {
    CAPTURE(row.expected.spec().text());
    check_same(read_idx(write_file(folder / "plain.gz", row.bytes)), row.expected);
    check_same(read_idx(write_file(folder / "compressed", gzipped(row.bytes))), row.expected);
    const std::size_t half = row.bytes.size() / 2;  // gzip files may be joined end to end
    const std::string joined =
        gzipped(row.bytes.substr(0, half)) + gzipped("") + gzipped(row.bytes.substr(half));
    check_same(read_idx(write_file(folder / "joined", joined)), row.expected);
  }
}

// Elements cross the borders of what is read at once (1 MiB of elements, 64 KiB of file).
TEST_CASE("idx: files of several megabytes") {
  const TemporaryFolder folder;
  for (const std::int64_t count : {(1 << 19) - 1, 1 << 19, (1 << 19) + 1, 1500007}) {
    CAPTURE(count);
    std::string bytes = idx_header(0x0b, {static_cast<std::uint32_t>(count)});
    std::mt19937_64 random(1);
    for (std::int64_t i = 0; i < count; ++i) bytes += big_endian(random(), 2);
    for (const std::string& file : {bytes, gzipped(bytes)}) {
      const Tensor x = read_idx(write_file(folder / "big", file));
      REQUIRE(x.spec() == Spec{{count}, int32});
      random.seed(1);
      std::int64_t wrong = 0;
      for (std::int64_t i = 0; i < count; ++i)
        wrong += x.data<std::int32_t>()[i] != static_cast<std::int16_t>(random());
      CHECK(wrong == 0);
    }
  }
}

struct Broken {
  const char* name;
  std::string bytes;
  const char* message;  // a part of it
};

std::vector<Broken> broken() {
  const std::string good = idx_header(0x08, {2, 3, 4}) + bytes_from_0(24);
  std::string wrong_sum = gzipped(good), wrong_method = gzipped(good);
  wrong_sum[wrong_sum.size() - 6] ^= 1;  // CRC-32: the eighth to fifth last byte
  wrong_method[2] = 7;
  return {
      {"empty", "", "not an IDX file: it holds 0 bytes; expected a magic number of 4"},
      {"short", std::string(3, '\0'), "it holds 3 bytes"},
      {"empty, compressed", gzipped(""), "it holds 0 bytes"},
      {"text", "label,pixel\n", "it begins with 0x6c616265; expected 0x0000"},
      {"PNG", "\x89PNG\r\n\x1a\n", "it begins with 0x89504e47"},
      {"little-endian", std::string("\x03\x08\x00\x00", 4), "it begins with 0x03080000"},
      {"no such type", idx_header(0x0a, {1}) + "a", "its type byte is 0x0a; expected 0x08, 0x09"},
      {"type 0", idx_header(0x00, {1}) + "a", "its type byte is 0x00"},
      {"no axis", idx_header(0x08, {}) + "a", "its header says 0 axes; expected 1 to 8"},
      {"nine axes", idx_header(0x08, std::vector<std::uint32_t>(9, 1)) + "a",
       "its header says 9 axes"},
      {"ends in the sizes", good.substr(0, 11),
       "truncated: it ends within the sizes of its 3 axes"},
      {"ends after the header", good.substr(0, 16),
       "truncated: its header says u8[2, 3, 4], 24 bytes of elements; it holds 16 in all"},
      {"ends within the elements", good.substr(0, 39),
       "truncated: its header says u8[2, 3, 4], 24 bytes of elements; it holds 23"},
      {"ends within the elements, compressed", gzipped(good.substr(0, 39)),
       "truncated: its header says u8[2, 3, 4], 24 bytes of elements; it holds 23"},
      {"half an element", idx_header(0x0c, {2}) + "1234567", "8 bytes of elements; it holds 7"},
      {"one byte more", good + "x", "too long: its header says u8[2, 3, 4], 24 bytes of elements"},
      {"many bytes more", good + std::string(1 << 20, 'x'), "too long"},
      {"one byte more, compressed", gzipped(good + "x"), "too long"},
      {"claims gigabytes", idx_header(0x08, {60000, 280, 280}) + bytes_from_0(100),
       "truncated: its header says u8[60000, 280, 280], 4704000000 bytes of elements; it holds 116 "
       "in all"},
      {"claims gigabytes, compressed",
       gzipped(idx_header(0x08, {60000, 280, 280}) + bytes_from_0(100)), "inflated"},
      {"claims more than 64 bits", idx_header(0x0e, {0xffffffff, 0xffffffff, 0xffffffff}),
       "f64[4294967295, 4294967295, 4294967295]: more bytes than any file has"},
      {"claims just that", idx_header(0x08, {0x80000000, 0x80000000, 2}),
       "more bytes than any file has"},
      {"compressed, cut", gzipped(good).substr(0, 30),
       "truncated: the file ends within its gzip data"},
      {"compressed, only begun", "\x1f\x8b", "truncated: the file ends within its gzip data"},
      {"compressed, wrong sum", wrong_sum, "broken gzip data: incorrect data check"},
      {"compressed, unknown method", wrong_method, "broken gzip data: unknown compression method"},
      {"compressed, then something else", gzipped(good) + "something else",
       "broken gzip data: incorrect header check"},
  };
}

TEST_CASE("idx: broken files are refused, with their name and what was found") {
  const TemporaryFolder folder;
  const std::string path = folder / "broken-idx3-ubyte";
  const auto in_use = memory_stats().bytes_in_use;
  for (const Broken& row : broken()) {
    CAPTURE(row.name);
    write_file(path, row.bytes);
    CHECK_THROWS_WITH_AS((void)read_idx(path), Contains(row.message), FileError);
    CHECK_THROWS_WITH_AS((void)read_idx(path), Contains(("read_idx: " + path + ": ").c_str()),
                         FileError);
  }
  CHECK(memory_stats().bytes_in_use == in_use);
}

TEST_CASE("idx: no file") {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing";
  CHECK_THROWS_WITH_AS((void)read_idx(missing),
                       ("read_idx: " + missing + ": there is no such file").c_str(), FileError);
  CHECK_THROWS_WITH_AS((void)read_idx(folder.path()), Contains("is a folder; expected a file"),
                       FileError);
  CHECK_THROWS_AS((void)read_idx(""), FileError);
  CHECK_THROWS_AS((void)read_idx(write_file(folder / "file", "") + "/below"), FileError);
}

std::string mutated(std::string bytes, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (std::size_t changes = 1 + below(3); changes > 0 && !bytes.empty(); --changes) {
    const std::size_t at = below(bytes.size());
    // Most of what can go wrong is in the header.
    const std::size_t early = below(std::min<std::size_t>(bytes.size(), 20));
    switch (below(8)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[early] = static_cast<char>(random());
        break;
      case 2:
        bytes[early] = static_cast<char>(below(2) == 0 ? 0xff : 0);
        break;
      case 3:
        bytes.insert(at, 1, static_cast<char>(random()));
        break;
      case 4:
        bytes.erase(at, 1 + below(4));
        break;
      case 5:
        bytes.resize(at);
        break;
      case 6:
        bytes += bytes.substr(at, below(40));
        break;
      case 7:
        bytes.replace(early, 4, big_endian(random(), 4));
        break;
    }
  }
  return bytes;
}

TEST_CASE("idx: thousands of damaged files are read or refused, in little memory") {
  const TemporaryFolder folder;
  const std::string path = folder / "damaged";
  const auto wide = std::int64_t{1} << 20;
  const std::vector<Readable> seeds = readable();
  release_cached_memory();
  const MemoryStats before = memory_stats();
  std::mt19937_64 random(20);
  int read = 0, refused = 0;
  const auto attempt = [&](const std::string& bytes) {
    write_file(path, bytes);
    try {
      const Tensor x = read_idx(path);
      ++read;
      if (!bytes.starts_with("\x1f\x8b")) {  // then all of the file is accounted for
        const std::int64_t header = 4 + 4 * x.rank();
        const int type = static_cast<unsigned char>(bytes[2]);
        const std::int64_t width = type == 0x0e ? 8 : type >= 0x0c ? 4 : type == 0x0b ? 2 : 1;
        REQUIRE(std::ssize(bytes) == header + width * x.size());
      }
    } catch (const FileError& error) {
      ++refused;
      REQUIRE(std::string(error.what()).find(path) != std::string::npos);
    }
  };
  for (int i = 0; i < 6000; ++i) {
    const std::string& seed = seeds[static_cast<std::size_t>(i) % seeds.size()].bytes;
    attempt(mutated(seed, random));
    if (i % 2 == 0) {
      attempt(mutated(gzipped(seed), random));
    } else {
      attempt(gzipped(mutated(seed, random)));
    }
  }
  CHECK(read > 100);
  CHECK(refused > 1000);
  const MemoryStats after = memory_stats();
  CHECK(after.bytes_in_use == before.bytes_in_use);
  CHECK(after.bytes_cached <= wide);
  CHECK(after.peak_bytes_in_use <= std::max(before.peak_bytes_in_use, before.bytes_in_use + wide));
}

}  // namespace
}  // namespace keratin::tests
