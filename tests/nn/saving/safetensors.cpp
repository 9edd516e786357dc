// Weights in .safetensors files; against Python's reader: tests/interop.
#include "nn/saving/safetensors.h"

#include <algorithm>
#include <cstring>

#include "keratin.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.spec() == b.spec() &&
         std::memcmp(a.raw(), b.raw(), static_cast<std::size_t>(a.bytes())) == 0;
}

Sequential made(std::int64_t units) {
  return Sequential({Input({.shape = {3}}), layers::Dense({.units = units, .name = "any"}),
                     layers::BatchNormalization(), layers::Dense({.units = 1})});
}

}  // namespace

TEST_CASE("safetensors: tensors of all types, and back") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  Named<Tensor> tensors;
  for (const DType dtype : {float32, float64, bfloat16, uint8, int32, int64, boolean}) {
    tensors[std::string(name_of(dtype))] = cast(Tensor::numbers({1, 0, 2, 3, 5, 1}, {2, 3}), dtype);
  }
  tensors["scalar"] = Tensor::scalar(2.5);
  tensors["empty"] = zeros({3, 0});
  saving::write_safetensors(path, tensors, {{"made", "here"}});
  const saving::Safetensors read = saving::read_safetensors(path);
  REQUIRE(read.tensors.size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    CAPTURE(name);
    CHECK(same_bits(tensor, read.tensors.at(name)));
  }
  CHECK(read.metadata.at("made") == "here");
  const std::string bytes = read_file(path);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK(length % 8 == 0);
  CHECK_THROWS_AS(saving::write_safetensors(path, {{"t", Tensor::strings({"a"})}}), DTypeError);
  CHECK(read_file(path) == bytes);
}

TEST_CASE("safetensors: what is broken or lies is refused, by name") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors", eight(8, '\0');
  const auto one = [](const std::string& shape, const std::string& offsets) {
    return R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  CHECK(saving::read_safetensors(write_file(path, file_of(one("[2]", "[0,8]"), eight)))
            .tensors.at("a")
            .shape() == Shape{2});
  const std::tuple<std::string, std::string, const char*> rows[] = {
      {one("[3]", "[0,8]"), eight, "takes 12 bytes; its data are 8"},
      {one("[2]", "[0,16]"), eight, "out of 8 bytes"},
      {one("[2]", "[8,0]"), eight, "\"a\""},
      {one("[1]", "[4,8]"), eight, "its data begin at 4; expected 0"},
      {one("[1]", "[0,4]"), eight, "its header tells of 4"},
      {one("[-2]", "[0,8]"), eight, "is no size"},
      {one("[4294967296,4294967296]", "[0,8]"), eight, "more bytes than any file has"},
      {one("[2]", "[0,8,9]"), eight, "two data_offsets"},
      {R"({"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})", eight, "F8_E4M3"},
      {R"({"a":{"dtype":"BOOL","shape":[8],"data_offsets":[0,8]}})", std::string(8, '\2'),
       "BOOL with a value 2"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
       std::string(6, '\0'), "its data begin at 2; expected 4"},
      {R"({"a":1,"a":2})", "", "twice"},
      {"[1]", "", "does not begin with {"},
      {std::string(100'000, '{'), "", "header"},
      {R"({"a":{"dtype":)" + std::string(100'000, '['), "", "deeper than 4 levels"},
  };
  for (const auto& [header, data, text] : rows) {
    CAPTURE(text);
    write_file(path, file_of(header, data));
    CHECK_THROWS_WITH_AS(saving::read_safetensors(path), Contains(text), FileError);
  }
  CHECK_THROWS_WITH_AS(saving::read_safetensors(write_file(path, "short")),
                       Contains("no safetensors file"), FileError);
  CHECK_THROWS_WITH_AS(saving::read_safetensors(write_file(path, std::string(100, '\x7f'))),
                       Contains("truncated"), FileError);
  CHECK_THROWS_AS(saving::read_safetensors(folder / "none.safetensors"), FileError);
  const std::string good = file_of(one("[2]", "[0,8]"), eight);
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_THROWS_AS(saving::read_safetensors(write_file(path, good.substr(0, size))), FileError);
  }
}

TEST_CASE("safetensors: weights of models, whole or not at all") {
  const TemporaryFolder folder;
  const std::string path = folder / "w.safetensors";
  Sequential model = made(2), same = made(2), wide = made(5);
  model.save_weights(path);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : saving::read_safetensors(path).tensors) names.push_back(name);
  std::sort(names.begin(), names.end());
  CHECK(names.front() == "layers/batch_normalization/vars/0");
  CHECK(names.back() == "layers/dense_1/vars/1");
  CHECK(names.size() == model.weights().size());
  same.load_weights(path);
  for (std::size_t i = 0; i < model.weights().size(); ++i) {
    CHECK(same_bits(model.get_weights()[i], same.get_weights()[i]));
  }

  const std::vector<Tensor> before = wide.get_weights();
  CHECK_THROWS_WITH_AS(wide.load_weights(path), Contains("the file has shape [3, 2]"), FileError);
  Sequential shorter({Input({.shape = {3}}), layers::Dense({.units = 2})});
  CHECK_THROWS_WITH_AS(shorter.load_weights(path), Contains("for which the model has no place"),
                       FileError);
  Sequential longer({Input({.shape = {3}}), layers::Dense({.units = 2}),
                     layers::BatchNormalization(), layers::Dense({.units = 1}),
                     layers::Dense({.units = 1})});
  CHECK_THROWS_WITH_AS(longer.load_weights(path), Contains("has 2 variables, the file has 0"),
                       FileError);
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(same_bits(before[i], wide.get_weights()[i]));
  }
  longer.load_weights(path, true);  // what fits
  CHECK(same_bits(longer.get_weights()[0], model.get_weights()[0]));

  Named<Tensor> others = saving::read_safetensors(path).tensors;
  others.erase("layers/dense/vars/1");
  others["layers/dense/vars/7"] = zeros({2});
  saving::write_safetensors(path, others);
  CHECK_THROWS_WITH_AS(same.load_weights(path), Contains("has no \"layers/dense/vars/1\""),
                       FileError);
  CHECK_THROWS_WITH_AS(same.save_weights(folder / "w.bin"),
                       Contains("must end with \".weights.h5\" or \".safetensors\""), ValueError);
  CHECK_THROWS_WITH_AS(same.load_weights(folder / "w.bin"), Contains("must end with"), ValueError);
}

}  // namespace keratin::tests
