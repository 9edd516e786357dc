#include "nn/inspect/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <protozero/pbf_writer.hpp>
#include <system_error>

#include "data/images/write_png.h"
#include "kernels/error.h"

namespace keratin::detail {
namespace {

namespace fs = std::filesystem;
using protozero::pbf_writer;

static_assert(std::endian::native == std::endian::little);

// Field numbers and values of event.proto, summary.proto and tensor.proto.
enum Event : std::uint32_t {
  kWallTime = 1,
  kStep = 2,
  kFileVersion = 3,
  kGraphDef = 4,
  kSummary = 5
};
enum Value : std::uint32_t { kTag = 1, kTensor = 8, kMetadata = 9 };
enum TensorProto : std::uint32_t { kDtype = 1, kShape = 2, kContent = 4, kStrings = 8 };
enum DataType : std::int32_t { kFloat = 1, kDouble = 2, kString = 7 };

double wall_time() {
  using Seconds = std::chrono::duration<double>;
  return Seconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

// Of a tensor: dtype and shape. The shape of a scalar is there too, empty.
void add_spec(pbf_writer& tensor, DataType dtype, const std::vector<std::int64_t>& sizes) {
  tensor.add_enum(kDtype, dtype);
  std::string shape;
  pbf_writer dims(shape);
  for (const std::int64_t size : sizes) {
    pbf_writer dim(dims, 2);
    dim.add_int64(1, size);
  }
  tensor.add_message(kShape, shape);
}

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// A google.protobuf.Value: a number, a string or a bool.
std::string value_of(const EventFile::HParamValue& value) {
  std::string bytes;
  pbf_writer writer(bytes);
  if (const double* number = std::get_if<double>(&value)) {
    writer.add_double(2, *number);
  } else if (const std::string* text = std::get_if<std::string>(&value)) {
    writer.add_string(3, *text);
  } else {
    writer.add_bool(4, std::get<bool>(value));
  }
  return bytes;
}

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u; }

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1) != 0 ? 0x82F63B78u : 0);
      t[i] = c;
    }
    return t;
  }();
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  }
  return ~crc;
}

EventFile::EventFile(const std::string& folder) {
  static std::atomic<int> count = 0;
  std::error_code error;
  fs::create_directories(folder, error);
  path_ = (fs::path(folder) / fmt::format("events.out.tfevents.{:010}.{}.{}.{}.v2",
                                          static_cast<std::int64_t>(wall_time()), host_name(),
                                          getpid(), count++))
              .string();
  file_.reset(std::fopen(path_.c_str(), "wb"));
  if (file_ == nullptr) {
    throw FileError(
        fmt::format("TensorBoard: {}: cannot be written: {}", path_, std::strerror(errno)));
  }
  std::string event;
  pbf_writer(event).add_double(kWallTime, wall_time());
  pbf_writer(event).add_string(kFileVersion, "brain.Event:2");
  record(event);
  flush();
}

void EventFile::record(std::string_view event) {
  if (!ok_) return;
  const auto put = [&](const void* data, std::size_t size) {
    ok_ = ok_ && std::fwrite(data, 1, size, file_.get()) == size;
  };
  const std::uint64_t length = event.size();
  const std::uint32_t length_crc =
      masked(crc32c({reinterpret_cast<const char*>(&length), sizeof(length)}));
  const std::uint32_t crc = masked(crc32c(event));
  put(&length, sizeof(length));
  put(&length_crc, sizeof(length_crc));
  put(event.data(), event.size());
  put(&crc, sizeof(crc));
}

void EventFile::flush() {
  ok_ = ok_ && std::fflush(file_.get()) == 0;
  std::error_code error;
  ok_ = ok_ && fs::exists(path_, error);  // else it is written to nobody
}

void EventFile::summary(const std::string& tag, std::int64_t step, std::string_view plugin,
                        std::string_view plugin_content, std::string_view tensor) {
  std::string plugin_data, metadata, value, summary, event;
  pbf_writer(plugin_data).add_string(1, plugin.data(), plugin.size());
  if (!plugin_content.empty()) {
    pbf_writer(plugin_data).add_bytes(2, plugin_content.data(), plugin_content.size());
  }
  pbf_writer(metadata).add_message(1, plugin_data);
  pbf_writer(value).add_string(kTag, tag);
  pbf_writer(value).add_message(kTensor, tensor.data(), tensor.size());
  pbf_writer(value).add_message(kMetadata, metadata);
  pbf_writer(summary).add_message(1, value);
  pbf_writer(event).add_double(kWallTime, wall_time());
  pbf_writer(event).add_int64(kStep, step);
  pbf_writer(event).add_message(kSummary, summary);
  record(event);
}

void EventFile::scalar(const std::string& tag, std::int64_t step, double value) {
  std::string tensor;
  pbf_writer writer(tensor);
  add_spec(writer, kFloat, {});
  const std::vector<float> content{static_cast<float>(value)};
  writer.add_bytes(kContent, bytes_of(content).data(), bytes_of(content).size());
  summary(tag, step, "scalars", "", tensor);
}

