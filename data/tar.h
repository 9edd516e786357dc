#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/bytes.h"

namespace keratin::data {

/// Members of a tar archive, plain or compressed by gzip, by the last part of their names. It is
/// read from front to back, and no file is written. Throws FileError, "what: path: text", for what
/// is no tar archive, truncated, a wanted member that is missing, twice there or longer than
/// `max_bytes`.
/// Source: POSIX.1-1988, ustar.
std::map<std::string, Bytes> read_tar(const std::string& what, const std::string& path,
                                      const std::vector<std::string>& wanted,
                                      std::int64_t max_bytes);

}  // namespace keratin::data
