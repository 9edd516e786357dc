#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace keratin::data {

/// A file that appears whole or not at all: it is written beside its target under another name,
/// and renamed by commit(). What was there before stays until then, and for good where commit() is
/// not reached. A target that is a link is followed; the permissions of an existing file are kept.
///
///     AtomicFile file("save", "model.keras");
///     file.write(bytes);
///     file.commit();
///
/// Every function throws FileError, "what: path: text", where the system refuses: no such folder,
/// not writable, the disk is full.
class AtomicFile {
 public:
  AtomicFile(std::string what, const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// At the current place, which moves on.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// The next write goes there, `offset` bytes from the front.
  void seek(std::int64_t offset);
  std::int64_t tell() const { return offset_; }
  /// Syncs the file to the disk, renames it, syncs its folder. Nothing can be written after it.
  void commit();

 private:
  [[noreturn]] void fail(const std::string& text) const;
  void close();

  std::string what_, path_;    // as given
  std::string target_, part_;  // what is replaced; what is written, "" when renamed
  int file_ = -1;
  std::int64_t offset_ = 0;
};

/// The same in one call.
void write_file(const std::string& what, const std::string& path, std::span<const std::byte> bytes);
void write_file(const std::string& what, const std::string& path, std::string_view text);

}  // namespace keratin::data
