#include "data/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "data/byte_reader.h"

namespace keratin::data {
namespace {

using Block = std::array<std::byte, 512>;

std::string_view text(const Block& block, std::size_t first, std::size_t count) {
  const std::string_view field(reinterpret_cast<const char*>(block.data()) + first, count);
  return field.substr(0, std::min(field.find('\0'), field.size()));
}

// Octal digits, spaces around them. -1 for anything else.
std::int64_t octal(std::string_view field) {
  std::int64_t value = 0;
  bool digits = false;
  for (const char c : field) {
    if (c == ' ') {
      if (digits) break;
    } else if (c < '0' || c > '7') {
      return -1;
    } else {
      value = value * 8 + (c - '0');
      digits = true;
    }
  }
  return digits ? value : -1;
}

// The sum of its bytes, those of the checksum itself taken for spaces.
std::int64_t checksum(const Block& block) {
  std::int64_t sum = 8 * ' ';
  for (std::size_t i = 0; i < block.size(); ++i)
    if (i < 148 || i >= 156) sum += std::to_integer<std::int64_t>(block[i]);
  return sum;
}

}  // namespace

std::map<std::string, Bytes> read_tar(const std::string& what, const std::string& path,
                                      const std::vector<std::string>& wanted,
                                      std::int64_t max_bytes) {
  ByteReader reader(what, path);
  std::map<std::string, Bytes> members;
  for (Block block; reader.read(block) == block.size();) {
    if (std::ranges::all_of(block, [](std::byte b) { return b == std::byte{0}; }))
      break;  // its end
    const std::int64_t size = octal(text(block, 124, 12));
    if (octal(text(block, 148, 8)) != checksum(block) || size < 0)
      reader.fail("not a tar archive, or a broken one: the checksum of a header is wrong");
    std::string name(text(block, 0, 100));  // the block is read into again
    name = name.substr(name.find_last_of('/') + 1);
    const char type = static_cast<char>(block[156]);
    const bool file = type == '0' || type == '\0';
    const bool take = file && std::ranges::find(wanted, name) != wanted.end();
    if (take && members.contains(name)) reader.fail(fmt::format("it holds {} twice", name));
    if (take && size > max_bytes) {
      reader.fail(fmt::format("its member {} is too long: {} bytes; expected {} at most", name,
                              size, max_bytes));
    }
    std::string bytes;  // grows with what is there
    for (std::int64_t done = 0; done < size;) {
      if (reader.read(block) < block.size())
        reader.fail(fmt::format("truncated: it ends within {}", name));
      const std::int64_t some = std::min<std::int64_t>(512, size - done);
      if (take)
        bytes.append(reinterpret_cast<const char*>(block.data()), static_cast<std::size_t>(some));
      done += some;
    }
    if (take) members[name] = Bytes::from(std::move(bytes));
  }
  for (const std::string& name : wanted)
    if (!members.contains(name)) reader.fail(fmt::format("it holds no {}", name));
  return members;
}

}  // namespace keratin::data