void EventFile::histogram(const std::string& tag, std::int64_t step, const Tensor& values) {
  constexpr std::size_t kBuckets = 30;
  std::vector<double> x = values.to_vector<double>();
  std::erase_if(x, [](double v) { return !std::isfinite(v); });
  std::vector<double> rows(kBuckets * 3, 0.0);  // left, right, count
  if (!x.empty()) {
    const auto [least, most] = std::minmax_element(x.begin(), x.end());
    const double low = *least, high = *most, width = (high - low) / kBuckets;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      rows[i * 3] = low + width * static_cast<double>(i);
      rows[i * 3 + 1] = i + 1 == kBuckets ? high : low + width * static_cast<double>(i + 1);
    }
    for (const double v : x) {
      const double place = width == 0 ? kBuckets - 1 : std::floor((v - low) / width);
      const auto bucket = static_cast<std::size_t>(std::clamp(place, 0.0, kBuckets - 1.0));
      ++rows[bucket * 3 + 2];
    }
  }
  std::string tensor;
  pbf_writer writer(tensor);
  add_spec(writer, kDouble, {kBuckets, 3});
  writer.add_bytes(kContent, bytes_of(rows).data(), bytes_of(rows).size());
  summary(tag, step, "histograms", "", tensor);
}

void EventFile::images(const std::string& tag, std::int64_t step, const Tensor& images,
                       std::int64_t most) {
  const std::int64_t count = std::min(most, images.shape()[0]);
  std::string tensor;
  pbf_writer writer(tensor);
  add_spec(writer, kString, {2 + count});
  writer.add_string(kStrings, std::to_string(images.shape()[2]));
  writer.add_string(kStrings, std::to_string(images.shape()[1]));
  for (std::int64_t i = 0; i < count; ++i) {
    Tensor image = images[i];
    if (image.dtype() != uint8) {
      std::vector<double> pixels = image.to_vector<double>();
      for (double& p : pixels) p = std::isnan(p) ? 0 : std::round(std::clamp(p, 0.0, 1.0) * 255);
      image = Tensor::from(std::vector<std::uint8_t>(pixels.begin(), pixels.end()), image.shape());
    }
    const data::Bytes png = data::encode_png(image);
    writer.add_bytes(kStrings, png.text().data(), png.text().size());
  }
  summary(tag, step, "images", "", tensor);
}

void EventFile::keras_graph(const std::string& tag, std::int64_t step, const std::string& json) {
  std::string tensor;
  pbf_writer writer(tensor);
  add_spec(writer, kString, {});
  writer.add_bytes(kStrings, json);
  summary(tag, step, "graph_keras_model", "1", tensor);
}

// A GraphDef, whose fields are node = 1 and versions = 4; of a node: name, op, input.
void EventFile::graph(const std::vector<GraphNode>& nodes) {
  std::string graph, event;
  for (const GraphNode& node : nodes) {
    pbf_writer writer(graph);
    pbf_writer message(writer, 1);
    message.add_string(1, node.name);
    message.add_string(2, node.op);
    for (const std::string& input : node.inputs) message.add_string(3, input);
  }
  pbf_writer(event).add_double(kWallTime, wall_time());
  pbf_writer(event).add_bytes(kGraphDef, graph);
  record(event);
}

// Field numbers of plugins/hparams: HParamsPluginData holds one of the messages.
void EventFile::hparams_begin(const std::vector<std::pair<std::string, HParamValue>>& hparams,
                              const std::string& session) {
  std::string start, data;
  for (const auto& [name, value] : hparams) {
    std::string entry;
    pbf_writer(entry).add_string(1, name);
    pbf_writer(entry).add_message(2, value_of(value));
    pbf_writer(start).add_message(1, entry);
  }
  pbf_writer(start).add_string(4, session);
  pbf_writer(start).add_double(5, wall_time());
  pbf_writer(data).add_message(3, start);
  hparams_record("_hparams_/session_start_info", data);
}

void EventFile::hparams_end(bool success) {
  std::string end, data;
  pbf_writer(end).add_enum(1, success ? 1 : 2);
  pbf_writer(end).add_double(2, wall_time());
  pbf_writer(data).add_message(4, end);
  hparams_record("_hparams_/session_end_info", data);
}

void EventFile::hparams_experiment(const std::vector<HParamInfo>& hparams,
                                   const std::vector<MetricInfo>& metrics) {
  constexpr std::int32_t kTypes[] = {2, 3, 1};  // of HParamValue's kinds: bool, number, string
  const auto add_texts = [](pbf_writer& to, std::uint32_t first, const auto& info) {
    if (!info.display_name.empty()) to.add_string(first, info.display_name);
    if (!info.description.empty()) to.add_string(first + 1, info.description);
  };
  std::string experiment, data;
  pbf_writer writer(experiment);
  writer.add_double(3, wall_time());
  for (const HParamInfo& info : hparams) {
    pbf_writer message(writer, 4);
    message.add_string(1, info.name);
    add_texts(message, 2, info);
    if (!info.values.empty()) {
      message.add_enum(4, kTypes[info.values[0].index()]);
      pbf_writer list(message, 5);
      for (const HParamValue& value : info.values) list.add_message(1, value_of(value));
    } else if (info.range) {
      message.add_enum(4, kTypes[1]);
      pbf_writer interval(message, 6);
      interval.add_double(1, info.range->first);
      interval.add_double(2, info.range->second);
    }
  }
  for (const MetricInfo& info : metrics) {
    pbf_writer message(writer, 5);
    {
      pbf_writer name(message, 1);
      name.add_string(1, info.group);
      name.add_string(2, info.tag);
    }
    add_texts(message, 3, info);
  }
  pbf_writer(data).add_message(2, experiment);
  hparams_record("_hparams_/experiment", data);
}

void EventFile::hparams_record(const std::string& tag, std::string_view data) {
  std::string tensor;
  pbf_writer writer(tensor);
  add_spec(writer, kFloat, {0});  // nothing: all is in the metadata
  summary(tag, 0, "hparams", data, tensor);
}

}  // namespace keratin::detail
