// A mail server on this machine for tests, without TLS. A real one: tests/interop/services.py.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/data/loopback.h"

namespace keratin::tests {

/// Takes one connection after the other until it goes. Answers to commands may be replaced by others;
/// "" is silence.
class MailServer {
 public:
  explicit MailServer(std::map<std::string, std::string> answers = {})
      : answers_(std::move(answers)) {
    thread_ = std::thread([this] { serve(); });
  }
  ~MailServer() { stop(); }
  /// What was said to it, once it has stopped: commands, and mails as they came.
  const std::vector<std::string>& commands() {
    stop();
    return commands_;
  }
  const std::vector<std::string>& mails() {
    stop();
    return mails_;
  }
  std::string url() const { return "smtp://127.0.0.1:" + std::to_string(listener_.port); }

 private:
  void stop() {
    if (!thread_.joinable()) return;
    shutdown(listener_.socket, SHUT_RDWR);  // wakes accept
    thread_.join();
    close(listener_.socket);
  }
  // The next text up to `end`, or "" where the peer has gone.
  static std::string read_to(int peer, std::string& held, const std::string& end) {
    std::size_t at = 0;
    while ((at = held.find(end)) == std::string::npos) {
      char buffer[4096];
      const ssize_t count = recv(peer, buffer, sizeof(buffer), 0);
      if (count <= 0) return "";
      held.append(buffer, static_cast<std::size_t>(count));
    }
    const std::string text = held.substr(0, at);
    held.erase(0, at + end.size());
    return text;
  }
  void answer(int peer, const std::string& command) const {
    const std::string verb = command.substr(0, 4);
    const auto own = answers_.find(verb);
    std::string text = "250 fine";
    if (verb == "EHLO") text = "250-here\r\n250 AUTH PLAIN";
    if (verb == "AUTH") text = "334 ";  // the next line is who it is
    if (verb == "AGxh") text = "235 known";
    if (verb == "DATA") text = "354 go on";
    if (verb == "QUIT") text = "221 bye";
    if (verb.empty()) text = "220 here";
    if (own != answers_.end()) text = own->second;
    if (text.empty()) return;
    text += "\r\n";
    (void)!::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
  }
  void serve() {
    for (;;) {
      const int peer = accept(listener_.socket, nullptr, nullptr);
      if (peer < 0) return;
      std::string held;
      answer(peer, "");
      for (std::string line; !(line = read_to(peer, held, "\r\n")).empty();) {
        commands_.push_back(line);
        answer(peer, line);
        if (line != "DATA") continue;
        mails_.push_back(read_to(peer, held, "\r\n.\r\n"));
        answer(peer, "sent");
      }
      close(peer);
    }
  }

  std::map<std::string, std::string> answers_;
  std::vector<std::string> commands_, mails_;
  const Listener listener_ = listen_on_loopback();
  std::thread thread_;
};

}  // namespace keratin::tests
