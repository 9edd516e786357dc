#include "nn/callbacks/remote_monitor.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/http_post.h"
#include "nn/inspect/terminal.h"
#include "nn/saving/json.h"

namespace keratin::callbacks {
namespace {

class RemoteMonitorCallback final : public Callback {
 public:
  explicit RemoteMonitorCallback(const RemoteMonitorOptions& options) : options_(options) {
    const std::string& root = options.root;
    if (!root.starts_with("http://") && !root.starts_with("https://")) {
      throw ValueError(fmt::format(
          "RemoteMonitor: root is \"{}\"; expected http:// or https:// and a host", root));
    }
    for (const auto& [name, value] : options.headers) {
      if ((name + value).find_first_of("\r\n") == std::string::npos && !name.empty()) continue;
      throw ValueError(
          fmt::format("RemoteMonitor: header {:?} is {:?}; expected one line", name, value));
    }
  }

  bool reads_batch_logs() const override { return false; }
  void on_train_begin(Logs&) override { warned_ = false; }

  void on_epoch_end(int epoch, Logs& logs) override {
    saving::Json values = {{"epoch", epoch}};
    for (const auto& [name, value] : logs) values[name] = value;
    const std::string text = saving::dump_json(values);
    data::HttpPost post{
        .url = options_.root + options_.path,
        .headers = {options_.send_as_json ? "Content-Type: application/json"
                                          : "Content-Type: application/x-www-form-urlencoded"},
        .body = options_.send_as_json ? text : data::form_of(options_.field, text)};
    for (const auto& [name, value] : options_.headers) {
      post.headers.push_back(fmt::format("{}: {}", name, value));
    }
    const std::string problem = data::send(post);
    if (problem.empty() || warned_) return;
    warned_ = true;
    detail::warn(
        "keratin: RemoteMonitor: {} does not take the logs of epoch {}: {}; training goes "
        "on\n",
        post.url, epoch + 1, problem);
  }

 private:
  RemoteMonitorOptions options_;
  bool warned_ = false;
};

}  // namespace

RemoteMonitor::RemoteMonitor(const RemoteMonitorOptions& options)
    : CallbackRef(std::make_shared<RemoteMonitorCallback>(options)) {}

}  // namespace keratin::callbacks
