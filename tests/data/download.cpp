// Downloads from files and from a server on this machine; no network.
#include "data/download.h"

#include "data/sha256.h"
#include "kernels/error.h"
#include "tests/data/files.h"
#include "tests/data/server.h"

namespace keratin::tests {
namespace {

namespace fs = std::filesystem;
using data::download;
using doctest::Contains;

struct Cache {
  TemporaryFolder folder;
  Environment cache = {"KERATIN_CACHE", folder / "cache"};
  Environment direct = {"no_proxy", "127.0.0.1"};

  std::string file(const std::string& bytes) const {  // its URL
    return "file://" + write_file(folder / "origin", bytes);
  }
  std::int64_t files() const {
    std::int64_t count = 0;
    if (!fs::exists(folder / "cache")) return 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder / "cache"))
      count += entry.is_regular_file() ? 1 : 0;
    return count;
  }
};

// Its digest, by another program.
const std::string kText = "keratin\n";
const std::string kSum = "74fc74cdd313fd2abc39ce85d9f4a3ec63609e90cd6614983e2cb77c7c063147";

TEST_CASE("download: into the cache, once") {
  const Cache cache;
  const std::string url = cache.file(kText);
  const std::string path = download({.path = "set/name.gz", .urls = {url}, .sha256 = kSum});
  CHECK(path == (cache.folder / "cache/set/name.gz"));
  CHECK(read_file(path) == kText);
  CHECK(cache.files() == 1);
  fs::remove(cache.folder / "origin");
  CHECK(download({.path = "set/name.gz", .urls = {url}, .sha256 = kSum}) == path);
  CHECK(download({.path = "set/name.gz", .sha256 = kSum}) == path);
}

TEST_CASE("download: a wrong checksum is refused, and nothing stays") {
  const Cache cache;
  const std::string url = cache.file("something else\n");
  const std::string message =
      "download: set/name cannot be had: " + url + ": 15 bytes with SHA-256 " +
      data::sha256_of_file(cache.folder / "origin") + "; expected " + kSum + ". Bring it yourself.";
  CHECK_THROWS_WITH_AS(
      (void)download(
          {.path = "set/name", .urls = {url}, .sha256 = kSum, .advice = "Bring it yourself."}),
      message.c_str(), FileError);
  CHECK(cache.files() == 0);
}

TEST_CASE("download: one address after the other") {
  const Cache cache;
  const std::string missing = "file://" + (cache.folder / "missing");
  const std::string good = cache.file(kText);
  CHECK(read_file(download({.path = "name", .urls = {missing, good}, .sha256 = kSum})) == kText);
  fs::remove_all(cache.folder / "cache");
  CHECK_THROWS_WITH_AS(
      (void)download({.path = "name", .urls = {missing, "ftp://127.0.0.1/x"}, .sha256 = kSum}),
      Contains((missing + ": ").c_str()), FileError);
  CHECK_THROWS_WITH_AS(
      (void)download({.path = "name", .urls = {missing, "ftp://127.0.0.1/x"}, .sha256 = kSum}),
      Contains("; ftp://127.0.0.1/x: "), FileError);
  CHECK(cache.files() == 0);
}

TEST_CASE("download: a damaged file of the cache is fetched again") {
  const Cache cache;
  const std::string url = cache.file(kText);
  const std::string path = download({.path = "name", .urls = {url}, .sha256 = kSum});
  write_file(path, "damaged");
  CHECK(download({.path = "name", .urls = {url}, .sha256 = kSum}) == path);
  CHECK(read_file(path) == kText);
  CHECK(cache.files() == 1);
}

TEST_CASE("download: what is too long is given up") {
  const Cache cache;
  const std::string url = cache.file(kText);
  CHECK_THROWS_WITH_AS(
      (void)download({.path = "name", .urls = {url}, .sha256 = kSum, .max_bytes = 7}),
      Contains("longer than allowed"), FileError);
  CHECK(cache.files() == 0);
  CHECK_NOTHROW((void)download({.path = "name", .urls = {url}, .sha256 = kSum, .max_bytes = 8}));
}

TEST_CASE("download: over HTTP, with a redirection") {
  const Cache cache;
  const Server server({http("302 Found", "Location: /there\r\n" + length(0), ""),
                       http("200 OK", length(kText.size()), kText)});
  CHECK(read_file(download({.path = "name", .urls = {server.url("here")}, .sha256 = kSum})) ==
        kText);
}

struct Answer {
  const char* name;
  std::string text;
  const char* message;
};

TEST_CASE("download: what an HTTP server may do wrong") {
  const Cache cache;
  const std::string secret = cache.file(kText);
  const Answer answers[] = {
      {"an error page of the right content", http("404 Not Found", length(kText.size()), kText),
       "404"},
      {"cut off", http("200 OK", length(100), kText), "bytes remaining to read"},
      {"another file", http("200 OK", length(5), "other"), "5 bytes with SHA-256"},
      {"nothing", "", "mpty reply"},
      {"sends to a local file", http("302 Found", "Location: " + secret + "\r\n" + length(0), ""),
       "rotocol"},
  };
  for (const Answer& answer : answers) {
    CAPTURE(answer.name);
    const Server server({answer.text});
    CHECK_THROWS_WITH_AS(
        (void)download({.path = "name", .urls = {server.url("x")}, .sha256 = kSum}),
        Contains(answer.message), FileError);
    CHECK(cache.files() == 0);
  }
}

TEST_CASE("download: no folder can be made") {
  const TemporaryFolder folder;
  const Environment cache("KERATIN_CACHE", write_file(folder / "file", "") + "/below");
  CHECK_THROWS_WITH_AS((void)download({.path = "a/b", .urls = {"file:///x"}, .sha256 = kSum}),
                       Contains("Set KERATIN_CACHE to another."), FileError);
}

TEST_CASE("download: where the cache is") {
  const Environment home("HOME", "/home/somebody");
  const Environment xdg("XDG_CACHE_HOME", "/var/xdg");
  const Environment own("KERATIN_CACHE", "/var/own");
  CHECK(data::cache_directory() == "/var/own");
  const Environment no_own("KERATIN_CACHE", "");
  CHECK(data::cache_directory() == "/var/xdg/keratin");
  const Environment no_xdg("XDG_CACHE_HOME", {});
  CHECK(data::cache_directory() == "/home/somebody/.cache/keratin");
  const Environment no_home("HOME", {});
  CHECK_THROWS_WITH_AS((void)data::cache_directory(), Contains("Set KERATIN_CACHE to a folder."),
                       FileError);
}

}  // namespace
}  // namespace keratin::tests
