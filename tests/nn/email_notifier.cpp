// EmailNotifier and the mails that it sends. With TLS and a real server: tests/interop/services.py.
#include <string>
#include <vector>

#include "data/mail.h"
#include "keratin.h"
#include "tests/data/files.h"
#include "tests/data/mail_server.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using callbacks::EmailNotifier;
using callbacks::EmailNotifierOptions;
using doctest::Contains;

const Tensor kX = Tensor::numbers({1, 2, 3, 4, 5, 6, 7, 8}, {4, 2});
const Tensor kY = Tensor::numbers({0.1, 0.2, 0.3, 0.4}, {4, 1});

EmailNotifierOptions plain(const std::string& url) {
  return {.server = url,
          .from = "Lab <lab@example.org>",
          .to = {"me@example.org", "You <you@example.org>"},
          .starttls = false,
          .timeout = 20};
}

History fit(const EmailNotifierOptions& options, const std::vector<CallbackRef>& others = {}) {
  Sequential model({Input({.shape = {2}}), layers::Dense({.units = 1})}, "worker");
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 1e-4}), .loss = "mse"});
  std::vector<CallbackRef> all{EmailNotifier(options)};
  all.insert(all.end(), others.begin(), others.end());
  return model.fit(kX, kY, {.batch_size = 2, .epochs = 3, .verbose = 0, .callbacks = all});
}

