#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tensor/tensor.h"

namespace keratin::detail {

/// CRC-32C (Castagnoli) of some bytes: 0xE3069283 for "123456789".
/// Source: RFC 3720, appendix B.4.
std::uint32_t crc32c(std::string_view bytes);

/// Writes what TensorBoard reads: a file of events, each a point of some tag at a step. Nothing of
/// it throws after the constructor: ok() turns false, and the rest is dropped.
/// Source: TensorFlow's event.proto and summary.proto, and TFRecord's framing.
class EventFile {
 public:
  /// A new file in `folder`, which is made. Throws FileError.
  explicit EventFile(const std::string& folder);

  void scalar(const std::string& tag, std::int64_t step, double value);
  /// Thirty buckets of equal width. Numbers that are not finite are left out.
  void histogram(const std::string& tag, std::int64_t step, const Tensor& values);
  /// The first `most` of [images, height, width, channels] with 1, 3 or 4 channels; floats from 0 to
  /// 1, or uint8.
  void images(const std::string& tag, std::int64_t step, const Tensor& images,
              std::int64_t most = 3);
  /// A model for the graph page, in Keras' JSON.
  void keras_graph(const std::string& tag, std::int64_t step, const std::string& json);
  /// The same as nodes, for the page's first view.
  struct GraphNode {
    std::string name, op;
    std::vector<std::string> inputs = {};  // names of nodes
  };
  void graph(const std::vector<GraphNode>& nodes);
  /// A session of the hparams page begins, with these hyperparameters, and ends.
  using HParamValue = std::variant<bool, double, std::string>;
  void hparams_begin(const std::vector<std::pair<std::string, HParamValue>>& hparams,
                     const std::string& session);
  void hparams_end(bool success);
  /// What its sessions vary and measure. Neither values nor a range: any value.
  struct HParamInfo {
    std::string name, display_name, description;
    std::vector<HParamValue> values = {};
    std::optional<std::pair<double, double>> range = {};
  };
  struct MetricInfo {
    std::string group, tag, display_name, description;
  };
  void hparams_experiment(const std::vector<HParamInfo>& hparams,
                          const std::vector<MetricInfo>& metrics);
  void flush();

  bool ok() const { return ok_; }
  const std::string& path() const { return path_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void summary(const std::string& tag, std::int64_t step, std::string_view plugin,
               std::string_view plugin_content, std::string_view tensor);
  void hparams_record(const std::string& tag, std::string_view data);
  void record(std::string_view event);

  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  bool ok_ = true;
};

}  // namespace keratin::detail
