#pragma once

#include <map>
#include <string>

#include "nn/callback.h"

namespace keratin::callbacks {

struct RemoteMonitorOptions {
  std::string root = "http://localhost:9000";
  std::string path = "/publish/epoch/end/";
  std::string field = "data";
  std::map<std::string, std::string> headers = {};
  bool send_as_json = false;
};

/// Sends {"epoch": 0, "loss": 0.5 ...} to a server at the end of each epoch, as POST to root + path:
/// as a form with JSON text in `field`, or with send_as_json as that text alone. A server that cannot
/// be reached, does not answer within 10 seconds or answers with an error is warned of once, and
/// training goes on. Throws ValueError for a root that is no http or https address, and headers of
/// several lines.
class RemoteMonitor : public CallbackRef {
 public:
  explicit RemoteMonitor(const RemoteMonitorOptions& options = {});
};

}  // namespace keratin::callbacks
