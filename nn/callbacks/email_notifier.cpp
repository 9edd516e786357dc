#include "nn/callbacks/email_notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>

#include "data/mail.h"
#include "nn/callbacks/after_interrupt.h"
#include "nn/inspect/plot_history.h"
#include "nn/inspect/terminal.h"
#include "nn/model/fit_progress.h"
#include "nn/model/model.h"
#include "tensor/time.h"

namespace keratin::callbacks {
namespace {

void require_line(const char* option, const std::string& value, bool needed) {
  if (needed && value.empty()) {
    throw ValueError(fmt::format("EmailNotifier: {} is missing", option));
  }
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    throw ValueError(fmt::format("EmailNotifier: {} is {:?}; expected one line", option, value));
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
    const std::string& server = options.server;
    const bool smtp = server.starts_with("smtp://") && server.size() > 7;
    if (!smtp && !(server.starts_with("smtps://") && server.size() > 8)) {
      throw ValueError(fmt::format(
          "EmailNotifier: server is \"{}\"; expected smtp:// or smtps:// and a host", server));
    }
    require_line("server", server, true);
    require_line("from", options.from, true);
    require_line("subject", options.subject, false);
    if (options.to.empty()) throw ValueError("EmailNotifier: to is missing");
    for (const std::string& to : options.to) require_line("to", to, true);
    if (options.user.empty() && !options.password.empty()) {
      throw ValueError("EmailNotifier: a password was given without a user");
    }
    if (!(options.timeout > 0 && options.timeout < 1e6)) {
      throw ValueError(
          fmt::format("EmailNotifier: timeout is {}; expected seconds above 0", options.timeout));
    }
  }

  void on_train_begin(Logs&) override {
    last_ = Logs();
    before_ = 0;
    start_ = now();
  }
  void on_epoch_end(int, Logs& logs) override { last_ = logs; }
  void on_train_end(Logs&) override { send("ended", ""); }
  void after_interrupt() override {
    const std::string error = current_error();
    send(error.empty() ? "was interrupted" : "failed", error);
  }
  // Time that was spent before a run was resumed counts too.
  void state(Fields& f) override {
    double seconds = before_ + now() - start_;
    f("seconds", seconds);
    if (!f.reading()) return;
    before_ = seconds;
    start_ = now();
  }

 private:
  void send(const char* how, const std::string& error) const {
    const detail::FitProgress& progress = detail::fit_progress(model());
    const std::string label = model().layer()->label();
    const std::string what = fmt::format("Training of {} {}", label, how);
    std::string text =
        fmt::format("{} after {} of {} epochs{}, {}.\n", what, progress.epoch, params().epochs,
                    progress.batch > 0 ? fmt::format(" and {} batches", progress.batch) : "",
                    as_clock(before_ + now() - start_));
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
                    .subject = options_.subject.empty() ? what : options_.subject,
                    .text = std::move(text)};
    if (options_.curves && !progress.history.epoch.empty()) {
      mail.attachments.push_back({"curves.svg", "image/svg+xml", history_svg(progress.history)});
    }
    const std::string problem = data::send(mail, {.url = options_.server,
                                                  .user = options_.user,
                                                  .password = options_.password,
                                                  .starttls = options_.starttls,
                                                  .ca_file = options_.ca_file,
                                                  .timeout = options_.timeout});
    if (problem.empty()) return;
    detail::warn("keratin: EmailNotifier: {} does not take the mail: {}; the training is kept\n",
                 options_.server, problem);
  }

  EmailNotifierOptions options_;
  Logs last_;
  double start_ = 0, before_ = 0;  // seconds
};

}  // namespace

EmailNotifier::EmailNotifier(const EmailNotifierOptions& options)
    : CallbackRef(std::make_shared<EmailNotifierCallback>(options)) {}

}  // namespace keratin::callbacks
