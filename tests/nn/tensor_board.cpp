// Event files: their framing, and what the callback writes into them.
#include "nn/callbacks/tensor_board.h"

#include <cstring>
#include <filesystem>
#include <map>
#include <protozero/pbf_reader.hpp>

#include "autograd/ops.h"
#include "keratin.h"
#include "nn/inspect/event_file.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

namespace fs = std::filesystem;
using protozero::pbf_reader;

struct Point {
  std::int64_t step = 0;
  std::string plugin, plugin_content, content;
  std::vector<std::string> strings;
};
using Points = std::map<std::string, std::vector<Point>>;  // by tag

std::uint32_t unmasked(std::uint32_t crc) {
  const std::uint32_t rotated = crc - 0xA282EAD8u;
  return (rotated << 15) | (rotated >> 17);
}

Point point_of(pbf_reader value, std::string& tag) {
  Point point;
  while (value.next()) {
    if (value.tag() == 1) {
      tag = value.get_string();
    } else if (value.tag() == 8) {
      pbf_reader tensor = value.get_message();
      while (tensor.next()) {
        if (tensor.tag() == 4) {
          point.content = tensor.get_bytes();
        } else if (tensor.tag() == 8) {
          point.strings.push_back(tensor.get_bytes());
        } else {
          tensor.skip();
        }
      }
    } else if (value.tag() == 9) {
      pbf_reader metadata = value.get_message();
      REQUIRE(metadata.next(1));
      pbf_reader plugin = metadata.get_message();
      REQUIRE(plugin.next(1));
      point.plugin = plugin.get_string();
      if (plugin.next(2)) point.plugin_content = plugin.get_bytes();
    } else {
      value.skip();
    }
  }
  return point;
}

// The records of the one file of a run; their checksums must hold.
Points points_of(const std::string& folder) {
  Points points;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  REQUIRE(files.size() == 1);
  CHECK(files[0].filename().string().find("tfevents") != std::string::npos);
  const std::string bytes = read_file(files[0].string());
  std::size_t at = 0;
  const auto number = [&]<class T>(T) {
    T value = 0;
    REQUIRE(at + sizeof(T) <= bytes.size());
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    at += sizeof(T);
    return value;
  };
  bool first = true;
  while (at < bytes.size()) {
    const std::string_view length_bytes(bytes.data() + at, 8);
    const auto length = number(std::uint64_t{});
    CHECK(unmasked(number(std::uint32_t{})) == detail::crc32c(length_bytes));
    REQUIRE(at + length <= bytes.size());
    const std::string_view event(bytes.data() + at, length);
    at += length;
    CHECK(unmasked(number(std::uint32_t{})) == detail::crc32c(event));
    pbf_reader reader(event.data(), event.size());
    std::int64_t step = 0;
    while (reader.next()) {
      if (reader.tag() == 2) {
        step = reader.get_int64();
      } else if (reader.tag() == 3) {
        CHECK(first);
        CHECK(reader.get_string() == "brain.Event:2");
      } else if (reader.tag() == 5) {
        pbf_reader summary = reader.get_message();
        while (summary.next(1)) {
          std::string tag;
          Point point = point_of(summary.get_message(), tag);
          point.step = step;
          points[tag].push_back(std::move(point));
        }
      } else {
        reader.skip();
      }
    }
    first = false;
  }
  return points;
}

float scalar(const Point& point) {
  float value = 0;
  CHECK(point.plugin == "scalars");
  REQUIRE(point.content.size() == sizeof(value));
  std::memcpy(&value, point.content.data(), sizeof(value));
  return value;
}

}  // namespace

TEST_CASE("event files: the checksum") {
  CHECK(detail::crc32c("123456789") == 0xE3069283u);
  CHECK(detail::crc32c("") == 0);
}

