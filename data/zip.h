#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/bytes.h"

namespace keratin::data {

/// What a reader of archives takes.
struct ZipLimits {
  std::int64_t max_members = 100000;
  std::int64_t max_member_bytes = std::int64_t{1} << 36;  // inflated
  /// A member that is longer than the first may be at most so many times its compressed size.
  std::int64_t max_ratio_above_bytes = std::int64_t{1} << 28;
  std::int64_t max_ratio = 100;
};

struct ZipMember {
  std::string name = {};
  std::int64_t bytes = 0;       // inflated
  std::int64_t compressed = 0;  // in the archive
  bool deflated = false;        // or stored
};

/// Reads a ZIP archive: members stored or deflated, ZIP64 too. It writes no files, so that a name
/// leads nowhere.
///
/// The constructors refuse, before anything is inflated: what is no archive or a truncated one, two
/// directories, a directory that local headers contradict, members that overlap, duplicate names,
/// names that are absolute or hold "..", "\", a drive letter or control characters, links,
/// encryption, other compression methods, sizes beyond the limits or beyond what deflate can reach.
/// read() refuses data that are longer or shorter than the directory says, and a wrong CRC-32.
/// All throw FileError, "what: path: member: text".
///
/// Source: PKWARE, APPNOTE.TXT 6.3.10.
class ZipReader {
 public:
  ZipReader(std::string what, const std::string& path, ZipLimits limits = {});
  /// `path` is what messages call it.
  ZipReader(std::string what, std::string path, Bytes archive, ZipLimits limits = {});
  ~ZipReader();
  ZipReader(ZipReader&&) noexcept;
  ZipReader& operator=(ZipReader&&) noexcept;

  /// In the order of the archive's directory; entries of folders are left out.
  const std::vector<ZipMember>& members() const;
  std::vector<std::string> names() const;
  bool contains(std::string_view name) const;
  /// Throws FileError that lists the names there are.
  std::int64_t size(std::string_view name) const;
  /// The bytes of a member. Throws FileError if there is none of this name, it is longer than
  /// `max_bytes`, or broken. Several threads may call it.
  Bytes read(std::string_view name, std::int64_t max_bytes = std::int64_t{1} << 40) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct ZipAddOptions {
  bool deflate = false;
};

/// Writes a ZIP archive: the same members give the same bytes. All are dated 1980-01-01 and have
/// the permissions 0600, as those that Python streams into an archive.
class ZipWriter {
 public:
  /// Throws FileError, as AtomicFile does.
  ZipWriter(std::string what, const std::string& path);
  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  /// Throws ValueError for a name that ZipReader would refuse, or that is there already.
  void add(const std::string& name, Bytes bytes, ZipAddOptions options = {});
  /// One member of several pieces, end to end: a header and the elements of a tensor, say.
  void add(const std::string& name, std::vector<Bytes> pieces, ZipAddOptions options = {});
  /// Writes the archive, which is there from now on, whole. Throws FileError; without finish()
  /// nothing changes.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace keratin::data
