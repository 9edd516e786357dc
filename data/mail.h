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

/// Is it "address@host", or "Name <address@host>", in one line? Addresses are ASCII.
bool is_mailbox(const std::string& text);

/// Sends it: `from` and `to` are mailboxes, the subject is one line. Returns "" where the server
/// took it for all receivers, else what went wrong, and what the server said.
std::string send(const Mail& mail, const MailServer& server);

/// A header's text: as it is where it is ASCII and short, else as encoded words of RFC 2047.
std::string encoded_header(const std::string& text);

}  // namespace keratin::data
