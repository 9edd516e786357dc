#include "data/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <system_error>

#include "data/atomic_file.h"
#include "data/byte_reader.h"
#include "data/bytes.h"
#include "data/npy_header.h"
#include "data/npy_strings.h"
#include "data/zip.h"
#include "tensor/cast.h"

namespace keratin::data {
namespace {

using detail::NpyHeader;

// Where the bytes come from: a file, or a member of an archive.
struct Input {
  std::string name;                                     // "read_npy: x.npy"
  std::int64_t left = 0;                                // bytes
  std::function<void(std::span<std::byte>)> read = {};  // so many are there

  [[noreturn]] void fail(const std::string& text) const {
    throw FileError(fmt::format("{}: {}", name, text));
  }
  void take(std::span<std::byte> bytes) {
    read(bytes);
    left -= static_cast<std::int64_t>(bytes.size());
  }
};

template <class Bits>
Bits swapped(Bits bits) {
  if constexpr (sizeof(Bits) == 2) return __builtin_bswap16(bits);
  if constexpr (sizeof(Bits) == 4) return __builtin_bswap32(bits);
  if constexpr (sizeof(Bits) == 8) return __builtin_bswap64(bits);
  return bits;
}

// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits.
float from_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1f, fraction = half & 0x3ff;
  if (exponent == 0) {  // fraction * 2^-24
    const float value = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xff : exponent + 112;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

// Elements of a kind, and how `count` of them become those of a tensor. False where one does not.
struct Element {
  DType dtype;
  bool (*decode)(const std::byte* from, std::int64_t count, bool swap, void* to);
};

template <class Bits, class To, class F>
bool decode(const std::byte* from, std::int64_t count, bool swap, void* to, const F& f) {
  auto* y = static_cast<To*>(to);
  for (std::int64_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, from + i * static_cast<std::int64_t>(sizeof bits), sizeof bits);
    y[i] = f(swap ? swapped(bits) : bits);
  }
  return true;
}

template <class Bits, class From, class To>
Element number() {
  return {dtype_of<To>, [](const std::byte* from, std::int64_t count, bool swap, void* to) {
            return decode<Bits, To>(from, count, swap, to, [](Bits bits) {
              return static_cast<To>(std::bit_cast<From>(bits));
            });
          }};
}

bool decode_uint64(const std::byte* from, std::int64_t count, bool swap, void* to) {
  bool held = true;
  decode<std::uint64_t, std::int64_t>(from, count, swap, to, [&](std::uint64_t value) {
    held &= value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(value);
  });
  return held;
}

Element element_of(const NpyHeader& header, const Input& input, bool bfloat16_allowed) {
  const std::string kind = fmt::format("{}{}", header.kind, header.bytes);
  if (kind == "b1") {
    return {boolean, [](const std::byte* from, std::int64_t count, bool swap, void* to) {
              return decode<std::uint8_t, bool>(from, count, swap, to,
                                                [](std::uint8_t byte) { return byte != 0; });
            }};
  }
  if (kind == "i1") return number<std::uint8_t, std::int8_t, std::int32_t>();
  if (kind == "u1") return number<std::uint8_t, std::uint8_t, std::uint8_t>();
  if (kind == "i2") return number<std::uint16_t, std::int16_t, std::int32_t>();
  if (kind == "u2") return number<std::uint16_t, std::uint16_t, std::int32_t>();
  if (kind == "i4") return number<std::uint32_t, std::int32_t, std::int32_t>();
  if (kind == "u4") return number<std::uint32_t, std::uint32_t, std::int64_t>();
  if (kind == "i8") return number<std::uint64_t, std::int64_t, std::int64_t>();
  if (kind == "u8") return {int64, decode_uint64};
  if (kind == "f4") return number<std::uint32_t, float, float>();
  if (kind == "f8") return number<std::uint64_t, double, double>();
  if (kind == "f2") {
    return {float32, [](const std::byte* from, std::int64_t count, bool swap, void* to) {
              return decode<std::uint16_t, float>(from, count, swap, to, from_half);
            }};
  }
  if (kind == "V2") {
    if (!bfloat16_allowed) {
      input.fail(
          "holds |V2, two bytes of an unknown kind; if it is bfloat16 as ml_dtypes has it, pass "
          "{.bfloat16 = true}");
    }
    return {bfloat16, [](const std::byte* from, std::int64_t count, bool swap, void* to) {
              return decode<std::uint16_t, BFloat16>(
                  from, count, swap, to, [](std::uint16_t bits) { return BFloat16{bits}; });
            }};
  }
  input.fail(
      fmt::format("holds {}{}{}; expected bool, integers, float16, float32, float64 or strings",
                  header.kind == 'c' ? "complex numbers, " : "", header.order, kind));
}

void require_bytes(const NpyHeader& header, const Input& input) {
  std::int64_t bytes = header.bytes;
  bool overflow = false;
  for (const std::int64_t size : header.shape)
    overflow |= __builtin_mul_overflow(bytes, std::max<std::int64_t>(size, 1), &bytes);
  if (overflow) {
    input.fail(fmt::format("its header says shape {}: more elements than any file has",
                           header.shape.text()));
  }
  const std::int64_t count = header.shape.size();
  if (count == 0) return;
  if (bytes == 0) {
    input.fail(fmt::format("its header says {} elements of no bytes, shape {}", count,
                           header.shape.text()));
  }
  if (bytes > input.left) {
    input.fail(fmt::format("truncated: its header says shape {}, {} bytes of elements; it holds {}",
                           header.shape.text(), bytes, input.left));
  }
}

// Elements that lie in Fortran order, the first axis fastest, in ours.
Tensor from_fortran(const Tensor& x, const Shape& shape) {
  Tensor y = Tensor::empty(shape, x.dtype());
  std::vector<std::int64_t> step(static_cast<std::size_t>(shape.rank()), 1),
      index(static_cast<std::size_t>(shape.rank()), 0);
  for (std::size_t axis = 1; axis < step.size(); ++axis)
    step[axis] = step[axis - 1] * shape[static_cast<std::int64_t>(axis) - 1];
  const auto element = static_cast<std::int64_t>(size_of(x.dtype()));
  const auto* from = element == 0 ? nullptr : static_cast<const char*>(x.raw());
  auto* to = element == 0 ? nullptr : static_cast<char*>(y.raw());
  std::int64_t source = 0;
  for (std::int64_t i = 0; i < y.size(); ++i) {
    if (element == 0) {
      y.mutable_strings()[static_cast<std::size_t>(i)] =
          x.strings()[static_cast<std::size_t>(source)];
    } else {
      std::memcpy(to + i * element, from + source * element, static_cast<std::size_t>(element));
    }
    for (std::size_t axis = step.size(); axis-- > 0;) {
      source += step[axis];
      if (++index[axis] < shape[static_cast<std::int64_t>(axis)]) break;
      source -= step[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return y;
}

Tensor read_elements(Input& input, const NpyHeader& header, const ReadNpyOptions& options) {
  const bool swap = header.order == '>';  // '=' and '|' are of a machine like ours
  const std::int64_t count = header.shape.size();
  const bool text = header.kind == 'S' || header.kind == 'U';
  const Element element =
      text ? Element{string, nullptr} : element_of(header, input, options.bfloat16);
  require_bytes(header, input);
  Tensor y = Tensor::empty(header.shape, element.dtype);
  if (count == 0) return y;
  // The bytes of an element come whole; so many of them at once.
  const std::int64_t some = std::max<std::int64_t>(1, (1 << 20) / header.bytes);
  std::vector<std::byte> chunk;
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t now = std::min(some, count - done);
    chunk.resize(static_cast<std::size_t>(now * header.bytes));
    input.take(chunk);
    if (text) {
      const auto to = y.mutable_strings().subspan(static_cast<std::size_t>(done),
                                                  static_cast<std::size_t>(now));
      for (std::size_t i = 0; i < to.size(); ++i) {
        const auto bytes = std::span<const std::byte>(chunk).subspan(
            i * static_cast<std::size_t>(header.bytes), static_cast<std::size_t>(header.bytes));
        if (header.kind == 'S') {
          detail::from_npy_bytes(bytes, to[i]);
        } else if (!detail::from_npy_ucs4(bytes, swap, to[i])) {
          input.fail(fmt::format("element {} holds what is no character",
                                 done + static_cast<std::int64_t>(i)));
        }
      }
    } else if (!element.decode(chunk.data(), now, swap,
                               static_cast<std::byte*>(y.raw()) +
                                   done * static_cast<std::int64_t>(size_of(element.dtype)))) {
      input.fail(
          "holds a uint64 above 9223372036854775807, which int64 does not hold. Save it as float64 "
          "or in two parts.");
    }
    done += now;
  }
  return header.fortran_order && header.shape.rank() > 1 ? from_fortran(y, header.shape) : y;
}

Tensor read_array(Input& input, const ReadNpyOptions& options) {
  std::array<std::byte, 12> start = {};
  const std::int64_t held = input.left;
  const auto fixed = [&](std::int64_t first, std::int64_t count) {
    if (input.left < count) {
      input.fail(fmt::format("not a .npy file: it holds {} bytes; expected at least 10", held));
    }
    input.take(
        std::span(start).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
  };
  fixed(0, 8);
  if (std::memcmp(start.data(), detail::kNpyMagic.data(), detail::kNpyMagic.size()) != 0) {
    const bool zip = std::memcmp(start.data(), "PK\3\4", 4) == 0;
    input.fail(fmt::format("not a .npy file: it does not begin with \\x93NUMPY{}",
                           zip ? ". It is a ZIP archive, as .npz files are; use read_npz." : ""));
  }
  const int major = std::to_integer<int>(start[6]), minor = std::to_integer<int>(start[7]);
  if (major < 1 || major > 3 || minor != 0) {
    input.fail(fmt::format("its format is version {}.{}; expected 1.0, 2.0 or 3.0", major, minor));
  }
  const int width = major == 1 ? 2 : 4;
  fixed(8, width);
  std::int64_t length = 0;
  for (std::size_t i = 8 + static_cast<std::size_t>(width); i-- > 8;)
    length = (length << 8) | std::to_integer<std::int64_t>(start[i]);
  if (length > (1 << 16))
    input.fail(fmt::format("its header says it is {} bytes long; expected 65536 at most", length));
  if (length > input.left)
    input.fail(fmt::format("truncated: it ends within its header of {} bytes", length));
  std::string text(static_cast<std::size_t>(length), '\0');
  input.take(std::as_writable_bytes(std::span(text)));
  const NpyHeader header =
      detail::parse_npy_header(text, [&](const std::string& problem) { input.fail(problem); });
  Tensor x = read_elements(input, header, options);
  if (input.left > 0) {  // not fmt::print, which throws where standard error is full
    const std::string warning = fmt::format(
        "keratin: {}: {} bytes follow the array; they are left out\n", input.name, input.left);
    std::fwrite(warning.data(), 1, warning.size(), stderr);
  }
  return x;
}

// The header and the elements of a .npy file.
std::vector<Bytes> encoded(const std::string& what, const Tensor& x) {
  if (!x.defined())
    throw ValueError(fmt::format("{}: the tensor has no value, it was never set", what));
  if (x.dtype() == bfloat16) return encoded(what, cast(x, float32));
  if (x.dtype() == string) {
    auto [characters, bytes] = detail::to_npy_ucs4(what, x);
    return {Bytes::from(detail::npy_header(fmt::format("<U{}", characters), x.shape())),
            Bytes::from(std::move(bytes))};
  }
  const char* descr = x.dtype() == float32   ? "<f4"
                      : x.dtype() == float64 ? "<f8"
                      : x.dtype() == uint8   ? "|u1"
                      : x.dtype() == int32   ? "<i4"
                      : x.dtype() == int64   ? "<i8"
                                             : "|b1";
  return {Bytes::from(detail::npy_header(descr, x.shape())), Bytes::of(x)};
}

}  // namespace

Tensor read_npy(const std::string& path, ReadNpyOptions options) {
  Input input = {.name = fmt::format("read_npy: {}", path)};
  require_file(input.name, path);
  ByteReader reader("read_npy", path);
  if (reader.compressed()) input.fail("not a .npy file: it is compressed by gzip; unpack it first");
  input.left = reader.most();
  input.read = [&](std::span<std::byte> bytes) {
    if (reader.read(bytes) < bytes.size()) reader.fail("became shorter while it was read");
  };
  return read_array(input, options);
}

void write_npy(const std::string& path, const Tensor& x) {
  const std::vector<Bytes> pieces = encoded(fmt::format("write_npy: {}", path), x);
  AtomicFile file("write_npy", path);
  for (const Bytes& piece : pieces) file.write(piece.span());
  file.commit();
}

Tensors read_npz(const std::string& path, const ReadNpzOptions& options) {
  constexpr std::string_view kEnding = ".npy";
  const ZipReader archive("read_npz", path);
  std::vector<std::string> names = options.names;
  if (names.empty()) {
    for (const std::string& member : archive.names()) {
      if (!member.ends_with(kEnding)) {
        throw FileError(
            fmt::format("read_npz: {}: its member {} is no array; expected .npy", path, member));
      }
      names.push_back(member.substr(0, member.size() - kEnding.size()));
    }
  }
  Named<Tensor> arrays;
  for (const std::string& name : names) {
    const std::string member = name + std::string(kEnding);
    const Bytes bytes = archive.read(member);
    Input input = {.name = fmt::format("read_npz: {}: {}", path, member), .left = bytes.size()};
    input.read = [&](std::span<std::byte> room) {
      if (!room.empty())
        std::memcpy(room.data(), bytes.data() + (bytes.size() - input.left), room.size());
    };
    arrays[name] = read_array(input, {.bfloat16 = options.bfloat16});
  }
  return arrays;
}

void write_npz(const std::string& path, const Tensors& arrays, WriteNpzOptions options) {
  std::vector<std::vector<Bytes>> members;
  for (std::int64_t i = 0; i < arrays.count(); ++i)
    members.push_back(encoded(fmt::format("write_npz: {}", path), arrays.get(i)));
  ZipWriter archive("write_npz", path);
  for (std::int64_t i = 0; i < arrays.count(); ++i) {
    const std::string name = arrays.named() ? arrays.name(i) : fmt::format("arr_{}", i);
    archive.add(name + ".npy", std::move(members[static_cast<std::size_t>(i)]),
                {.deflate = options.compressed});
  }
  archive.finish();
}

}  // namespace keratin::data
