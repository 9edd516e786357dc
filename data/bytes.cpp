#include "data/bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "kernels/error.h"

namespace keratin::data {
namespace {

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

}  // namespace

Bytes Bytes::filled(const std::string& what, std::int64_t size,
                    kernels::FunctionRef<void(std::span<std::byte>)> fill) {
  const auto count = static_cast<std::size_t>(size);
  const std::shared_ptr<std::byte[]> owner(new (std::nothrow) std::byte[count]);
  if (owner == nullptr) throw FileError(fmt::format("{}: no memory for {} bytes", what, size));
  fill({owner.get(), count});
  return view(owner, {owner.get(), count});
}

Bytes Bytes::copy_of(std::span<const std::byte> bytes) {
  return from({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Bytes Bytes::from(std::string text) {
  const auto owner = std::make_shared<const std::string>(std::move(text));
  return view(owner, std::as_bytes(std::span(*owner)));
}

Bytes Bytes::of(const Tensor& x) {
  if (x.dtype() == string)
    throw DTypeError("Bytes: a tensor of strings has no bytes; expected numbers");
  const auto owner = std::make_shared<const Tensor>(x);
  return view(owner, {static_cast<const std::byte*>(x.raw()), static_cast<std::size_t>(x.bytes())});
}

Bytes Bytes::view(std::shared_ptr<const void> owner, std::span<const std::byte> bytes) {
  Bytes result;
  result.owner_ = std::move(owner);
  result.bytes_ = bytes;
  return result;
}

Bytes Bytes::slice(std::int64_t first, std::int64_t count) const {
  KERATIN_ASSERT(first >= 0 && count >= 0 && first <= size() && count <= size() - first);
  return view(owner_,
              bytes_.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
}

void require_file(const std::string& where, const std::string& path) {
  const auto fail = [&](const std::string& text) {
    throw FileError(fmt::format("{}: {}", where, text));
  };
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    fail(errno == ENOENT ? "there is no such file"
                         : fmt::format("cannot be read: {}", std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) fail("is a folder; expected a file");
  if (!S_ISREG(status.st_mode)) fail("is a device or a pipe; expected a file");
}

Bytes read_file(const std::string& what, const std::string& path, std::int64_t max_bytes) {
  const auto fail = [&](const std::string& text) {
    throw FileError(fmt::format("{}: {}: {}", what, path, text));
  };
  require_file(fmt::format("{}: {}", what, path), path);
  struct stat status = {};
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0 || fstat(file.number, &status) != 0)
    fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  const auto size = static_cast<std::int64_t>(status.st_size);
  if (size > max_bytes)
    fail(fmt::format("too long: it holds {} bytes; expected at most {}", size, max_bytes));
  return Bytes::filled(fmt::format("{}: {}", what, path), size, [&](std::span<std::byte> room) {
    while (!room.empty()) {
      const ssize_t got =
          read(file.number, room.data(), std::min<std::size_t>(room.size(), 1 << 30));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(fmt::format("cannot be read: {}", std::strerror(errno)));
      if (got == 0) fail("became shorter while it was read");
      room = room.subspan(static_cast<std::size_t>(got));
    }
  });
}

}  // namespace keratin::data
