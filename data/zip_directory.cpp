#include "data/zip_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "kernels/error.h"

namespace keratin::data::detail {
namespace {

// Signatures and lengths of the fixed parts of records. Source: APPNOTE.TXT, 4.3.
constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50,
                        kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr std::int64_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kEnd64Bytes = 56,
                       kLocator64Bytes = 20, kLongestComment = 65535;
constexpr std::uint64_t k16 = 0xffff, k32 = 0xffffffff;  // "see the 64-bit field"
// Deflate codes at best 258 bytes in 2 bits; a block has a head.
constexpr std::int64_t kMostInflated = 1032;

// Little-endian numbers, one after the other. The caller looks whether they are there.
class Fields {
 public:
  explicit Fields(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::size_t left() const { return bytes_.size(); }
  std::uint64_t number(std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value |= std::to_integer<std::uint64_t>(bytes_[i]) << (8 * i);
    bytes_ = bytes_.subspan(count);
    return value;
  }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::span<const std::byte> take(std::size_t count) {
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

 private:
  std::span<const std::byte> bytes_;
};

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct End {
  std::int64_t entries = 0, bytes = 0, offset = 0;  // of the directory
};

class Directory {
 public:
  Directory(const std::string& where, const ZipBytes& archive, const ZipLimits& limits)
      : where_(where), archive_(archive), limits_(limits) {}

  std::vector<ZipEntry> read() {
    const End end = find_end();
    if (end.entries > limits_.max_members) {
      fail(fmt::format("its directory says {} members; expected at most {}", end.entries,
                       limits_.max_members));
    }
    std::vector<std::byte> bytes = at(end.offset, end.bytes);
    Fields fields(bytes);
    std::vector<ZipEntry> entries;
    for (std::int64_t i = 0; i < end.entries; ++i) entries.push_back(entry(fields, end));
    if (fields.left() != 0) fail("its directory is longer than its members");
    check_names(entries);
    check_places(entries, end);
    return entries;
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    throw FileError(fmt::format("{}: {}", where_, text));
  }
  [[noreturn]] void fail(const std::string& member, const std::string& text) const {
    throw FileError(fmt::format("{}: {}: {}", where_, member, text));
  }

  std::vector<std::byte> at(std::int64_t offset, std::int64_t count) const {
    if (offset < 0 || count < 0 || offset > archive_.size || count > archive_.size - offset)
      fail(fmt::format("truncated: {} bytes at {} are beyond its end", count, offset));
    std::vector<std::byte> bytes(static_cast<std::size_t>(count));
    archive_.read(offset, bytes);
    return bytes;
  }

  End find_end() const {
    const std::int64_t tail = std::min(archive_.size, kEndBytes + kLongestComment);
    const std::vector<std::byte> bytes = at(archive_.size - tail, tail);
    const std::span<const std::byte> all(bytes);
    std::int64_t found = -1;
    int locators = 0;
    for (std::int64_t i = 0; i + 4 <= tail; ++i) {
      Fields fields(all.subspan(static_cast<std::size_t>(i)));
      const std::uint32_t signature = fields.u32();
      locators += signature == kLocator64 ? 1 : 0;
      if (signature != kEnd || i + kEndBytes > tail) continue;
      (void)fields.take(16);
      if (i + kEndBytes + fields.u16() != tail) continue;
      if (found >= 0) fail("it has two ends, of two directories");
      found = i;
    }
    if (found < 0) fail("no ZIP archive, or a truncated one: it has no directory at its end");
    if (locators > 1) fail("it has two ends of 64 bits, of two directories");

    Fields fields(all.subspan(static_cast<std::size_t>(found) + 4));
    const std::uint64_t disk = fields.u16(), first_disk = fields.u16();
    const std::uint64_t here = fields.u16(), entries = fields.u16();
    const std::uint64_t size = fields.u32(), offset = fields.u32();
    const std::int64_t place = archive_.size - tail + found;
    Fields before(all.first(static_cast<std::size_t>(found)));
    if (found >= kLocator64Bytes) {
      (void)before.take(static_cast<std::size_t>(found - kLocator64Bytes));
      if (before.u32() == kLocator64) {
        (void)before.u32();
        const std::uint64_t offset64 = before.u64();
        const auto agrees = [](std::uint64_t small, std::uint64_t large, std::uint64_t see) {
          return small == see || small == large;
        };
        const auto place64 = static_cast<std::int64_t>(offset64);
        if (place64 < 0 || place64 != place - kLocator64Bytes - kEnd64Bytes)
          fail("its end of 64 bits is not where it should be");
        const std::vector<std::byte> record = at(place64, kEnd64Bytes);
        Fields large(record);
        if (large.u32() != kEnd64) fail("its end of 64 bits is broken");
        (void)large.take(12);  // its length, two versions
        const std::uint64_t disk64 = large.u32(), first_disk64 = large.u32();
        const std::uint64_t here64 = large.u64(), entries64 = large.u64();
        const std::uint64_t size64 = large.u64(), start64 = large.u64();
        if (!agrees(disk, disk64, k16) || !agrees(first_disk, first_disk64, k16) ||
            !agrees(here, here64, k16) || !agrees(entries, entries64, k16) ||
            !agrees(size, size64, k32) || !agrees(offset, start64, k32))
          fail("its two ends contradict each other");
        return checked(disk64, first_disk64, here64, entries64, size64, start64, place64);
      }
    }
    return checked(disk, first_disk, here, entries, size, offset, place);
  }

  End checked(std::uint64_t disk, std::uint64_t first_disk, std::uint64_t here,
              std::uint64_t entries, std::uint64_t size, std::uint64_t offset,
              std::int64_t place) const {
    if (disk != 0 || first_disk != 0 || here != entries)
      fail("it is one part of several; expected the archive in one file");
    const auto end = static_cast<std::uint64_t>(place);
    if (offset > end || size != end - offset) {
      fail(fmt::format("its end says a directory of {} bytes at {}; it would have to end at {}",
                       size, offset, end));
    }
    if (entries > size / static_cast<std::uint64_t>(kCentralBytes))
      fail(fmt::format("its end says {} members in a directory of {} bytes", entries, size));
    return {static_cast<std::int64_t>(entries), static_cast<std::int64_t>(size),
            static_cast<std::int64_t>(offset)};
  }

  ZipEntry entry(Fields& fields, const End& end) const {
    if (fields.left() < static_cast<std::size_t>(kCentralBytes) || fields.u32() != kCentral)
      fail("its directory is broken");
    (void)fields.u32();  // versions
    const std::uint16_t flags = fields.u16(), method = fields.u16();
    (void)fields.u32();  // time and date
    ZipEntry entry;
    entry.crc = fields.u32();
    std::uint64_t compressed = fields.u32(), bytes = fields.u32();
    const std::size_t name = fields.u16(), extra = fields.u16(), comment = fields.u16();
    const std::uint16_t disk = fields.u16();
    (void)fields.u16();  // internal attributes
    const std::uint32_t attributes = fields.u32();
    std::uint64_t offset = fields.u32();
    if (fields.left() < name + extra + comment) fail("its directory is broken");
    entry.member.name = text_of(fields.take(name));
    wide_sizes(entry.member.name, fields.take(extra), bytes, compressed, offset);
    (void)fields.take(comment);

    const std::string problem = zip_name_problem(entry.member.name);
    if (!problem.empty()) fail(fmt::format("a member's name {}", problem));
    const std::string& who = entry.member.name;
    entry.folder = who.back() == '/';
    const std::uint32_t kind = (attributes >> 16) & 0170000;  // of Unix
    if (kind == 0120000) fail(who, "is a link; expected a file");
    if (kind != 0 && kind != 0100000 && kind != 0040000) fail(who, "is no file");
    if ((flags & 0x2041) != 0) fail(who, "is encrypted; expected plain data");
    if (method != 0 && method != 8)
      fail(who, fmt::format("has compression method {}; expected 0 or 8 (deflate)", method));
    if (disk != 0) fail(who, "lies in another part of the archive");
    const auto room = static_cast<std::uint64_t>(end.offset);
    if (offset > room || compressed > room - offset) {
      fail(who, fmt::format("truncated: the directory says {} bytes at {}, beyond the {} there are",
                            compressed, offset, room));
    }
    if (bytes > static_cast<std::uint64_t>(limits_.max_member_bytes)) {
      fail(who, fmt::format("too long: the directory says {} bytes; expected at most {}", bytes,
                            limits_.max_member_bytes));
    }
    entry.member.bytes = static_cast<std::int64_t>(bytes);
    entry.member.compressed = static_cast<std::int64_t>(compressed);
    entry.member.deflated = method == 8;
    entry.offset = static_cast<std::int64_t>(offset);
    if (entry.folder && entry.member.bytes != 0) fail(who, "is a folder with content");
    check_sizes(entry.member);
    return entry;
  }

  void check_sizes(const ZipMember& member) const {
    if (!member.deflated && member.bytes != member.compressed) {
      fail(member.name, fmt::format("is stored, with two sizes: {} and {} bytes", member.bytes,
                                    member.compressed));
    }
    // No overflow: a directory's sizes are below that of the file.
    const bool bomb = member.bytes > limits_.max_ratio_above_bytes &&
                      member.bytes / limits_.max_ratio > member.compressed;
    if (bomb || member.bytes / kMostInflated > member.compressed) {
      fail(member.name,
           fmt::format("refused: the directory says {} bytes out of {} compressed ones; expected "
                       "at most {} times as many",
                       member.bytes, member.compressed, bomb ? limits_.max_ratio : kMostInflated));
    }
  }

  // The extra field 1 of ZIP64 has those of the three that the 32-bit fields leave to it.
  void wide_sizes(const std::string& name, std::span<const std::byte> extra, std::uint64_t& bytes,
                  std::uint64_t& compressed, std::uint64_t& offset) const {
    Fields fields(extra);
    while (fields.left() >= 4) {
      const std::uint16_t id = fields.u16(), size = fields.u16();
      if (size > fields.left()) fail(name, "its extra fields are broken");
      Fields field(fields.take(size));
      if (id != 1) continue;
      for (std::uint64_t* value : {&bytes, &compressed, &offset}) {
        if (*value != k32) continue;
        if (field.left() < 8) fail(name, "its 64-bit sizes are broken");
        *value = field.u64();
      }
      return;
    }
  }

  void check_names(const std::vector<ZipEntry>& entries) const {
    std::unordered_set<std::string_view> seen;
    for (const ZipEntry& entry : entries)
      if (!seen.insert(entry.member.name).second) fail(entry.member.name, "is there twice");
  }

  // Members may have holes between them, but share no bytes.
  void check_places(const std::vector<ZipEntry>& entries, const End& end) const {
    struct Place {
      std::int64_t first, last;
      const ZipEntry* entry;
    };
    std::vector<Place> places;
    for (const ZipEntry& entry : entries) {
      const std::string& who = entry.member.name;
      std::array<std::byte, static_cast<std::size_t>(kLocalBytes)> header;
      if (end.offset - entry.offset < kLocalBytes) fail(who, "truncated: it has no header");
      archive_.read(entry.offset, header);
      Fields fields(header);
      if (fields.u32() != kLocal) fail(who, "it has no header where the directory says");
      (void)fields.u16();
      const std::uint16_t flags = fields.u16(), method = fields.u16();
      (void)fields.take(16);
      const std::int64_t name = fields.u16(), extra = fields.u16();
      const std::int64_t data = entry.offset + kLocalBytes + name + extra;
      if (data > end.offset || entry.member.compressed > end.offset - data)
        fail(who, "truncated: it would reach into the directory");
      if (text_of(at(entry.offset + kLocalBytes, name)) != who || (flags & 0x2041) != 0 ||
          method != (entry.member.deflated ? 8 : 0))
        fail(who, "its header contradicts the directory");
      places.push_back({entry.offset, data + entry.member.compressed, &entry});
    }
    std::sort(places.begin(), places.end(),
              [](const Place& a, const Place& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < places.size(); ++i) {
      if (places[i].first < places[i - 1].last) {
        fail(places[i].entry->member.name,
             fmt::format("overlaps {}", places[i - 1].entry->member.name));
      }
    }
  }

  const std::string& where_;
  const ZipBytes& archive_;
  const ZipLimits& limits_;
};

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 80)) {
    const auto code = static_cast<unsigned char>(c);
    result += code < 0x20 || code == 0x7f ? fmt::format("\\x{:02x}", code) : std::string(1, c);
  }
  return result;
}

}  // namespace

std::vector<ZipEntry> read_zip_directory(const std::string& where, const ZipBytes& archive,
                                         const ZipLimits& limits) {
  return Directory(where, archive, limits).read();
}

std::string zip_name_problem(std::string_view name) {
  const auto problem = [&](std::string_view text) {
    return fmt::format("\"{}\" {}", printable(name), text);
  };
  if (name.empty()) return "is empty";
  if (name.size() > 4096) return problem("is longer than 4096 bytes");
  if (name.front() == '/') return problem("is absolute");
  const auto letter = static_cast<char>(name[0] | 0x20);
  if (name.size() > 1 && name[1] == ':' && letter >= 'a' && letter <= 'z')
    return problem("begins with a drive");
  for (const char c : name) {
    if (c == '\\') return problem("has a \\ in it");
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return problem("has a control character in it");
  }
  if (name.back() == '/') name.remove_suffix(1);  // a folder
  for (std::size_t first = 0; first <= name.size();) {
    const std::size_t last = std::min(name.find('/', first), name.size());
    const std::string_view part = name.substr(first, last - first);
    if (part == "..") return problem("leads out of the archive by \"..\"");
    if (part.empty() || part == ".") return problem("has an empty part");
    first = last + 1;
  }
  return "";
}

}  // namespace keratin::data::detail