TEST_CASE("event files: histograms count every finite number once") {
  const TemporaryFolder folder;
  detail::EventFile file(folder / "run");
  const float inf = std::numeric_limits<float>::infinity();
  file.histogram("mixed", 2, Tensor::from(std::vector<float>{0, 1, 2, 3, 3, NAN, inf}));
  file.histogram("same", 2, full({5}, 7));
  file.histogram("none", 2, zeros({0}));
  file.flush();
  CHECK(file.ok());
  const Points points = points_of(folder / "run");
  const auto rows = [&](const char* tag) {
    const std::string& content = points.at(tag).at(0).content;
    std::vector<double> values(90);
    REQUIRE(content.size() == values.size() * sizeof(double));
    std::memcpy(values.data(), content.data(), content.size());
    return values;
  };
  const auto mixed = rows("mixed");
  CHECK(mixed[2] == 1);       // 0
  CHECK(mixed[30 + 2] == 1);  // 1, the first of bucket 10
  CHECK(mixed[60 + 2] == 1);
  CHECK(mixed[87] < 3);
  CHECK(mixed[88] == 3);
  CHECK(mixed[89] == 2);
  const auto same = rows("same");
  CHECK(same[86] == 0);
  CHECK(std::vector<double>(same.end() - 3, same.end()) == std::vector<double>{7, 7, 5});
  CHECK(rows("none") == std::vector<double>(90, 0.0));
}

