#include "nn/callbacks/email_notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <optional>

#include "data/mail.h"
#include "nn/callbacks/after_interrupt.h"
#include "nn/inspect/plot_history.h"
#include "nn/inspect/terminal.h"
#include "nn/model/fit_progress.h"
#include "nn/model/model.h"
#include "tensor/time.h"

namespace keratin::callbacks {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw ValueError("EmailNotifier: " + text); }

bool is_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

void require_mailbox(const char* option, const std::string& value) {
  if (data::is_mailbox(value)) return;
  refuse(fmt::format("{} is {:?}; expected an address, or \"Name <address>\"", option, value));
}

void check(const EmailNotifierOptions& o) {
  const std::string& server = o.server;
  if (server.find('@') != std::string::npos) {  // it would be told, here and in warnings
    refuse("server has an @; give the user and the password as options of their own");
  }
  const std::size_t host = server.starts_with("smtp://")    ? 7
                           : server.starts_with("smtps://") ? 8
                                                            : 0;
  if (host == 0 || server.size() == host || !is_line(server) ||
      server.find(' ') != std::string::npos) {
    refuse(fmt::format("server is {:?}; expected smtp:// or smtps:// and a host", server));
  }
  require_mailbox("from", o.from);
  if (o.to.empty()) refuse("to is missing; expected addresses");
  for (const std::string& to : o.to) require_mailbox("to", to);
  if (!is_line(o.subject)) refuse(fmt::format("subject is {:?}; expected one line", o.subject));
  if (o.user.empty() != o.password.empty()) {
    refuse(o.user.empty() ? "a password was given without a user"
                          : "a user was given without a password");
  }
  if (!is_line(o.user) || !is_line(o.password)) {
    refuse("user or password has a control character; expected one line each");
  }
  if (!(o.timeout > 0 && o.timeout < 1e6)) {
    refuse(fmt::format("timeout is {}; expected seconds above 0", o.timeout));
  }
  // Found out now, not after days of training.
  if (!o.ca_file.empty() && !std::ifstream(o.ca_file).good()) {
    throw FileError(fmt::format("EmailNotifier: {}: cannot be read", o.ca_file));
  }
}

// "1:02:03"
std::string as_clock(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

// The text of the error that is handled just now; "" where none is.
std::string current_error() {
  const std::exception_ptr current = std::current_exception();
  if (current == nullptr) return "";
  try {
    std::rethrow_exception(current);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown";
  }
}

class EmailNotifierCallback final : public Callback, public detail::AfterInterrupt {
 public:
  explicit EmailNotifierCallback(const EmailNotifierOptions& options) : options_(options) {
    check(options);
  }

  bool reads_batch_logs() const override { return false; }
  void on_train_begin(Logs&) override {
    last_ = Logs();
    before_ = 0;
    start_ = now();
  }
  void on_epoch_end(int, Logs& logs) override { last_ = logs; }
  void on_train_end(Logs&) override {
    notify("ended", "");
    start_.reset();
  }
  void after_interrupt() override {
    const std::string error = current_error();
    notify(error.empty() ? "was interrupted" : "failed", error);
    start_.reset();
  }
  // Time that was spent before a run was resumed counts too.
  void state(Fields& f) override {
    double seconds = before_ + (start_ ? now() - *start_ : 0);
    f("seconds", seconds);
    if (!f.reading()) return;
    before_ = seconds;
    start_ = now();
  }

 private:
  // Whatever goes wrong, what was trained is kept.
  void notify(const char* how, const std::string& error) const {
    std::string problem;
    try {
      problem = data::send(mail_of(how, error), {.url = options_.server,
                                                 .user = options_.user,
                                                 .password = options_.password,
                                                 .starttls = options_.starttls,
                                                 .ca_file = options_.ca_file,
                                                 .timeout = options_.timeout});
    } catch (const std::exception& thrown) {
      problem = thrown.what();
    }
    if (problem.empty()) return;
    detail::warn("keratin: EmailNotifier: {} does not take the mail: {}; the training is kept\n",
                 options_.server, problem);
  }

  std::string subject_of(const char* how) const {
    if (!options_.subject.empty()) return options_.subject;
    std::string text = fmt::format("Training of {} {}", model().layer()->label(), how);
    std::replace_if(
        text.begin(), text.end(), [](char c) { return !is_line({c}); }, ' ');
    return text;
  }

  data::Mail mail_of(const char* how, const std::string& error) const {
    const detail::FitProgress& progress = detail::fit_progress(model());
    const std::string label = model().layer()->label();
    if (!start_) {  // what failed came before this training began
      return {.from = options_.from,
              .to = options_.to,
              .subject = subject_of(how),
              .text = fmt::format("Training of {} {} before it began.\n\n{}\n", label, how, error)};
    }
    std::string text = fmt::format(
        "Training of {} {} after {} of {} epochs{}, {}.\n", label, how, progress.epoch,
        params().epochs, progress.batch > 0 ? fmt::format(" and {} batches", progress.batch) : "",
        as_clock(before_ + now() - *start_));
    if (!error.empty()) text += "\n" + error + "\n";
    Logs last = last_;
    if (progress.batch > 0) {  // in the middle of an epoch
      last = Logs();
      for (const auto& [name, metric] : model().metrics()) {
        const Tensor result = metric.result();
        if (result.size() == 1) last[name] = result.item<double>();
      }
    }
    if (!last.empty()) text += "\nLast results:\n";
    std::size_t width = 0;
    for (const auto& [name, value] : last) width = std::max(width, name.size());
    for (const auto& [name, value] : last)
      text += fmt::format("  {:<{}}  {:.6g}\n", name, width, value);
    data::Mail mail{.from = options_.from,
                    .to = options_.to,
                    .subject = subject_of(how),
                    .text = std::move(text)};
    if (options_.curves && !progress.history.epoch.empty()) {
      mail.attachments.push_back({"curves.svg", "image/svg+xml", history_svg(progress.history)});
    }
    return mail;
  }

  EmailNotifierOptions options_;
  Logs last_;
  std::optional<double> start_;  // seconds; none before training and after it
  double before_ = 0;
};

}  // namespace

EmailNotifier::EmailNotifier(const EmailNotifierOptions& options)
    : CallbackRef(std::make_shared<EmailNotifierCallback>(options)) {}

}  // namespace keratin::callbacks
