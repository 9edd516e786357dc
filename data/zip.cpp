#include "data/zip.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "data/zip_directory.h"
#include "kernels/error.h"

namespace keratin::data {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

class ZipProblem {  // libzip's error, with its text
 public:
  ZipProblem() { zip_error_init(&error_); }
  ~ZipProblem() { zip_error_fini(&error_); }
  ZipProblem(const ZipProblem&) = delete;
  ZipProblem& operator=(const ZipProblem&) = delete;
  zip_error_t* operator&() { return &error_; }
  std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_;
};

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

}  // namespace

struct ZipReader::State {
  std::string what, path;
  ZipLimits limits;
  File file;      // either
  Bytes archive;  // or
  std::vector<ZipMember> members;
  std::map<std::string, std::pair<std::uint64_t, std::size_t>, std::less<>> index;
  std::unique_ptr<zip_t, Discard> zip;
  std::mutex mutex;  // of zip

  std::string where() const { return fmt::format("{}: {}", what, path); }
  [[noreturn]] void fail(const std::string& text) const {
    throw FileError(fmt::format("{}: {}", where(), text));
  }

  void open_file() {
    require_file(where(), path);
    file.reset(std::fopen(path.c_str(), "rb"));
    if (file == nullptr) fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  }

  void read_at(std::int64_t offset, std::span<std::byte> room) const {
    if (file == nullptr) {
      std::memcpy(room.data(), archive.data() + offset, room.size());
    } else if (fseeko(file.get(), offset, SEEK_SET) != 0 ||
               std::fread(room.data(), 1, room.size(), file.get()) != room.size()) {
      fail("cannot be read");
    }
  }

  std::int64_t size() const {
    if (file == nullptr) return archive.size();
    if (fseeko(file.get(), 0, SEEK_END) != 0) fail("cannot be read");
    return ftello(file.get());
  }

  void open() {
    const auto read = [&](std::int64_t offset, std::span<std::byte> room) {
      read_at(offset, room);
    };
    const std::vector<detail::ZipEntry> entries =
        detail::read_zip_directory(where(), {size(), read}, limits);
    ZipProblem problem;
    zip_source_t* source =
        file != nullptr
            ? zip_source_filep_create(file.get(), 0, -1, &problem)
            : zip_source_buffer_create(archive.data(), static_cast<std::uint64_t>(archive.size()),
                                       0, &problem);
    if (source == nullptr) fail(problem.text());
    if (file != nullptr) (void)file.release();  // libzip closes it
    zip.reset(zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &problem));
    if (zip == nullptr) {
      zip_source_free(source);
      fail(fmt::format("broken: {}", problem.text()));
    }
    for (std::uint64_t i = 0; i < entries.size(); ++i) check(i, entries[i]);
    for (std::uint64_t i = 0; i < entries.size(); ++i) {
      if (entries[i].folder) continue;
      index[entries[i].member.name] = {i, members.size()};
      members.push_back(entries[i].member);
    }
  }

  // libzip reads the directory for itself; it must have read the same.
  void check(std::uint64_t i, const detail::ZipEntry& entry) const {
    zip_stat_t stat;
    if (zip_stat_index(zip.get(), i, ZIP_FL_ENC_RAW, &stat) != 0 ||
        stat.name != entry.member.name ||
        stat.size != static_cast<std::uint64_t>(entry.member.bytes) ||
        stat.comp_size != static_cast<std::uint64_t>(entry.member.compressed) ||
        stat.crc != entry.crc || stat.comp_method != (entry.member.deflated ? 8 : 0) ||
        stat.encryption_method != ZIP_EM_NONE)
      fail(fmt::format("{}: its entries contradict each other", entry.member.name));
  }

  const std::pair<std::uint64_t, std::size_t>& place(std::string_view name) const {
    const auto found = index.find(name);
    if (found != index.end()) return found->second;
    std::vector<std::string_view> known;
    for (std::size_t i = 0; i < std::min<std::size_t>(members.size(), 20); ++i)
      known.push_back(members[i].name);
    fail(fmt::format("it has no member \"{}\"; its members: {}{}", name,
                     known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")),
                     known.size() < members.size() ? " ..." : ""));
  }
};

