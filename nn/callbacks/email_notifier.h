#pragma once

#include <string>
#include <vector>

#include "nn/callback.h"

namespace keratin::callbacks {

struct EmailNotifierOptions {
  std::string server = {};           // required: "smtp://host:587", or "smtps://host:465"
  std::string from = {};             // required: "Lab <lab@example.org>", or the address alone
  std::vector<std::string> to = {};  // required: the same
  std::string subject = {};          // not given: the model and how its training ended
  std::string user = {};             // not given: without authentication
  std::string password = {};
  bool starttls = true;      // smtp:// goes on in TLS before anything is told, or not at all
  std::string ca_file = {};  // a certificate to trust; not given: those that the system trusts
  bool curves = true;        // attach the curves as SVG
  double timeout = 30;       // seconds for all of it
};

/// Sends a mail when training ends or fails: what happened, the last results, and the curves of the
/// training as an SVG image. smtp:// servers must offer STARTTLS unless `starttls` is false;
/// smtps:// is TLS from the first byte. A server that cannot be reached, refuses or does not answer
/// in time is warned of, and the result of the training is kept; one that refuses an address gets
/// the mail for none. What is secret stays out of messages and backups, and backups are written
/// first. Throws ValueError for a server that is no smtp address or holds a user, what is no mail
/// address, a subject of several lines, a user or a password without the other, and a timeout that
/// is not above 0; FileError for a ca_file that cannot be read.
///
///     callbacks::EmailNotifier({.server = "smtp://mail.example.org:587",
///                               .from = "lab@example.org",
///                               .to = {"me@example.org"},
///                               .user = "lab",
///                               .password = password});
class EmailNotifier : public CallbackRef {
 public:
  explicit EmailNotifier(const EmailNotifierOptions& options);
};

}  // namespace keratin::callbacks
