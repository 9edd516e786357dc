#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <unordered_set>
#include <utility>

#include "data/atomic_file.h"
#include "data/zip.h"
#include "data/zip_directory.h"
#include "kernels/error.h"

namespace keratin::data {
namespace {

struct Member {
  std::string name;
  std::vector<Bytes> pieces;
  bool deflate = false;
};

// Where libzip writes to: a source of its own kind, of which it only writes.
struct Sink {
  AtomicFile* file;
  std::int64_t size = 0;
  std::exception_ptr thrown = {};  // C is no place to throw through
  zip_error_t error = {};

  zip_int64_t call(void* data, zip_uint64_t length, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(
            ZIP_SOURCE_SUPPORTS, ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
            ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
            ZIP_SOURCE_BEGIN_WRITE, ZIP_SOURCE_COMMIT_WRITE, ZIP_SOURCE_ROLLBACK_WRITE,
            ZIP_SOURCE_SEEK_WRITE, ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_REMOVE, -1);
      case ZIP_SOURCE_STAT:
        zip_error_set(&error, ZIP_ER_READ, ENOENT);  // a new archive
        return -1;
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&error, data, length);
      case ZIP_SOURCE_WRITE:
        file->write({static_cast<const std::byte*>(data), length});
        size = std::max(size, file->tell());
        return static_cast<zip_int64_t>(length);
      case ZIP_SOURCE_SEEK_WRITE: {
        const zip_int64_t place =
            zip_source_seek_compute_offset(static_cast<zip_uint64_t>(file->tell()),
                                           static_cast<zip_uint64_t>(size), data, length, &error);
        if (place < 0) return -1;
        file->seek(place);
        return 0;
      }
      case ZIP_SOURCE_TELL_WRITE:
        return file->tell();
      case ZIP_SOURCE_BEGIN_WRITE:
      case ZIP_SOURCE_COMMIT_WRITE:  // finish() does
      case ZIP_SOURCE_ROLLBACK_WRITE:
      case ZIP_SOURCE_REMOVE:
      case ZIP_SOURCE_FREE:
        return 0;
      default:
        zip_error_set(&error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
  }
};

zip_int64_t call_sink(void* sink_data, void* data, zip_uint64_t length, zip_source_cmd_t command) {
  Sink& sink = *static_cast<Sink*>(sink_data);
  try {
    return sink.call(data, length, command);
  } catch (...) {
    sink.thrown = std::current_exception();
    zip_error_set(&sink.error, ZIP_ER_WRITE, EIO);
    return -1;
  }
}

}  // namespace

struct ZipWriter::State {
  std::string what, path;
  AtomicFile file;
  std::vector<Member> members;
  std::unordered_set<std::string> names;
  bool finished = false;

  State(std::string op, const std::string& to) : what(std::move(op)), path(to), file(what, path) {}

  [[noreturn]] void fail(const std::string& text) const {
    throw FileError(fmt::format("{}: {}: cannot be written: {}", what, path, text));
  }

  void add(zip_t* archive, const Member& member) const {
    constexpr std::uint32_t kPermissions = 0600u << 16;
    constexpr std::uint16_t kDate = (0 << 9) | (1 << 5) | 1;  // 1980-01-01, in MS-DOS' form
    std::vector<zip_buffer_fragment_t> fragments;
    for (const Bytes& piece : member.pieces) {
      if (piece.size() == 0) continue;
      auto* data = reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(piece.data()));
      fragments.push_back({data, static_cast<zip_uint64_t>(piece.size())});
    }
    zip_source_t* source =
        zip_source_buffer_fragment(archive, fragments.data(), fragments.size(), 0);
    if (source == nullptr) fail(zip_strerror(archive));
    const zip_int64_t index = zip_file_add(archive, member.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      fail(fmt::format("{}: {}", member.name, zip_strerror(archive)));
    }
    const auto i = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(archive, i, member.deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 6) !=
            0 ||
        zip_file_set_dostime(archive, i, 0, kDate, 0) != 0 ||
        zip_file_set_external_attributes(archive, i, 0, ZIP_OPSYS_UNIX, kPermissions) != 0)
      fail(fmt::format("{}: {}", member.name, zip_strerror(archive)));
  }
};

ZipWriter::ZipWriter(std::string what, const std::string& path)
    : state_(std::make_unique<State>(std::move(what), path)) {}
ZipWriter::~ZipWriter() = default;

void ZipWriter::add(const std::string& name, Bytes bytes, ZipAddOptions options) {
  add(name, std::vector<Bytes>{std::move(bytes)}, options);
}

void ZipWriter::add(const std::string& name, std::vector<Bytes> pieces, ZipAddOptions options) {
  State& s = *state_;
  KERATIN_ASSERT(!s.finished);
  const std::string problem = detail::zip_name_problem(name);
  if (!problem.empty() || name.back() == '/') {
    throw ValueError(
        fmt::format("{}: {}: a member's name {}", s.what, s.path,
                    problem.empty() ? fmt::format("\"{}\" is that of a folder", name) : problem));
  }
  if (!s.names.insert(name).second) {
    throw ValueError(fmt::format("{}: {}: there is a member \"{}\" already", s.what, s.path, name));
  }
  s.members.push_back({name, std::move(pieces), options.deflate});
}

void ZipWriter::finish() {
  State& s = *state_;
  KERATIN_ASSERT(!s.finished);
  if (s.members.empty()) {
    s.file.write(std::string_view("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22));  // the end
    s.file.commit();
    s.finished = true;
    return;
  }
  Sink sink{&s.file};
  zip_error_init(&sink.error);
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_function_create(call_sink, &sink, &error);
  if (source == nullptr) s.fail(zip_error_strerror(&error));
  zip_t* archive = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &error);
  if (archive == nullptr) {
    const std::string text = zip_error_strerror(&error);
    zip_source_free(source);
    s.fail(text);
  }
  try {
    for (const Member& member : s.members) s.add(archive, member);
    if (zip_close(archive) != 0) {
      if (sink.thrown != nullptr) std::rethrow_exception(sink.thrown);
      s.fail(zip_strerror(archive));
    }
  } catch (...) {
    zip_discard(archive);
    throw;
  }
  s.file.commit();
  s.finished = true;
}

}  // namespace keratin::data
