#pragma once

#include <string>
#include <vector>

namespace keratin::data {

struct Attachment {
  std::string name, type, content;  // "curves.svg", "image/svg+xml", bytes
};

struct Mail {
  std::string from;
  std::vector<std::string> to;
  std::string subject, text;  // UTF-8
  std::vector<Attachment> attachments = {};
};

struct MailServer {
  std::string url;  // smtp://host:port, or smtps:// for TLS from the first byte
  std::string user = {}, password = {};  // "": without authentication
  bool starttls = true;                  // smtp:// goes on in TLS, or not at all
  std::string ca_file = {};              // whom to trust; "": whom the system trusts
  double timeout = 30;                   // seconds in all
};

/// Sends it. Returns "" where the server took it for all receivers, else what went wrong.
std::string send(const Mail& mail, const MailServer& server);

/// A header's text: as it is where it is ASCII, else as encoded words of RFC 2047.
std::string encoded_header(const std::string& text);

}  // namespace keratin::data
