// Files of models from people who mean no good: all are refused, nothing outside of them is touched,
// no code in them is run.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "data/zip.h"
#include "keratin.h"
#include "nn/saving/json.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;
namespace fs = std::filesystem;

std::string saved(const TemporaryFolder& folder) {
  const auto x = Input({.shape = {4}, .name = "x"});
  const auto first = layers::Dense({.units = 4, .name = "first"})(x);
  Model model(x, layers::Dense({.units = 2, .name = "last"})(first));
  model.compile({.optimizer = "adam", .loss = "mse"});
  model.save(folder / "good.keras");
  return folder / "good.keras";
}

// An archive of these members; "" is that of the good one.
std::string archive(const TemporaryFolder& folder, const std::string& config,
                    const std::string& weights = "") {
  const data::ZipReader good("test", saved(folder));
  data::ZipWriter writer("test", folder / "bad.keras");
  const auto add = [&](const char* name, const std::string& text) {
    writer.add(name, text.empty() ? good.read(name) : data::Bytes::from(text));
  };
  add("metadata.json", "");
  add("config.json", config);
  add("model.weights.h5", weights);
  writer.finish();
  return folder / "bad.keras";
}

std::string member(const TemporaryFolder& folder, const char* name) {
  return std::string(data::ZipReader("test", saved(folder)).read(name).text());
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
    ++count;
  }
  REQUIRE(count > 0);
  return text;
}

void check_refused(const std::string& path, const char* text) {
  CAPTURE(text);
  CHECK_THROWS_WITH_AS(load_model(path), Contains(text), FileError);
}

std::string little_endian(std::uint32_t value) {
  std::string bytes(4, '\0');
  std::memcpy(bytes.data(), &value, 4);
  return bytes;
}

}  // namespace

TEST_CASE("hostile files: members whose names lead elsewhere") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "in");
  data::ZipWriter writer("test", folder / "in/m.keras");
  const data::ZipReader good("test", saved(folder));
  for (const std::string& name : good.names()) writer.add(name, good.read(name));
  writer.add("abcdefgh/evil", data::Bytes::from("evil"));
  writer.finish();
  CHECK_NOTHROW(load_model(folder / "in/m.keras"));
  const std::string bytes = read_file(folder / "in/m.keras");
  const std::pair<const char*, const char*> rows[] = {
      {"../../../evil", "leads out of the archive by \"..\""},
      {"abcdef/../../", "leads out of the archive by \"..\""},
      {"/tmp/xxx/evil", "is absolute"},
      {"..\\..\\..\\evil", "has a \\ in it"},
      {"c:/xxxxx/evil", "begins with a drive"},
      {"abcdefgh//vil", "has an empty part"},
  };
  for (const auto& [name, text] : rows) {
    std::string padded = name;
    padded.resize(13, 'x');
    const std::string path =
        write_file(folder / "in/m.keras", replaced(bytes, "abcdefgh/evil", padded));
    check_refused(path, text);
    CHECK_THROWS_AS(Sequential().load_weights(path), Error);
  }
  std::vector<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    left.push_back(entry.path().filename().string());
  }
  std::sort(left.begin(), left.end());
  CHECK(left == std::vector<std::string>{"good.keras", "in", "m.keras"});
}

TEST_CASE("hostile files: bombs, links and members that are not what they say") {
  const TemporaryFolder folder;
  const data::ZipReader good("test", saved(folder));
  const std::uint32_t mebibyte = 1u << 20;
  const std::string noise = [&] {
    std::string text;
    for (const double v : normal_values(mebibyte / 8, 3)) {
      text.append(reinterpret_cast<const char*>(&v), 8);
    }
    return text;
  }();
  // Members that deflate, each with a directory that says more than it holds.
  const auto swollen = [&](const std::string& content, std::uint32_t says) {
    const std::string path = folder / "bomb.keras";
    data::ZipWriter writer("test", path);
    for (const char* name : {"metadata.json", "config.json"}) {
      writer.add(name, good.read(name));
    }
    writer.add("model.weights.h5", data::Bytes::from(content), {.deflate = true});
    writer.finish();
    // Everywhere, so that headers and directory agree.
    return write_file(
        path, replaced(read_file(path), little_endian(static_cast<std::uint32_t>(content.size())),
                       little_endian(says)));
  };
  const std::string zeros(3 * mebibyte + 5, '\0');
  check_refused(swollen(zeros, 8 * mebibyte), "expected at most 1032 times as many");
  check_refused(swollen(zeros, 1u << 30), "expected at most 100 times as many");
  check_refused(swollen(noise, 512 * mebibyte), "expected at most 100 times as many");
  check_refused(swollen(noise, 90 * mebibyte), "model.weights.h5");  // short of what it says
  check_refused(swollen(zeros, 2 * mebibyte), "model.weights.h5");   // longer

  // A megabyte of zeros a kilobyte long: no bomb, and no weights.
  check_refused(swollen(zeros, static_cast<std::uint32_t>(zeros.size())), "model.weights.h5");
  // The same as a config.
  data::ZipWriter writer("test", folder / "spaces.keras");
  writer.add("config.json", data::Bytes::from(std::string(80 * mebibyte, ' ')), {.deflate = true});
  writer.finish();
  check_refused(folder / "spaces.keras", "bytes of JSON; expected at most");
}

