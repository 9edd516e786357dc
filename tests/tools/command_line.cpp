// The program `keratin`, started as a person would.
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "keratin.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

struct Ran {
  int status = -1;
  std::string out = {}, err = {};
};

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

Ran run(const TemporaryFolder& folder, const std::vector<std::string>& arguments) {
  std::string line = "COLUMNS=100 " + quoted(KERATIN_PROGRAM);
  for (const std::string& argument : arguments) line += " " + quoted(argument);
  line += fmt::format(" >{} 2>{}", quoted(folder / "out"), quoted(folder / "err"));
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder / "out"),
          read_file(folder / "err")};
}

// The weights of the one Dense layer, that results can be told.
Model linear(const std::vector<float>& kernel, std::int64_t units, const char* activation) {
  const auto n = static_cast<std::int64_t>(kernel.size()) / units;
  Sequential model({Input({.shape = {n}}),
                    layers::Dense({.units = units, .activation = activation, .name = "head"})});
  model.set_weights({Tensor::from(kernel, {n, units}), zeros({units})});
  return model;
}

}  // namespace

TEST_CASE("command line: summary, help, and what is wrong") {
  const TemporaryFolder folder;
  linear({1, 2}, 1, "linear").save(folder / "m.keras");
  Ran ran = run(folder, {"summary", folder / "m.keras"});
  CHECK(ran.status == 0);
  CHECK(has(ran.out, "head (Dense)"));
  CHECK(has(ran.out, "Total params: 3"));
  CHECK(run(folder, {"--version"}).out == fmt::format("keratin {}\n", version()));
  ran = run(folder, {"predict", "--help"});
  CHECK(ran.status == 0);
  CHECK(has(ran.out, "--labels"));

  const struct {
    std::vector<std::string> arguments;
    const char* message;
  } rows[] = {
      {{}, "subcommand"},
      {{"summary"}, "model"},
      {{"guess", "m.keras"}, "Run with --help"},
      {{"summary", "none.keras"}, "keratin: load_model: none.keras: there is no such file"},
      {{"summary", "none.txt"}, "must end with \".keras\""},
      {{"predict", folder / "m.keras", "none.csv"}, "predict: \"none.csv\" is nothing that"},
      {{"predict", folder / "m.keras", "1,2,3"}, "3 numbers; the model takes 2"},
      {{"diff", folder / "m.keras", "x.pt"}, "diff: x.pt: the name must end with"},
      {{"export", folder / "m.keras"}, "onnx is required"},
      {{"export", "none.keras", "m.onnx"}, "load_model: none.keras: there is no such file"},
      {{"export", folder / "m.keras", "m.pb"}, "export: m.pb: the name must end with .onnx"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message);
    ran = run(folder, row.arguments);
    CHECK(ran.status == 2);
    CHECK(ran.out.empty());
    CHECK(has(ran.err, row.message));
  }
}

TEST_CASE("command line: predict on numbers, tables by position and by name") {
  const TemporaryFolder folder;
  linear({1, 10}, 1, "linear").save(folder / "m.keras");
  CHECK(has(run(folder, {"predict", folder / "m.keras", "2, 3"}).out, "32"));
  write_file(folder / "x.csv", "1,2\n3,4\n5,5\n");
  Ran ran = run(folder, {"predict", folder / "m.keras", folder / "x.csv"});
  CHECK(has(ran.out, "│ row 1 │ 21 "));
  CHECK(has(ran.out, "│ row 2 │ 43 "));
  write_file(folder / "x.csv", "a,b\n5,6\n");
  ran = run(folder, {"predict", folder / "m.keras", folder / "x.csv"});
  CHECK(has(ran.out, "│ row 1 │ 65 "));
  write_file(folder / "x.csv", "a,b,c\n5,6,7\n");
  ran = run(folder, {"predict", folder / "m.keras", folder / "x.csv"});
  CHECK(ran.status == 2);
  CHECK(has(ran.err, "the table has 3 columns; the model takes 2 numbers a row"));

  const auto age = Input({.shape = {1}, .name = "age"});
  const auto kind = Input({.shape = {1}, .dtype = string, .name = "kind"});
  const layers::StringLookup lookup({.vocabulary = {"cat", "dog"}, .output_mode = "one_hot"});
  Model table({{"age", age}, {"kind", kind}}, layers::Concatenate()({age, lookup(kind)}));
  table.save(folder / "table.keras");
  write_file(folder / "x.csv", "kind,label,age\ndog,1,7\ncow,0,3\n");
  ran = run(folder, {"predict", folder / "table.keras", folder / "x.csv"});
  CHECK(ran.err == "");
  CHECK(has(ran.out, "│ row 1 │ 7 0 0 1 "));
  CHECK(has(ran.out, "│ row 2 │ 3 1 0 0 "));
  write_file(folder / "x.csv", "kind\ndog\n");
  CHECK(has(run(folder, {"predict", folder / "table.keras", folder / "x.csv"}).err, "age"));
}

