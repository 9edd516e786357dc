#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "data/directories/dataset_from_directory.h"
#include "kernels/error.h"

namespace keratin::data::detail {

std::span<const std::byte> read_whole_file(const std::string& path, const std::string& where,
                                           std::vector<std::byte>& room) {
  struct Descriptor {
    int number;
    ~Descriptor() {
      if (number >= 0) close(number);
    }
  };
  const auto fail = [&](const char* text) {
    if (errno == ENOENT) throw FileError(where + ": there is no such file");
    throw FileError(fmt::format("{}: {}: {}", where, text, std::strerror(errno)));
  };
  // A pipe would else wait for who writes to it.
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status = {};
  if (file.number < 0 || fstat(file.number, &status) != 0) fail("cannot be opened");
  if (!S_ISREG(status.st_mode)) throw FileError(where + ": is no regular file; expected one");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (room.size() < size) room.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = read(file.number, room.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot be read");
    if (got == 0) throw FileError(where + ": became shorter while it was read");
    done += static_cast<std::size_t>(got);
  }
  return std::span(room).first(size);
}

}  // namespace keratin::data::detail