// Without the line ends that quoted-printable puts in.
std::string unwrapped(std::string text) {
  for (std::size_t at; (at = text.find("=\r\n")) != std::string::npos;) text.erase(at, 3);
  return text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("EmailNotifier: a mail at the end, with results and curves") {
  MailServer server;
  EmailNotifierOptions options = plain(server.url());
  options.user = "lab";
  options.password = "s3cret";
  const History history = fit(options);
  REQUIRE(server.mails().size() == 1);
  const std::string mail = unwrapped(server.mails()[0]);
  CAPTURE(mail);
  CHECK(has(mail, "From: Lab <lab@example.org>\r\n"));
  CHECK(has(mail, "To: me@example.org, You <you@example.org>\r\n"));
  CHECK(has(mail, "Subject: Training of Sequential \"worker\" ended\r\n"));
  CHECK(has(mail, "Date: "));
  CHECK(has(mail, "after 3 of 3 epochs, 0:00:0"));
  CHECK(has(mail, fmt::format("  loss  {:.6g}", history.history.at("loss").back())));
  CHECK(has(mail, "filename=\"curves.svg\""));
  CHECK(has(mail, "Content-Type: image/svg+xml"));
  std::vector<std::string> of_mail;
  for (const std::string& command : server.commands()) {
    if (!command.starts_with("EHLO")) of_mail.push_back(command.substr(0, 40));
  }
  CHECK(of_mail == std::vector<std::string>{
                       "AUTH PLAIN", "AGxhYgBzM2NyZXQ=", "MAIL FROM:<lab@example.org>",
                       "RCPT TO:<me@example.org>", "RCPT TO:<you@example.org>", "DATA", "QUIT"});
}

TEST_CASE("EmailNotifier: a mail where training fails, with the error") {
  MailServer server;
  EmailNotifierOptions options = plain(server.url());
  options.subject = "Übung";
  options.curves = false;
  const auto fails =
      callbacks::LambdaCallback({.on_train_batch_end = [](std::int64_t batch, Logs&) {
        if (batch == 1) throw ValueError("it broke");
      }});
  CHECK_THROWS_WITH_AS(fit(options, {fails}), Contains("it broke"), ValueError);
  REQUIRE(server.mails().size() == 1);
  const std::string mail = unwrapped(server.mails()[0]);
  CAPTURE(mail);
  CHECK(has(mail, "Subject: =?UTF-8?B?w5xidW5n?"));
  CHECK(has(mail, "failed after 0 of 3 epochs and 2 batches"));
  CHECK(has(mail, "Lambda, on_train_batch_end: it broke"));
  CHECK(has(mail, "  loss  "));
  CHECK_FALSE(has(mail, "curves.svg"));
}

TEST_CASE("EmailNotifier: a server that refuses, is silent or gone ends no training") {
  std::string gone;
  {
    const MailServer server;
    gone = server.url();
  }
  CHECK(fit(plain(gone)).epoch.size() == 3);
  for (const auto& answers :
       std::vector<std::map<std::string, std::string>>{{{"", ""}},
                                                       {{"", "554 go away"}},
                                                       {{"RCPT", "550 unknown"}},
                                                       {{"sent", "552 full"}},
                                                       {{"DATA", ""}}}) {
    MailServer server(answers);
    EmailNotifierOptions options = plain(server.url());
    options.timeout = 0.2;
    CHECK(fit(options).epoch.size() == 3);
  }
  const data::Mail mail{.from = "a@b.org", .to = {"c@d.org"}, .subject = "s", .text = "t"};
  using Answers = std::map<std::string, std::string>;
  MailServer refuses(Answers{{"RCPT", "550 unknown"}}), no_tls, silent(Answers{{"", ""}});
  CHECK(has(data::send(mail, {.url = refuses.url(), .starttls = false}), "\"550 unknown\""));
  // Without TLS nothing is told, unless that was asked for.
  CHECK(data::send(mail, {.url = no_tls.url(), .user = "u", .password = "p"}) != "");
  for (const std::string& command : no_tls.commands()) {
    CHECK((command.starts_with("EHLO") || command == "QUIT"));
  }
  CHECK(
      has(data::send(mail, {.url = silent.url(), .starttls = false, .timeout = 0.2}), "timed out"));
}

TEST_CASE("EmailNotifier: options that can't be") {
  const auto with = [](auto&& change) {
    EmailNotifierOptions options = plain("smtp://127.0.0.1:1");
    change(options);
    return options;
  };
  using Options = EmailNotifierOptions;
  const auto refused = [&](auto&& change, const char* what) {
    CHECK_THROWS_WITH_AS(EmailNotifier(with(change)), Contains(what), ValueError);
  };
  refused([](Options& o) { o.server = "http://x"; }, "server is \"http://x\"");
  refused([](Options& o) { o.server = "smtp://"; }, "server is");
  refused([](Options& o) { o.server = "smtp://u:p@host"; }, "server has an @");
  refused([](Options& o) { o.server = "u:p@host:587"; }, "server has an @");  // and is not told
  refused([](Options& o) { o.server = "smtp://host\r\nRSET"; }, "server is");
  refused([](Options& o) { o.from = ""; }, "from is \"\"");
  refused([](Options& o) { o.to = {}; }, "to is missing");
  for (const char* address :
       {"me", "@b", "a@", "a@b@c", "a@b, c@d", "a@b\r\nBcc: c@d", "a@b> SIZE=1 <c@d", "a b@c",
        "N <a@b", "N\r\nBcc: c@d <a@b>", "N <a@b\r\n>", "N <x> <a@b>", "\xC3\xBC@b"}) {
    CAPTURE(address);
    refused([&](Options& o) { o.to = {"fine@b.org", address}; }, "expected an address");
    refused([&](Options& o) { o.from = address; }, "expected an address");
  }
  refused([](Options& o) { o.subject = "a\nb"; }, "subject is \"a\\nb\"");
  refused([](Options& o) { o.password = "p"; }, "without a user");
  refused([](Options& o) { o.user = "u"; }, "without a password");
  refused([](Options& o) { o.user = o.password = "u\n"; }, "control character");
  refused([](Options& o) { o.timeout = 0; }, "timeout is 0");
  CHECK_THROWS_AS(EmailNotifier(with([](Options& o) { o.ca_file = "/nowhere.pem"; })), FileError);
  CHECK(data::encoded_header("plain") == "plain");
  const std::string many = data::encoded_header("ü" + std::string(44, 'x') + "ü");
  CHECK(many ==
        "=?UTF-8?B?w7x4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4?=\r\n "
        "=?UTF-8?B?eMO8?=");
}

TEST_CASE("mails: names, long subjects and lines") {
  MailServer server;
  const data::Mail mail{.from = "Läb <lab@example.org>",
                        .to = {"\"Doe, Jane\" <j@d.org>", "A \"B\" <b@d.org>",
                               "somebody@example.org", "somebody.else@example.org"},
                        .subject = std::string(300, 's'),
                        .text = "one\n.\ntwo \xFF\r\n.three"};
  CHECK(data::send(mail, {.url = server.url(), .starttls = false}) == "");
  REQUIRE(server.mails().size() == 1);
  const std::string& sent = server.mails()[0];
  CAPTURE(sent);
  CHECK(has(sent, "From: =?UTF-8?B?TMOkYg==?= <lab@example.org>\r\n"));
  CHECK(has(sent,
            "To: \"Doe, Jane\" <j@d.org>, \"A \\\"B\\\"\" <b@d.org>, somebody@example.org,\r\n "
            "somebody.else@example.org\r\n"));
  CHECK(has(sent, "\r\nSubject: =?UTF-8?B?c3Nz"));
  CHECK(has(sent, "\r\none\r\n..\r\ntwo =EF=BF=BD\r\n..three"));
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 2) {
    end = sent.find("\r\n", at);
    CHECK(std::min(end, sent.size()) - at <= 100);
  }
}

}  // namespace keratin::tests
