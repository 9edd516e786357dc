#pragma once

#include <string>
#include <vector>

namespace keratin::data {

struct HttpPost {
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
};

/// Sends it, and waits for an answer: 5 seconds for the connection, 10 in all. Returns "" where the
/// server took it, else what went wrong: no connection, or a status of 300 and above.
std::string send(const HttpPost& post);

/// A form of one field, "name=value", as browsers send it: what is not a letter, a digit or one of
/// -._~ becomes %XX, a space +.
std::string form_of(const std::string& name, const std::string& value);

}  // namespace keratin::data
