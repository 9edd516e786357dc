#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/zip.h"
#include "kernels/function_ref.h"

namespace keratin::data::detail {

/// An archive to read anywhere in: `read` fills all of its bytes from an offset, which are there.
struct ZipBytes {
  std::int64_t size = 0;
  kernels::FunctionRef<void(std::int64_t offset, std::span<std::byte> room)> read;
};

struct ZipEntry {
  ZipMember member;
  std::int64_t offset = 0;  // of its local header
  std::uint32_t crc = 0;
  bool folder = false;
};

/// The directory at the end of an archive, checked as ZipReader promises, but for what only the
/// data can tell. libzip gives neither the places of members nor names with zeros in them, and
/// believes how many there are before it looks. Throws FileError; `where` begins the messages.
std::vector<ZipEntry> read_zip_directory(const std::string& where, const ZipBytes& archive,
                                         const ZipLimits& limits);

/// "" or what is wrong with the name of a member.
std::string zip_name_problem(std::string_view name);

}  // namespace keratin::data::detail