TEST_CASE("hostile files: no archive, and every truncation of one") {
  const TemporaryFolder folder;
  const std::string bytes = read_file(saved(folder)), path = folder / "bad.keras";
  for (const std::string& text : {std::string(), std::string("no archive"), bytes.substr(1),
                                  std::string(1000, 'P'), std::string("PK\x05\x06")}) {
    CHECK_THROWS_AS(load_model(write_file(path, text)), FileError);
  }
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    CAPTURE(size);
    CHECK_THROWS_AS(load_model(write_file(path, bytes.substr(0, size))), FileError);
  }
  fs::create_directory(folder / "folder.keras");
  CHECK_THROWS_AS(load_model(folder / "folder.keras"), FileError);
}

TEST_CASE("hostile files: weights that are truncated, torn or of other shapes") {
  const TemporaryFolder folder;
  const std::string good = member(folder, "model.weights.h5");
  for (std::size_t size = 1; size < good.size(); size += 211) {
    CAPTURE(size);
    CHECK_THROWS_AS(load_model(archive(folder, "", good.substr(0, size))), FileError);
  }
  // One byte turned: refused, or read as other numbers; never anything else.
  for (std::size_t at = 0; at < good.size(); at += 307) {
    CAPTURE(at);
    std::string torn = good;
    torn[at] = static_cast<char>(~torn[at]);
    const std::string path = archive(folder, "", torn);
    try {
      (void)load_model(path);
    } catch (const FileError&) {
    }
  }
  const std::string config = member(folder, "config.json");
  check_refused(archive(folder, replaced(config, "\"units\": 2", "\"units\": 3")),
                "the file has shape [4, 2]");
  check_refused(archive(folder, "", "no HDF5 file"), "model.weights.h5");
}

