#include "data/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "kernels/error.h"

namespace keratin::data {
namespace {

namespace fs = std::filesystem;

std::string reason() { return std::strerror(errno); }

// The file that is replaced: where a chain of links ends, even if nothing is there.
fs::path followed(fs::path path) {
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(path, error); ++links) {
    const fs::path next = fs::read_symlink(path, error);
    if (error) break;
    path = next.is_absolute() ? next : path.parent_path() / next;
  }
  return path;
}

fs::path folder_of(const fs::path& path) {
  return path.parent_path().empty() ? fs::path(".") : path.parent_path();
}

// 0 or an error number. A file system that cannot sync a folder has nothing to be synced.
int sync_folder(const fs::path& folder) {
  const int number = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (number < 0) return errno == EACCES ? 0 : errno;  // one may write there, but not list it
  const int problem = fsync(number) == 0 ? 0 : errno;
  ::close(number);
  return problem == EINVAL || problem == ENOTSUP || problem == EROFS ? 0 : problem;
}

}  // namespace

AtomicFile::AtomicFile(std::string what, const std::string& path)
    : what_(std::move(what)), path_(path) {
  const fs::path target = followed(path), folder = folder_of(target);
  target_ = target.string();
  if (target.filename().empty()) fail("is not the name of a file");
  struct stat before = {};
  const bool replaces = stat(target_.c_str(), &before) == 0;
  if (replaces) {
    if (S_ISDIR(before.st_mode)) fail("cannot be written: it is a folder; expected a file");
    if (!S_ISREG(before.st_mode))
      fail("cannot be written: it is a device or a pipe; expected a file");
    if (access(target_.c_str(), W_OK) != 0) fail(fmt::format("cannot be written: {}", reason()));
  } else if (errno != ENOENT) {
    fail(fmt::format("cannot be written: {}", reason()));
  }
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    fail(fmt::format("cannot be written: there is no folder {}. Make it first.", folder.string()));
  }
  static std::atomic<int> count = 0;
  // The longest name that most file systems take has 255 bytes.
  const std::string base = target.filename().string().substr(0, 200);
  do {  // another process may have left a file of that name
    part_ = (target.parent_path() / fmt::format("{}.part-{}-{}", base, getpid(), count++)).string();
    file_ = open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (file_ < 0 && errno == EEXIST);
  if (file_ < 0) {
    const std::string text = reason();
    part_.clear();
    fail(fmt::format("cannot be written: no file can be made in {}: {}", folder.string(), text));
  }
  if (replaces && fchmod(file_, before.st_mode & 07777) != 0) {
    const std::string text = reason();
    close();
    fail(fmt::format("its permissions cannot be kept: {}", text));
  }
}

AtomicFile::~AtomicFile() { close(); }

void AtomicFile::close() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  if (!part_.empty()) std::remove(part_.c_str());
  part_.clear();
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  KERATIN_ASSERT(file_ >= 0);
  while (!bytes.empty()) {
    // Linux writes at most 2 GiB at once.
    const ssize_t written =
        ::write(file_, bytes.data(), std::min<std::size_t>(bytes.size(), 1 << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(fmt::format("cannot be written: {}", reason()));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset_ += written;
  }
}

void AtomicFile::seek(std::int64_t offset) {
  KERATIN_ASSERT(file_ >= 0);
  if (lseek(file_, offset, SEEK_SET) < 0) fail(fmt::format("cannot be written: {}", reason()));
  offset_ = offset;
}

void AtomicFile::commit() {
  KERATIN_ASSERT(file_ >= 0);
  if (fsync(file_) != 0 && errno != EINVAL) fail(fmt::format("cannot be written: {}", reason()));
  if (::close(std::exchange(file_, -1)) != 0) fail(fmt::format("cannot be written: {}", reason()));
  if (std::rename(part_.c_str(), target_.c_str()) != 0)
    fail(fmt::format("cannot be written: {} cannot be renamed: {}", part_, reason()));
  part_.clear();
  if (const int problem = sync_folder(folder_of(target_)); problem != 0) {
    fail(fmt::format("is written, but its folder cannot be synced to the disk: {}",
                     std::strerror(problem)));
  }
}

void AtomicFile::fail(const std::string& text) const {
  throw FileError(fmt::format("{}: {}: {}", what_, path_, text));
}

void write_file(const std::string& what, const std::string& path,
                std::span<const std::byte> bytes) {
  AtomicFile file(what, path);
  file.write(bytes);
  file.commit();
}

void write_file(const std::string& what, const std::string& path, std::string_view text) {
  write_file(what, path, std::as_bytes(std::span(text)));
}

}  // namespace keratin::data
