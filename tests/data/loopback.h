// A socket of this machine alone, for the servers that tests start.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

namespace keratin::tests {

struct Listener {
  int socket = -1;
  int port = 0;  // which the system chose
};

/// Listens on 127.0.0.1. Who takes it closes the socket.
inline Listener listen_on_loopback() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(listener >= 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  REQUIRE(bind(listener, any, size) == 0);
  REQUIRE(listen(listener, 8) == 0);
  REQUIRE(getsockname(listener, any, &size) == 0);
  return {listener, ntohs(address.sin_port)};
}

}  // namespace keratin::tests
