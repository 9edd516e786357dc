#include "data/byte_reader.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

#include "kernels/error.h"

namespace keratin::data {
namespace {

// Deflate codes at best 258 bytes in 2 bits.
constexpr std::int64_t kMostInflated = 1032;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

struct ByteReader::State {
  std::string what, path;
  std::unique_ptr<std::FILE, FileCloser> file;
  std::int64_t file_bytes = -1;  // -1: unknown
  bool compressed = false, member_done = false, inflating = false;
  z_stream stream = {};
  std::array<unsigned char, 65536> buffer;

  // Refills the buffer if it is empty; false at the end of the file.
  bool fill(const ByteReader& reader) {
    if (stream.avail_in != 0) return true;
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (count < buffer.size() && std::ferror(file.get()) != 0)
      reader.fail(fmt::format("cannot be read: {}", std::strerror(errno)));
    stream.next_in = buffer.data();
    stream.avail_in = static_cast<uInt>(count);
    return count != 0;
  }
};

ByteReader::ByteReader(std::string what, const std::string& path)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.what = std::move(what);
  s.path = path;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) fail("there is no such file");
  if (std::filesystem::is_directory(status)) fail("is a folder; expected a file");
  s.file.reset(std::fopen(path.c_str(), "rb"));
  if (s.file == nullptr) fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  if (std::filesystem::is_regular_file(status)) {
    const auto size = std::filesystem::file_size(path, error);
    if (!error) s.file_bytes = static_cast<std::int64_t>(size);
  }
  s.fill(*this);
  s.compressed = s.stream.avail_in >= 2 && s.buffer[0] == 0x1f && s.buffer[1] == 0x8b;
  if (s.compressed) {
    if (inflateInit2(&s.stream, 15 + 16) != Z_OK) fail("zlib could not be started");  // 16: gzip
    s.inflating = true;
  }
}

ByteReader::~ByteReader() {
  if (state_->inflating) inflateEnd(&state_->stream);
}

std::size_t ByteReader::read(std::span<std::byte> bytes) {
  State& s = *state_;
  std::size_t done = 0;
  while (done < bytes.size()) {
    if (!s.fill(*this)) {
      if (s.compressed && !s.member_done) fail("truncated: the file ends within its gzip data");
      break;
    }
    if (!s.compressed) {
      const std::size_t count = std::min<std::size_t>(s.stream.avail_in, bytes.size() - done);
      std::memcpy(bytes.data() + done, s.stream.next_in, count);
      s.stream.next_in += count;
      s.stream.avail_in -= static_cast<uInt>(count);
      done += count;
      continue;
    }
    if (s.member_done) {  // gzip files may be joined end to end
      if (inflateReset(&s.stream) != Z_OK) fail("zlib could not be started");
      s.member_done = false;
    }
    const std::size_t room =
        std::min<std::size_t>(bytes.size() - done, std::numeric_limits<uInt>::max());
    s.stream.next_out = reinterpret_cast<unsigned char*>(bytes.data() + done);
    s.stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&s.stream, Z_NO_FLUSH);
    done += room - s.stream.avail_out;
    if (result == Z_STREAM_END) {
      s.member_done = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      fail(fmt::format("broken gzip data: {}", s.stream.msg != nullptr ? s.stream.msg : "unknown"));
    }
  }
  return done;
}

std::int64_t ByteReader::most() const {
  const State& s = *state_;
  if (s.file_bytes < 0) return std::numeric_limits<std::int64_t>::max();
  return s.compressed ? s.file_bytes * kMostInflated : s.file_bytes;
}

bool ByteReader::compressed() const { return state_->compressed; }

void ByteReader::fail(const std::string& text) const {
  throw FileError(fmt::format("{}: {}: {}", state_->what, state_->path, text));
}

}  // namespace keratin::data