TEST_CASE("hostile files: JSON of other types, and of 100,000 levels") {
  const TemporaryFolder folder;
  constexpr std::size_t kLevels = 100'000;
  const std::string brackets(kLevels, '['), closing(kLevels, ']');
  check_refused(archive(folder, brackets), "deeper than 256 levels");
  check_refused(archive(folder, brackets + closing), "deeper than 256 levels");
  // Models in models.
  std::string nested, end;
  for (std::size_t i = 0; i < kLevels; ++i) {
    nested += R"({"module":"keras","class_name":"Sequential","config":{"name":"m","layers":[)";
    end += "]}}";
  }
  check_refused(archive(folder, nested + end), "deeper than 256 levels");
  const std::string config = member(folder, "config.json");
  std::string deep;
  for (std::size_t i = 0; i < kLevels; ++i) deep += "{\"a\":";
  check_refused(archive(folder, replaced(config, "\"units\": 2", "\"units\": " + deep)),
                "deeper than 256 levels");

  for (const char* text : {"3", "null", "\"text\"", "[]", "{}", "{\"class_name\": 3}",
                           "{\"class_name\": \"Functional\", \"config\": []}",
                           "{\"class_name\": \"Functional\", \"config\": {\"layers\": {}}}",
                           "{\"a\": 1, \"a\": 2}", "{\"a\": 1e999}", "{} {}", "{\"\xff\": 1}"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(load_model(archive(folder, text)), FileError);
  }
  const std::pair<const char*, const char*> rows[] = {
      {"\"units\": 2", "\"units\": [2]"},
      {"\"use_bias\": true", "\"use_bias\": \"yes\""},
      {"\"layers\": [", "\"layers\": [3, "},
      {"\"inbound_nodes\": [", "\"inbound_nodes\": [7, "},
      {"\"input_layers\": [", "\"input_layers\": [[], "},
      {"\"output_layers\": [\"last\", 0, 0]", "\"output_layers\": {\"y\": 4}"},
      {"\"output_layers\": [\"last\", 0, 0]", "\"output_layers\": [\"last\", 0, 7]"},
      {"\"output_layers\": [\"last\", 0, 0]", "\"output_layers\": [\"last\", -1, 0]"},
      {"\"output_layers\": [\"last\", 0, 0]", "\"output_layers\": [\"last\", 99999999999, 0]"},
  };
  for (const auto& [from, to] : rows) {
    CAPTURE(to);
    CHECK_THROWS_AS(load_model(archive(folder, replaced(config, from, to))), FileError);
  }
}

TEST_CASE("hostile files: graphs with cycles, or without what they name") {
  const TemporaryFolder folder;
  const std::string config = member(folder, "config.json");
  const char* cycle = "the graph has a cycle, or lacks a layer";
  // "first" on the result of "last", which is on that of "first"; "first" on its own.
  check_refused(archive(folder, replaced(config, "\"keras_history\": [\"x\", 0, 0]",
                                         "\"keras_history\": [\"last\", 0, 0]")),
                cycle);
  check_refused(archive(folder, replaced(config, "\"keras_history\": [\"x\", 0, 0]",
                                         "\"keras_history\": [\"first\", 0, 0]")),
                cycle);
  check_refused(archive(folder, replaced(config, "\"keras_history\": [\"x\", 0, 0]",
                                         "\"keras_history\": [\"x\", 5, 0]")),
                cycle);
  check_refused(archive(folder, replaced(config, "\"keras_history\": [\"x\", 0, 0]",
                                         "\"keras_history\": [\"z\", 0, 0]")),
                "which the model does not have");
  check_refused(archive(folder, replaced(config, "\"keras_history\": [\"x\", 0, 0]",
                                         "\"keras_history\": [\"x\", -1, 0]")),
                "is no [layer, call, result]");
}

TEST_CASE("hostile files: code is never run") {
  const TemporaryFolder folder;
  const std::string config = member(folder, "config.json");
  const char* never = "which is never run";
  const std::string code =
      R"({"class_name": "__lambda__", "config": {"value": "4wEAAAAAAAAAAAAAAAEAAAAC", "defaults": null,)"
      R"( "closure": null}})";
  const auto as = [&](const std::string& from, const std::string& to) {
    return archive(folder, replaced(config, from, to));
  };
  for (const char* name : {"Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper"}) {
    check_refused(as("\"class_name\": \"Dense\"", fmt::format("\"class_name\": \"{}\"", name)),
                  never);
  }
  const char* activation = "\"activation\": \"linear\"";
  for (const std::string& other :
       {code,
        std::string(R"({"module": "builtins", "class_name": "function", "config": "system",)"
                    R"( "registered_name": "function"})"),
        std::string(
            R"({"module": "os", "class_name": "system", "config": {"command": "touch x"}})"),
        std::string("\"system\"")}) {
    CAPTURE(other);
    CHECK_THROWS_AS(load_model(as(activation, "\"activation\": " + other)), FileError);
  }
  // A class of a module of the machine that wrote it.
  check_refused(as("\"module\": \"keras.layers\", \"class_name\": \"Dense\"",
                   "\"module\": \"os\", \"class_name\": \"Dense\""),
                "keratin has no layer \"Dense\" of module \"os\"");
}

TEST_CASE("JSON: limits and what Python writes") {
  CHECK(saving::dump_json(saving::parse_json("t", "[NaN, -Infinity, 1.0, \"\\u00e9\"]")) ==
        "[NaN, -Infinity, 1.0, \"\\u00e9\"]");
  CHECK_THROWS_WITH_AS(saving::parse_json("t", "[1,\n 2, x]"), Contains("t: line 2, column"),
                       FileError);
  CHECK_THROWS_WITH_AS(saving::parse_json("t", "[1, 2, 3]", {.max_values = 2}),
                       Contains("more than 2 values"), FileError);
  CHECK_THROWS_WITH_AS(saving::parse_json("t", "[99999999999999999999]"),
                       Contains("more than 64 bits"), FileError);
}

}  // namespace keratin::tests
