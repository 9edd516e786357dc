#include "data/download.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "data/sha256.h"
#include "kernels/error.h"

namespace keratin::data {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A file that is being written: removed unless it is kept.
class PartialFile {
 public:
  explicit PartialFile(const fs::path& target) : target_(target) {
    static std::atomic<int> count = 0;
    path_ = fmt::format("{}.part-{}-{}", target.string(), getpid(), count++);
    file_ = std::fopen(path_.c_str(), "wb");
    if (file_ == nullptr)
      throw FileError(
          fmt::format("download: {}: cannot be written: {}", path_, std::strerror(errno)));
  }
  PartialFile(const PartialFile&) = delete;
  ~PartialFile() {
    if (file_ != nullptr) std::fclose(file_);
    if (!path_.empty()) std::remove(path_.c_str());
  }

  bool write(std::span<const std::byte> bytes) {
    sum_.update(bytes);
    bytes_ += static_cast<std::int64_t>(bytes.size());
    return std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
  }
  std::int64_t bytes() const { return bytes_; }
  std::string sha256() { return sum_.hex(); }
  void keep() {
    if (std::fclose(std::exchange(file_, nullptr)) != 0)
      throw FileError(
          fmt::format("download: {}: cannot be written: {}", path_, std::strerror(errno)));
    std::error_code error;
    fs::rename(path_, target_, error);
    if (error) {
      throw FileError(fmt::format("download: {}: cannot be renamed to {}: {}", path_,
                                  target_.string(), error.message()));
    }
    path_.clear();
  }

 private:
  fs::path target_;
  std::string path_;
  std::FILE* file_ = nullptr;
  Sha256 sum_;
  std::int64_t bytes_ = 0;
};

struct Transfer {
  PartialFile& file;
  std::int64_t max_bytes;
  const char* problem = nullptr;
};

// Called by curl; it gives up unless all bytes are taken.
std::size_t take_bytes(char* bytes, std::size_t size, std::size_t count, void* data) {
  auto& transfer = *static_cast<Transfer*>(data);
  if (transfer.file.bytes() + static_cast<std::int64_t>(size * count) > transfer.max_bytes) {
    transfer.problem = "longer than allowed";
    return 0;
  }
  if (!transfer.file.write({reinterpret_cast<const std::byte*>(bytes), size * count})) {
    transfer.problem = "the disk cannot be written";
    return 0;
  }
  return count;
}

// "" or what went wrong.
std::string fetch(const std::string& url, Transfer& transfer) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
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
  if (transfer.problem != nullptr) return transfer.problem;
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
    PartialFile file(target);
    Transfer transfer{file, options.max_bytes};
    std::string problem = fetch(url, transfer);
    if (problem.empty()) {
      const std::string sum = file.sha256();
      if (sum == options.sha256) {
        file.keep();
        return target.string();
      }
      problem =
          fmt::format("{} bytes with SHA-256 {}; expected {}", file.bytes(), sum, options.sha256);
    }
    problems += fmt::format("{}{}: {}", problems.empty() ? "" : "; ", url, problem);
  }
  throw FileError(fmt::format("download: {} cannot be had: {}.{}{}", options.path, problems,
                              options.advice.empty() ? "" : " ", options.advice));
}

}  // namespace keratin::data
