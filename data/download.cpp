#include "data/download.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>

#include "data/atomic_file.h"
#include "data/curl.h"
#include "data/sha256.h"
#include "kernels/error.h"

namespace keratin::data {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct Transfer {
  AtomicFile& file;
  std::int64_t max_bytes;
  Sha256 sum = {};
  std::string problem = {};
};

// Called by curl; it gives up unless all bytes are taken.
std::size_t take_bytes(char* bytes, std::size_t size, std::size_t count, void* data) {
  auto& transfer = *static_cast<Transfer*>(data);
  const std::span<const std::byte> taken(reinterpret_cast<const std::byte*>(bytes), size * count);
  if (transfer.file.tell() + static_cast<std::int64_t>(taken.size()) > transfer.max_bytes) {
    transfer.problem = "longer than allowed";
    return 0;
  }
  try {
    transfer.file.write(taken);
  } catch (const FileError& error) {  // curl is no place to throw through
    transfer.problem = error.what();
    return 0;
  }
  transfer.sum.update(taken);
  return count;
}

// "" or what went wrong.
std::string fetch(const std::string& url, Transfer& transfer) {
  const Curl curl = new_curl();
  if (curl == nullptr) return "libcurl could not be started";
  char text[CURL_ERROR_SIZE] = "";
  CURL* c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(c, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,file");
  curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);  // for HTTP 400 and above
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 15L);    // seconds
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 100L);  // bytes a second ...
  curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, 30L);    // ... for so many seconds
  const CURLcode code = curl_easy_perform(c);
  if (code == CURLE_OK) return "";
  if (!transfer.problem.empty()) return transfer.problem;
  return text[0] != '\0' ? text : curl_easy_strerror(code);
}

}  // namespace

std::string cache_directory() {
  if (const std::string own = environment("KERATIN_CACHE"); !own.empty()) return own;
  if (const std::string xdg = environment("XDG_CACHE_HOME"); !xdg.empty())
    return (fs::path(xdg) / "keratin").string();
  if (const std::string home = environment("HOME"); !home.empty())
    return (fs::path(home) / ".cache" / "keratin").string();
  throw FileError(
      "download: no place for a cache: KERATIN_CACHE, XDG_CACHE_HOME and HOME are not set. Set "
      "KERATIN_CACHE to a folder.");
}

std::string download(const DownloadOptions& options) {
  const fs::path target = fs::path(cache_directory()) / options.path;
  std::error_code error;
  if (fs::is_regular_file(target, error) && sha256_of_file(target.string()) == options.sha256)
    return target.string();
  fs::create_directories(target.parent_path(), error);
  if (error) {
    throw FileError(
        fmt::format("download: {}: the folder cannot be made: {}. Set KERATIN_CACHE to another.",
                    target.parent_path().string(), error.message()));
  }
  std::string problems;
  for (const std::string& url : options.urls) {
    fmt::print(stderr, "Downloading {}\n", url);
    AtomicFile file("download", target.string());
    Transfer transfer{file, options.max_bytes};
    std::string problem = fetch(url, transfer);
    if (problem.empty()) {
      const std::string sum = transfer.sum.hex();
      if (sum == options.sha256) {
        file.commit();
        return target.string();
      }
      problem =
          fmt::format("{} bytes with SHA-256 {}; expected {}", file.tell(), sum, options.sha256);
    }
    problems += fmt::format("{}{}: {}", problems.empty() ? "" : "; ", url, problem);
  }
  throw FileError(fmt::format("download: {} cannot be had: {}.{}{}", options.path, problems,
                              options.advice.empty() ? "" : " ", options.advice));
}

}  // namespace keratin::data
