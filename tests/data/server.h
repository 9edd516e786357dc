// A server on this machine for tests, and the environment that its clients see.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/data/loopback.h"

namespace keratin::tests {

/// Another value of a variable of the environment (none: it is not set), as long as it lives.
class Environment {
 public:
  Environment(const char* name, std::optional<std::string> value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Environment() { set(before_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const std::optional<std::string>& value) const {
    if (value) {
      setenv(name_, value->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  const char* name_;
  std::optional<std::string> before_;
};

/// Answers one request after the other with these texts, then goes. A text of "" is no answer.
class Server {
 public:
  explicit Server(std::vector<std::string> answers) : answers_(std::move(answers)) {
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    shutdown(listener_.socket, SHUT_RDWR);  // wakes accept
    thread_.join();
    close(listener_.socket);
  }
  /// What was asked: head and body of each request. To be read when its client has its answer.
  const std::vector<std::string>& requests() const { return requests_; }
  std::string root() const { return "http://127.0.0.1:" + std::to_string(listener_.port); }
  std::string url(const std::string& path) const { return root() + "/" + path; }

 private:
  // Is all of it there, a body of the length that it says included?
  static bool whole(const std::string& request) {
    const std::size_t head = request.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::size_t said = request.find("Content-Length: ");
    const std::size_t body = said < head ? std::stoul(request.substr(said + 16)) : 0;
    return request.size() >= head + 4 + body;
  }

  void serve() {
    for (const std::string& answer : answers_) {
      const int peer = accept(listener_.socket, nullptr, nullptr);
      if (peer < 0) return;
      std::string request;
      char buffer[1024];
      while (!whole(request)) {
        const ssize_t count = recv(peer, buffer, sizeof(buffer), 0);
        if (count <= 0) break;
        request.append(buffer, static_cast<std::size_t>(count));
      }
      requests_.push_back(request);
      std::size_t sent = 0;
      while (sent < answer.size()) {
        const ssize_t count = send(peer, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) break;
        sent += static_cast<std::size_t>(count);
      }
      close(peer);
    }
  }

  std::vector<std::string> answers_, requests_;
  const Listener listener_ = listen_on_loopback();
  std::thread thread_;
};

inline std::string http(const std::string& status, const std::string& headers,
                        const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + headers + "\r\n" + body;
}
inline std::string length(std::size_t bytes) {
  return "Content-Length: " + std::to_string(bytes) + "\r\n";
}

}  // namespace keratin::tests
