#include "data/http_post.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cctype>
#include <memory>

#include "data/curl.h"

namespace keratin::data {
namespace {

// What servers answer is not read.
std::size_t drop(char*, std::size_t, std::size_t count, void*) { return count; }

std::string encoded(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      result += c;
    } else if (c == ' ') {
      result += '+';
    } else {
      result += fmt::format("%{:02X}", byte);
    }
  }
  return result;
}

}  // namespace

std::string form_of(const std::string& name, const std::string& value) {
  return encoded(name) + "=" + encoded(value);
}

std::string send(const HttpPost& post) {
  const Curl curl = new_curl();
  if (curl == nullptr) return "libcurl could not be started";
  using List = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;
  List headers(nullptr, curl_slist_free_all);
  // Without it curl waits for a go-ahead before it sends more than a kilobyte.
  curl_slist* all = curl_slist_append(nullptr, "Expect:");
  for (const std::string& header : post.headers) all = curl_slist_append(all, header.c_str());
  headers.reset(all);
  char text[CURL_ERROR_SIZE] = "";
  CURL* c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, post.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  curl_easy_setopt(c, CURLOPT_POSTFIELDS, post.body.data());
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 5L);  // seconds
  curl_easy_setopt(c, CURLOPT_TIMEOUT, 10L);
  const CURLcode code = curl_easy_perform(c);
  if (code != CURLE_OK) return text[0] != '\0' ? text : curl_easy_strerror(code);
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  return status >= 300 ? fmt::format("the server answered {}", status) : "";
}

}  // namespace keratin::data
