// libcurl, started once.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <mutex>

namespace keratin::data {

using Curl = std::unique_ptr<CURL, void (*)(CURL*)>;

/// A transfer to be set up; null where libcurl could not be started.
inline Curl new_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  return {curl_easy_init(), curl_easy_cleanup};
}

}  // namespace keratin::data
