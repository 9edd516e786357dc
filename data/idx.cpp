#include "data/idx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "data/byte_reader.h"

namespace keratin::data {
namespace {

struct Header {
  int type = 0;
  Shape shape;
  std::int64_t bytes = 0;  // of the elements
};

struct ElementType {
  const char* name;
  DType dtype;
  std::int64_t bytes;  // in the file
};

ElementType element_type(const ByteReader& reader, int type) {
  switch (type) {
    case 0x08:
      return {"u8", uint8, 1};
    case 0x09:
      return {"i8", int32, 1};
    case 0x0b:
      return {"i16", int32, 2};
    case 0x0c:
      return {"i32", int32, 4};
    case 0x0d:
      return {"f32", float32, 4};
    case 0x0e:
      return {"f64", float64, 8};
    default:
      reader.fail(fmt::format(
          "not an IDX file: its type byte is 0x{:02x}; expected 0x08, 0x09, 0x0b, 0x0c, 0x0d or "
          "0x0e",
          type));
  }
}

template <class Bits>
Bits big_endian(const std::byte* bytes) {
  Bits value = 0;
  for (std::size_t i = 0; i < sizeof(Bits); ++i)
    value = static_cast<Bits>((value << 8) | std::to_integer<Bits>(bytes[i]));
  return value;
}

Header read_header(ByteReader& reader) {
  std::array<std::byte, 4> magic;
  const std::size_t got = reader.read(magic);
  if (got < magic.size()) {
    reader.fail(
        fmt::format("not an IDX file: it holds {} bytes; expected a magic number of 4", got));
  }
  if (magic[0] != std::byte{0} || magic[1] != std::byte{0}) {
    reader.fail(fmt::format(
        "not an IDX file: it begins with 0x{:08x}; expected 0x0000, the type and the rank, such as "
        "0x00000803 for images",
        big_endian<std::uint32_t>(magic.data())));
  }
  Header header;
  header.type = std::to_integer<int>(magic[2]);
  const ElementType type = element_type(reader, header.type);
  const int rank = std::to_integer<int>(magic[3]);
  if (rank < 1 || rank > Shape::kMaxRank) {
    reader.fail(fmt::format("its header says {} axes; expected 1 to {}", rank, Shape::kMaxRank));
  }
  std::array<std::byte, 4 * Shape::kMaxRank> sizes;
  const auto size_bytes = 4 * static_cast<std::size_t>(rank);
  if (reader.read(std::span(sizes).first(size_bytes)) < size_bytes) {
    reader.fail(fmt::format("truncated: it ends within the sizes of its {} axes", rank));
  }
  header.bytes = type.bytes;
  bool overflow = false;
  for (int axis = 0; axis < rank; ++axis) {
    const std::int64_t size = big_endian<std::uint32_t>(sizes.data() + 4 * axis);
    header.shape.push_back(size);
    overflow |= __builtin_mul_overflow(header.bytes, size, &header.bytes);
  }
  if (overflow) {
    reader.fail(fmt::format("its header says {}{}: more bytes than any file has", type.name,
                            header.shape.text()));
  }
  return header;
}

// y[i] = the i-th element of type Bits, read as From.
template <class Bits, class From, class To>
void decode(const std::vector<std::byte>& chunk, To* y) {
  for (std::size_t i = 0; i < chunk.size() / sizeof(Bits); ++i)
    y[i] = static_cast<To>(std::bit_cast<From>(big_endian<Bits>(chunk.data() + i * sizeof(Bits))));
}

void decode(int type, const std::vector<std::byte>& chunk, void* y) {
  switch (type) {
    case 0x08:
      std::memcpy(y, chunk.data(), chunk.size());
      break;
    case 0x09:
      decode<std::uint8_t, std::int8_t>(chunk, static_cast<std::int32_t*>(y));
      break;
    case 0x0b:
      decode<std::uint16_t, std::int16_t>(chunk, static_cast<std::int32_t*>(y));
      break;
    case 0x0c:
      decode<std::uint32_t, std::int32_t>(chunk, static_cast<std::int32_t*>(y));
      break;
    case 0x0d:
      decode<std::uint32_t, float>(chunk, static_cast<float*>(y));
      break;
    case 0x0e:
      decode<std::uint64_t, double>(chunk, static_cast<double*>(y));
      break;
  }
}

}  // namespace

Tensor read_idx(const std::string& path) {
  constexpr std::int64_t kChunk = 1 << 20;  // bytes; a multiple of every element's
  ByteReader reader("read_idx", path);
  const Header header = read_header(reader);
  const ElementType type = element_type(reader, header.type);
  const auto truncated = [&](const std::string& holds) {
    reader.fail(fmt::format("truncated: its header says {}{}, {} bytes of elements; it holds {}",
                            type.name, header.shape.text(), header.bytes, holds));
  };
  if (header.bytes > reader.most()) {
    truncated(reader.compressed() ? fmt::format("at most {}, inflated", reader.most())
                                  : fmt::format("{} in all", reader.most()));
  }
  std::vector<std::vector<std::byte>> chunks;  // as many as there are in truth
  for (std::int64_t done = 0; done < header.bytes;) {
    const std::int64_t wanted = std::min(kChunk, header.bytes - done);
    chunks.emplace_back(static_cast<std::size_t>(wanted));
    const auto got = static_cast<std::int64_t>(reader.read(chunks.back()));
    done += got;
    if (got < wanted) truncated(std::to_string(done));
  }
  std::byte extra;
  if (reader.read({&extra, 1}) != 0) {
    reader.fail(fmt::format("too long: its header says {}{}, {} bytes of elements; more follow",
                            type.name, header.shape.text(), header.bytes));
  }
  Tensor x = Tensor::empty(header.shape, type.dtype);
  auto* out = static_cast<std::byte*>(x.raw());
  for (const std::vector<std::byte>& chunk : chunks) {
    decode(header.type, chunk, out);
    out += chunk.size() / static_cast<std::size_t>(type.bytes) * size_of(type.dtype);
  }
  return x;
}

}  // namespace keratin::data