TEST_CASE("command line: predict on texts and photos") {
  const TemporaryFolder folder;
  const auto text = Input({.shape = {1}, .dtype = string});
  Model(text, layers::StringLookup({.vocabulary = {"good", "bad"}})(text)).save(folder / "t.keras");
  Ran ran = run(folder, {"predict", folder / "t.keras", "bad", "so so"});
  CHECK(has(ran.out, "│ bad   │ 2 "));
  CHECK(has(ran.out, "│ so so │ 0 "));

  // Top classes of the mean of an image that is resized to the model's size.
  Sequential photo({Input({.shape = {4, 4, 3}}), layers::Rescaling({.scale = 1.0 / 255}),
                    layers::GlobalAveragePooling2D(),
                    layers::Dense({.units = 3, .activation = "softmax"})});
  photo.set_weights({Tensor::numbers({9, 0, 0, 0, 9, 0, 0, 0, 9}, {3, 3}), zeros({3})});
  photo.save(folder / "photo.keras");
  Tensor pixels = zeros({6, 8, 3}, uint8);
  for (std::int64_t i = 1; i < pixels.size(); i += 3) pixels.mutable_data<std::uint8_t>()[i] = 255;
  data::write_png(folder / "green.png", pixels);
  write_file(folder / "names", "red\ngreen\nblue\n");
  ran = run(folder, {"predict", folder / "photo.keras", folder / "green.png", "--top", "2",
                     "--labels", folder / "names"});
  CHECK(ran.err == "");
  CHECK(has(ran.out, "green.png"));
  CHECK(has(ran.out, "green 100.0%, red 0.0% "));
  write_file(folder / "names", "red\ngreen\n");
  CHECK(has(run(folder, {"predict", folder / "photo.keras", folder / "green.png", "--labels",
                         folder / "names"})
                .err,
            "2 labels for a model of 3 classes"));
}

TEST_CASE("command line: diff") {
  const TemporaryFolder folder;
  linear({1, 2}, 1, "linear").save(folder / "a.keras");
  linear({1, 2.5}, 1, "linear").save(folder / "b.keras");
  linear({1, 2}, 1, "relu").save(folder / "c.keras");
  linear({1, 2, 3}, 1, "linear").save(folder / "d.keras");
  Ran ran = run(folder, {"diff", folder / "a.keras", folder / "a.keras"});
  CHECK(ran.status == 0);
  CHECK(ran.out == "0 weights differ, 2 are the same; 0 options differ\n");
  ran = run(folder, {"diff", folder / "a.keras", folder / "b.keras"});
  CHECK(ran.status == 1);
  CHECK(has(ran.out, "│ head/kernel "));
  CHECK(has(ran.out, " 0.5 │     0.354 │     0.224 │"));
  CHECK(has(ran.out, "1 weights differ, 1 are the same; 0 options differ\n"));
  CHECK(
      run(folder, {"diff", folder / "a.keras", folder / "b.keras", "--tolerance", "0.5"}).status ==
      0);
  ran = run(folder, {"diff", folder / "a.keras", folder / "c.keras"});
  CHECK(ran.status == 1);
  CHECK(has(ran.out, "activation"));
  ran = run(folder, {"diff", folder / "a.keras", folder / "d.keras"});
  CHECK(ran.status == 1);
  CHECK(has(ran.out, "f32[2, 1] | f32[3, 1]"));
}

TEST_CASE("command line: export") {
  const TemporaryFolder folder;
  const Model model = linear({1, 2}, 1, "linear");
  model.save(folder / "m.keras");
  export_onnx(model, folder / "expected.onnx");
  Ran ran = run(folder, {"export", folder / "m.keras", folder / "m.onnx"});
  CHECK(ran.status == 0);
  CHECK(ran.err == "");
  const std::string written = read_file(folder / "m.onnx");
  CHECK(ran.out == fmt::format("{}: {} bytes\n", folder / "m.onnx", written.size()));
  CHECK(written == read_file(folder / "expected.onnx"));

  // What can't be exported leaves a file that was there.
  const auto image = Input({.shape = {4, 4, 3}});
  Model(image, layers::Resizing({.height = 2, .width = 2, .name = "small"})(image))
      .save(folder / "m.keras");
  ran = run(folder, {"export", folder / "m.keras", folder / "m.onnx"});
  CHECK(ran.status == 2);
  CHECK(ran.out.empty());
  CHECK(has(ran.err, "keratin: export_onnx: Resizing \"small\": it resizes or crops"));
  CHECK(read_file(folder / "m.onnx") == written);
}

}  // namespace keratin::tests