TEST_CASE("TensorBoard: scalars, histograms, images and the graph of a training") {
  const TemporaryFolder folder;
  const Tensor x = Tensor::from(normal_values(8 * 36, 3), {8, 6, 6, 1});
  const Tensor y = Tensor::numbers({0, 1, 1, 0, 1, 0, 0, 1}, {8}, int32);
  const auto input = Input({.shape = {6, 6, 1}});
  auto h = layers::Conv2D({.filters = 4, .kernel_size = 3, .name = "conv"})(input);
  h = layers::Flatten()(h);
  Model model(input,
              {{"kind", layers::Dense({.units = 2, .activation = "softmax", .name = "head"})(h)}});
  model.compile(
      {.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  const History history =
      model.fit(x, {{"kind", y}},
                {.batch_size = 4,
                 .epochs = 3,
                 .verbose = 0,
                 .callbacks = {callbacks::TensorBoard({.log_dir = folder / "logs",
                                                       .histogram_freq = 2,
                                                       .write_images = true,
                                                       .write_steps_per_second = true,
                                                       .update_freq = "batch"})},
                 .validation_data = {x, {{"kind", y}}}});
  const Points train = points_of(folder / "logs/train");
  const Points validation = points_of(folder / "logs/validation");
  const auto check = [&](const Points& points, const std::string& tag, const std::string& log) {
    CAPTURE(tag);
    const auto& series = points.at(tag);
    REQUIRE(series.size() == 3);
    for (std::size_t epoch = 0; epoch < 3; ++epoch) {
      CHECK(series[epoch].step == static_cast<std::int64_t>(epoch));
      CHECK(scalar(series[epoch]) == static_cast<float>(history.history.at(log)[epoch]));
    }
  };
  check(train, "epoch_loss", "loss");
  check(train, "epoch_accuracy", "accuracy");
  check(validation, "epoch_loss", "val_loss");
  check(validation, "epoch_accuracy", "val_accuracy");
  CHECK(train.at("epoch_learning_rate").size() == 3);
  CHECK(train.at("epoch_steps_per_second").size() == 3);
  CHECK(train.at("batch_loss").size() == 6);
  CHECK(train.at("batch_loss")[5].step == 6);
  const auto& by_iterations = validation.at("evaluation_loss_vs_iterations");
  REQUIRE(by_iterations.size() == 3);
  CHECK(by_iterations[0].step == 2);
  for (const char* weight : {"conv/kernel", "conv/bias", "head/kernel", "head/bias"}) {
    CAPTURE(weight);
    const auto& histograms = train.at(std::string(weight) + "/histogram");
    REQUIRE(histograms.size() == 2);  // epochs 0 and 2
    CHECK(histograms[1].step == 2);
    CHECK(histograms[1].plugin == "histograms");
  }
  const Point& kernels = train.at("conv/kernel/image")[0];
  REQUIRE(kernels.strings.size() == 2 + 4);
  CHECK(kernels.strings[0] == "3");
  CHECK(kernels.strings[2].starts_with("\x89PNG"));
  const Point& graph = train.at("keras").at(0);
  CHECK(graph.plugin == "graph_keras_model");
  CHECK(graph.strings.at(0).find("\"output_layers\": [[\"head\", 0, 0]]") != std::string::npos);
}

TEST_CASE("TensorBoard: gradients of the last step, as backward gave them") {
  const TemporaryFolder folder;
  const auto input = Input({.shape = {2}});
  Model model(input, layers::Dense({.units = 1, .use_bias = false, .name = "line"})(input));
  model.set_weights({Tensor::numbers({1, 1}, {2, 1})});
  model.compile(
      {.optimizer = optimizers::SGD({.learning_rate = 0.0, .clipvalue = 0.5}), .loss = "mse"});
  const auto fit = [&](const char* run, bool gradients) {
    // The second batch: 2 (1 - 2 - 3) times (1, -2).
    model.fit(Tensor::numbers({5, 5, 1, -2}, {2, 2}), Tensor::numbers({0, 3}, {2, 1}),
              {.batch_size = 1,
               .epochs = 3,
               .verbose = 0,
               .callbacks = {callbacks::TensorBoard({.log_dir = folder / run,
                                                     .histogram_freq = 2,
                                                     .write_gradients = gradients}),
                             // Two of them do not get into each other's way.
                             callbacks::TensorBoard({.log_dir = folder / "other",
                                                     .histogram_freq = 1,
                                                     .write_gradients = true})},
               .shuffle = false});
    return points_of(folder / (std::string(run) + "/train"));
  };
  const auto series = fit("with", true).at("line/kernel/gradient/histogram");
  REQUIRE(series.size() == 2);  // epochs 0 and 2
  for (const Point& point : series) {
    std::vector<double> rows(90);
    REQUIRE(point.content.size() == rows.size() * sizeof(double));
    std::memcpy(rows.data(), point.content.data(), point.content.size());
    CHECK(rows.front() == -8);
    CHECK(rows[88] == 16);
    CHECK(rows[2] == 1);
    CHECK(rows[89] == 1);
  }
  CHECK(points_of(folder / "other/train").at("line/kernel/gradient/histogram").size() == 3);
  CHECK(fit("without", false).count("line/kernel/gradient/histogram") == 0);
}

TEST_CASE("TensorBoard: hyperparameters and the inputs of the first batch") {
  const TemporaryFolder folder;
  const auto image = Input({.shape = {2, 3, 3}, .name = "picture"});
  const auto grey = Input({.shape = {2, 3}, .name = "grey"});
  const auto plain = Input({.shape = {4}, .name = "plain"});
  const auto h = layers::Concatenate()({layers::Flatten()(image), layers::Flatten()(grey), plain});
  Model model({{"picture", image}, {"grey", grey}, {"plain", plain}},
              layers::Dense({.units = 1, .name = "head"})(h));
  model.compile({.loss = "mse"});
  const Tensors x{{"picture", full({20, 2, 3, 3}, 255)},
                  {"grey", random_uniform({20, 2, 3}, -5, 5)},
                  {"plain", ones({20, 4})}};
  const auto fit = [&](const char* run, const std::vector<CallbackRef>& more) {
    std::vector<CallbackRef> all{callbacks::TensorBoard(
        {.log_dir = folder / run,
         .write_inputs = true,
         .hparams = {{"units", 32}, {"rate", 0.5f}, {"kind", "wide"}, {"augment", true}}})};
    all.insert(all.end(), more.begin(), more.end());
    model.fit(x, ones({20, 1}), {.batch_size = 18, .epochs = 2, .verbose = 0, .callbacks = all});
  };
  fit("a", {});
  const Points train = points_of(folder / "a/train");
  for (const char* name : {"picture/image", "grey/image"}) {
    CAPTURE(name);
    REQUIRE(train.at(name).size() == 1);
    CHECK(train.at(name)[0].strings.size() == 2 + 16);
    CHECK(train.at(name)[0].strings[0] == "3");
    CHECK(train.at(name)[0].strings[1] == "2");
  }
  CHECK(train.count("plain/image") == 0);

  const auto end_of = [&](const char* run) {
    const Points session = points_of(folder / run);
    const Point& start = session.at("_hparams_/session_start_info").at(0);
    CHECK(start.plugin == "hparams");
    pbf_reader data(start.plugin_content);
    REQUIRE(data.next(3));
    pbf_reader info = data.get_message();
    std::map<std::string, std::string> values;
    while (info.next(1)) {
      pbf_reader entry = info.get_message();
      REQUIRE(entry.next(1));
      const std::string name = entry.get_string();
      REQUIRE(entry.next(2));
      pbf_reader value = entry.get_message();
      REQUIRE(value.next());
      values[name] = value.tag() == 2   ? fmt::format("{}", value.get_double())
                     : value.tag() == 3 ? value.get_string()
                                        : fmt::format("{}", value.get_bool());
    }
    CHECK(values == std::map<std::string, std::string>{
                        {"units", "32"}, {"rate", "0.5"}, {"kind", "wide"}, {"augment", "true"}});
    pbf_reader end(session.at("_hparams_/session_end_info").at(0).plugin_content);
    REQUIRE(end.next(4));
    pbf_reader status = end.get_message();
    REQUIRE(status.next(1));
    return status.get_enum();
  };
  CHECK(end_of("a") == 1);
  const auto fails =
      callbacks::LambdaCallback({.on_epoch_end = [](int, Logs&) { throw ValueError("it broke"); }});
  CHECK_THROWS_AS(fit("b", {fails}), ValueError);
  CHECK(end_of("b") == 2);
  CHECK_THROWS_WITH_AS(callbacks::TensorBoard({.hparams = {{"a", 1}, {"a", 2}}}),
                       doctest::Contains("\"a\" twice"), ValueError);
  CHECK_THROWS_AS(callbacks::TensorBoard({.hparams = {{"", 1}}}), ValueError);
}

TEST_CASE("TensorBoard: the session of a training that was told to stop has no end") {
  const TemporaryFolder folder;
  Sequential model({Input({.shape = {2}}), layers::Dense({.units = 1})});
  model.compile({.loss = "mse"});
  const CallbackRef board =
      callbacks::TensorBoard({.log_dir = folder / "logs", .hparams = {{"units", 1}}});
  Callback& callback = *board.callback();
  Logs logs;
  callback.start(model, {});
  callback.on_train_begin(logs);
  callback.on_train_interrupted();
  CHECK(points_of(folder / "logs").count("_hparams_/session_start_info") == 1);
  CHECK(points_of(folder / "logs").count("_hparams_/session_end_info") == 0);
}

TEST_CASE("hparams_config: what an experiment varies and measures") {
  const TemporaryFolder folder;
  using callbacks::hparams_config;
  hparams_config(
      {.log_dir = folder / "logs",
       .hparams = {{.name = "units", .values = {16, 32}, .display_name = "Units"},
                   {.name = "rate", .min_value = 0.1, .max_value = 0.5, .description = "of steps"},
                   {.name = "kind", .values = {"wide"}},
                   {.name = "augment", .values = {true, false}},
                   {.name = "other"}},
       .metrics = {{.tag = "epoch_loss", .group = "train"}, {.tag = "epoch_accuracy"}}});
  const Points points = points_of(folder / "logs");
  const Point& point = points.at("_hparams_/experiment").at(0);
  CHECK(point.plugin == "hparams");
  pbf_reader data(point.plugin_content);
  REQUIRE(data.next(2));
  pbf_reader experiment = data.get_message();
  std::vector<std::string> found;
  while (experiment.next()) {
    if (experiment.tag() == 4) {
      pbf_reader info = experiment.get_message();
      std::string text;
      while (info.next()) {
        if (info.tag() == 4) {
          text += fmt::format(" type {}", info.get_enum());
        } else if (info.tag() == 5) {
          pbf_reader values = info.get_message();
          int count = 0;
          for (; values.next(1); ++count) values.skip();
          text += fmt::format(" of {}", count);
        } else if (info.tag() == 6) {
          pbf_reader range = info.get_message();
          while (range.next()) text += fmt::format(" {}", range.get_double());
        } else {
          text += (text.empty() ? "" : " ") + info.get_string();
        }
      }
      found.push_back(text);
    } else if (experiment.tag() == 5) {
      pbf_reader info = experiment.get_message();
      REQUIRE(info.next(1));
      pbf_reader name = info.get_message();
      REQUIRE(name.next(1));
      const std::string group = name.get_string();
      REQUIRE(name.next(2));
      found.push_back(group + "/" + name.get_string());
    } else {
      experiment.skip();
    }
  }
  CHECK(found == std::vector<std::string>{"units Units type 3 of 2", "rate of steps type 3 0.1 0.5",
                                          "kind type 1 of 1", "augment type 2 of 2", "other",
                                          "train/epoch_loss", "validation/epoch_accuracy"});

  const auto refused = [&](const callbacks::HParamDomain& domain, const char* what) {
    CHECK_THROWS_WITH_AS(hparams_config({.log_dir = folder / "none", .hparams = {domain}}),
                         doctest::Contains(what), ValueError);
  };
  refused({}, "has no name");
  refused({.name = "a", .values = {1, "b"}}, "several kinds");
  refused({.name = "a", .values = {1}, .min_value = 0, .max_value = 1}, "values and a range");
  refused({.name = "a", .min_value = 0}, "one end of a range");
  refused({.name = "a", .min_value = 1, .max_value = 0}, "from 1 to 0");
  refused({.name = "a", .min_value = 0, .max_value = NAN}, "from 0 to nan");
  CHECK_THROWS_WITH_AS(hparams_config({.hparams = {{.name = "a"}, {.name = "a"}}}),
                       doctest::Contains("given twice"), ValueError);
  CHECK_THROWS_WITH_AS(hparams_config({.metrics = {{}}}), doctest::Contains("has no tag"),
                       ValueError);
  CHECK_FALSE(fs::exists(folder / "none"));
  write_file(folder / "file", "");
  CHECK_THROWS_AS(hparams_config({.log_dir = folder / "file/logs"}), FileError);
}

TEST_CASE("TensorBoard: a folder that can't be written, or goes") {
  const TemporaryFolder folder;
  write_file(folder / "file", "");
  Sequential model({Input({.shape = {2}}), layers::Dense({.units = 1})});
  model.compile({.loss = "mse"});
  const auto fit = [&](std::vector<CallbackRef> callbacks) {
    return model.fit(ones({4, 2}), ones({4, 1}),
                     {.epochs = 3, .verbose = 0, .callbacks = std::move(callbacks)});
  };
  CHECK_THROWS_AS(fit({callbacks::TensorBoard({.log_dir = folder / "file/logs"})}), FileError);
  const auto vanish = callbacks::LambdaCallback({.on_epoch_begin = [&](int epoch, Logs&) {
    if (epoch == 1) fs::remove_all(folder / "logs");
  }});
  CHECK(fit({callbacks::TensorBoard({.log_dir = folder / "logs"}), vanish}).epoch.size() == 3);
  CHECK_THROWS_AS(callbacks::TensorBoard({.profile_batch = 2}), ValueError);
  CHECK_THROWS_AS(callbacks::TensorBoard({.histogram_freq = -1}), ValueError);
}

}  // namespace keratin::tests
