#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace keratin::data {

/// Where downloads are kept: KERATIN_CACHE, else $XDG_CACHE_HOME/keratin, else ~/.cache/keratin.
/// Throws FileError if none of the three variables is set.
std::string cache_directory();

struct DownloadOptions {
  std::string path = {};               // in the cache, such as "mnist/train-labels-idx1-ubyte.gz"
  std::vector<std::string> urls = {};  // tried one after the other: http, https or file
  std::string sha256 = {};             // 64 hexadecimal digits, lower case
  std::string advice = {};             // ends the message where no address serves
  std::int64_t max_bytes = 1LL << 30;  // what is longer is given up
};

/// A file of the cache, downloaded unless it is there with the right checksum. It appears there
/// whole or not at all. Returns its path. Throws FileError that lists what went wrong at each
/// address.
std::string download(const DownloadOptions& options);

}  // namespace keratin::data