ZipReader::ZipReader(std::string what, const std::string& path, ZipLimits limits)
    : state_(std::make_unique<State>()) {
  state_->what = std::move(what);
  state_->path = path;
  state_->limits = limits;
  state_->open_file();
  state_->open();
}

ZipReader::ZipReader(std::string what, std::string path, Bytes archive, ZipLimits limits)
    : state_(std::make_unique<State>()) {
  state_->what = std::move(what);
  state_->path = std::move(path);
  state_->limits = limits;
  state_->archive = std::move(archive);
  state_->open();
}

ZipReader::~ZipReader() = default;
ZipReader::ZipReader(ZipReader&&) noexcept = default;
ZipReader& ZipReader::operator=(ZipReader&&) noexcept = default;

const std::vector<ZipMember>& ZipReader::members() const { return state_->members; }

std::vector<std::string> ZipReader::names() const {
  std::vector<std::string> names;
  for (const ZipMember& member : state_->members) names.push_back(member.name);
  return names;
}

bool ZipReader::contains(std::string_view name) const { return state_->index.contains(name); }

std::int64_t ZipReader::size(std::string_view name) const {
  return state_->members[state_->place(name).second].bytes;
}

Bytes ZipReader::read(std::string_view name, std::int64_t max_bytes) const {
  State& s = *state_;
  const auto [entry, place] = s.place(name);
  const ZipMember& member = s.members[place];
  const std::string where = fmt::format("{}: {}", s.where(), name);
  const auto fail = [&](const std::string& text) {
    throw FileError(fmt::format("{}: {}", where, text));
  };
  if (member.bytes > max_bytes)
    fail(fmt::format("too long: it holds {} bytes; expected at most {}", member.bytes, max_bytes));
  const std::lock_guard lock(s.mutex);
  const std::unique_ptr<zip_file_t, CloseMember> stream(zip_fopen_index(s.zip.get(), entry, 0));
  if (stream == nullptr) fail(fmt::format("cannot be read: {}", zip_strerror(s.zip.get())));
  // As many bytes as come, up to the room; the end brings the check of the CRC.
  const auto take = [&](std::span<std::byte> room) {
    std::size_t done = 0;
    while (done < room.size()) {
      const zip_int64_t got =
          zip_fread(stream.get(), room.data() + done,
                    std::min<std::size_t>(room.size() - done, std::size_t{1} << 30));
      if (got < 0) fail(fmt::format("broken: {}", zip_file_strerror(stream.get())));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  };
  const auto check_end = [&](std::size_t done) {
    if (done != static_cast<std::size_t>(member.bytes)) {
      fail(fmt::format("truncated: the directory says {} bytes; it holds {}", member.bytes, done));
    }
    std::byte extra;
    if (take({&extra, 1}) != 0)
      fail(fmt::format("too long: the directory says {} bytes; more follow", member.bytes));
  };
  // What may be a lie is not believed at once: deflate would have to keep up.
  constexpr std::int64_t kPlausible = 20, kChunk = 1 << 20;
  if (member.bytes > kChunk && member.bytes / kPlausible > member.compressed) {
    std::string text;
    for (std::size_t done = 0;;) {
      const auto chunk = static_cast<std::size_t>(
          std::min(kChunk, member.bytes - static_cast<std::int64_t>(done)));
      text.resize(done + chunk);
      const std::size_t got = take(std::as_writable_bytes(std::span(text)).subspan(done));
      done += got;
      if (got == chunk && done < static_cast<std::size_t>(member.bytes)) continue;
      check_end(done);
      return Bytes::from(std::move(text));
    }
  }
  return Bytes::filled(where, member.bytes,
                       [&](std::span<std::byte> room) { check_end(take(room)); });
}

}  // namespace keratin::data
