#include "nn/layers/preprocessing/hash.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <utility>

#include "kernels/error.h"

namespace keratin::layers::detail {
namespace {

using Word = std::uint64_t;

template <class T>
T read_little_endian(const char* from) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<T>(static_cast<unsigned char>(from[i])) << (8 * i);
  }
  return value;
}
Word word(const char* from) { return read_little_endian<Word>(from); }
Word half(const char* from) { return read_little_endian<std::uint32_t>(from); }

// Primes between 2^63 and 2^64.
constexpr Word k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273, k2 = 0x9ae16a3b2f90404f;

Word mixed(Word v) { return v ^ (v >> 47); }
Word two(Word u, Word v, Word factor) {
  const Word a = mixed((u ^ v) * factor);
  return mixed((v ^ a) * factor) * factor;
}

Word up_to_16(const char* s, Word n) {
  const Word factor = k2 + n * 2;
  if (n >= 8) {
    const Word a = word(s) + k2, b = word(s + n - 8);
    return two(std::rotr(b, 37) * factor + a, (std::rotr(a, 25) + b) * factor, factor);
  }
  if (n >= 4) return two(n + (half(s) << 3), half(s + n - 4), factor);
  if (n == 0) return k2;
  const auto byte = [&](Word i) { return static_cast<Word>(static_cast<unsigned char>(s[i])); };
  return mixed((byte(0) + (byte(n >> 1) << 8)) * k2 ^ (n + (byte(n - 1) << 2)) * k0) * k2;
}

Word up_to_32(const char* s, Word n) {
  const Word factor = k2 + n * 2;
  const Word a = word(s) * k1, b = word(s + 8);
  const Word c = word(s + n - 8) * factor, d = word(s + n - 16) * k2;
  return two(std::rotr(a + b, 43) + std::rotr(c, 30) + d, a + std::rotr(b + k2, 18) + c, factor);
}

Word up_to_64(const char* s, Word n) {
  const Word factor = k2 + n * 2;
  const Word a = word(s) * k2, b = word(s + 8);
  const Word c = word(s + n - 8) * factor, d = word(s + n - 16) * k2;
  const Word y = std::rotr(a + b, 43) + std::rotr(c, 30) + d;
  const Word z = two(y, a + std::rotr(b + k2, 18) + c, factor);
  const Word e = word(s + 16) * factor, f = word(s + 24);
  const Word g = (y + word(s + n - 32)) * factor, h = (z + word(s + n - 24)) * factor;
  return two(std::rotr(e + f, 43) + std::rotr(g, 30) + h, e + std::rotr(f + a, 18) + g, factor);
}

using Pair = std::pair<Word, Word>;

Pair of_32_bytes(const char* s, Word a, Word b) {
  a += word(s);
  b = std::rotr(b + a + word(s + 24), 21);
  const Word c = a;
  a += word(s + 8) + word(s + 16);
  b += std::rotr(a, 44);
  return {a + word(s + 24), b + c};
}

}  // namespace

std::uint64_t fingerprint64(std::string_view text) {
  const char* s = text.data();
  const Word n = text.size();
  if (n <= 16) return up_to_16(s, n);
  if (n <= 32) return up_to_32(s, n);
  if (n <= 64) return up_to_64(s, n);

  // Blocks of 64 bytes, and then the last 64, which may overlap the block before.
  Word x = 81, y = 81 * k1 + 113, z = mixed(y * k2 + 113) * k2;
  Pair v{0, 0}, w{0, 0};
  x = x * k2 + word(s);
  const auto block = [&](const char* at, Word factor, Word nine) {
    x = std::rotr(x + y + v.first + word(at + 8), 37) * factor;
    y = std::rotr(y + v.second + word(at + 48), 42) * factor;
    x ^= w.second * nine;
    y += v.first * nine + word(at + 40);
    z = std::rotr(z + w.first, 33) * factor;
    v = of_32_bytes(at, v.second * factor, x + w.first);
    w = of_32_bytes(at + 32, z + w.second, y + word(at + 16));
    std::swap(z, x);
  };
  const char* const end = s + (n - 1) / 64 * 64;
  for (const char* at = s; at != end; at += 64) block(at, k1, 1);
  const Word factor = k1 + ((z & 0xff) << 1);
  w.first += (n - 1) & 63;
  v.first += w.first;
  w.first += v.first;
  block(s + n - 64, factor, 9);
  return two(two(v.first, w.first, factor) + mixed(y) * k0 + z, two(v.second, w.second, factor) + x,
             factor);
}

std::uint64_t siphash24(std::string_view text, std::array<std::uint64_t, 2> key) {
  Word v0 = 0x736f6d6570736575 ^ key[0], v1 = 0x646f72616e646f6d ^ key[1];
  Word v2 = 0x6c7967656e657261 ^ key[0], v3 = 0x7465646279746573 ^ key[1];
  const auto round = [&] {
    v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
  };
  const auto absorb = [&](Word m) {
    v3 ^= m;
    round(), round();
    v0 ^= m;
  };
  const std::size_t whole = text.size() / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) absorb(word(text.data() + i));
  char rest[8] = {};
  if (text.size() > whole) std::memcpy(rest, text.data() + whole, text.size() - whole);
  rest[7] = static_cast<char>(text.size() & 0xff);
  absorb(word(rest));
  v2 ^= 0xff;
  round(), round(), round(), round();
  return v0 ^ v1 ^ v2 ^ v3;
}

std::uint64_t joined_fingerprint(std::uint64_t first, std::uint64_t second) {
  constexpr Word factor = 0xc6a4a7935bd1e995;
  const Word both = ((first ^ factor) ^ (mixed(second * factor) * factor)) * factor;
  return mixed(mixed(both) * factor);
}

std::optional<std::array<std::uint64_t, 2>> salt_of(const char* layer,
                                                    const std::vector<std::int64_t>& salt) {
  if (salt.empty()) return std::nullopt;
  if (salt.size() > 2) {
    throw ValueError(
        fmt::format("{}: salt has {} numbers; expected one or two", layer, salt.size()));
  }
  return std::array{static_cast<std::uint64_t>(salt.front()),
                    static_cast<std::uint64_t>(salt.back())};
}

void salt_field(Fields& f, std::vector<std::int64_t>& salt, bool always) {
  if (!f.reading() && salt.size() == 1) salt.push_back(salt[0]);
  if (f.reading() || always || !salt.empty()) f("salt", salt);
}

}  // namespace keratin::layers::detail
