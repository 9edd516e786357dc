#include "data/csv/source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "data/byte_reader.h"
#include "data/bytes.h"
#include "kernels/error.h"

namespace keratin::data::detail {

char* CsvBuffer::of(std::size_t bytes) {
  if (room_ == nullptr || bytes > size_) {
    room_.reset(new char[bytes + kCsvPadding]);
    size_ = bytes;
  }
  return room_.get();
}

CsvSource::CsvSource(const char* what, const std::string& path)
    : where_(fmt::format("{}: {}", what, path)) {
  require_file(where_, path);
  {
    ByteReader reader(what, path);
    if (reader.compressed()) {
      constexpr std::size_t kPiece = std::size_t{1} << 22;
      for (std::size_t got = kPiece; got == kPiece;) {
        const std::size_t before = inflated_.size();
        inflated_.resize(before + kPiece);
        got = reader.read(std::as_writable_bytes(std::span(inflated_).subspan(before)));
        inflated_.resize(before + got);
      }
      size_ = static_cast<std::int64_t>(inflated_.size());
      inflated_.resize(inflated_.size() + kCsvPadding);
      return;
    }
  }
  struct stat status = {};
  file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0 || fstat(file_, &status) != 0)
    fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  size_ = static_cast<std::int64_t>(status.st_size);
}

CsvSource::~CsvSource() {
  if (file_ >= 0) close(file_);
}

std::string_view CsvSource::view(std::int64_t first, std::int64_t count, CsvBuffer& buffer) const {
  const auto bytes = static_cast<std::size_t>(count);
  if (file_ < 0) return {inflated_.data() + first, bytes};
  char* room = buffer.of(bytes);
  for (std::int64_t done = 0; done < count;) {
    const ssize_t got = pread(
        file_, room + done, static_cast<std::size_t>(std::min<std::int64_t>(count - done, 1 << 30)),
        first + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(fmt::format("cannot be read: {}", std::strerror(errno)));
    if (got == 0) fail("became shorter while it was read");
    done += got;
  }
  std::memset(room + bytes, 0, kCsvPadding);
  return {room, bytes};
}

void CsvSource::fail(const std::string& text) const {
  throw FileError(fmt::format("{}: {}", where_, text));
}

}  // namespace keratin::data::detail
