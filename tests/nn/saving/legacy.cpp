// Files of Keras from before `.keras`, put together here; those that Keras writes: tests/interop.
#include "nn/saving/legacy.h"

#include <hdf5.h>

#include "data/zip.h"
#include "keratin.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;

// An HDF5 file with what the library's own writer has no need of: lists of strings.
class LegacyFile {
 public:
  explicit LegacyFile(const std::string& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)),
        creation_(H5Pcreate(H5P_LINK_CREATE)) {
    H5Pset_create_intermediate_group(creation_, 1);
  }
  ~LegacyFile() {
    H5Pclose(creation_);
    H5Fclose(file_);
  }
  LegacyFile(const LegacyFile&) = delete;
  LegacyFile& operator=(const LegacyFile&) = delete;

  void text(const std::string& name, const std::string& value) {
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, value.size());
    attribute(file_, name, type, space, value.data());
  }
  // An empty list is one of floats, as h5py writes it.
  void texts(const std::string& group, const std::string& name,
             const std::vector<std::string>& values) {
    const hid_t object =
        group == "/" ? H5Gopen2(file_, "/", H5P_DEFAULT)
        : H5Lexists(file_, group.c_str(), H5P_DEFAULT) > 0
            ? H5Gopen2(file_, group.c_str(), H5P_DEFAULT)
            : H5Gcreate2(file_, group.c_str(), creation_, H5P_DEFAULT, H5P_DEFAULT);
    constexpr std::size_t kWidth = 64;
    std::string bytes;
    for (std::string value : values) {
      value.resize(kWidth, '\0');
      bytes += value;
    }
    const hsize_t count = values.size();
    const hid_t type = H5Tcopy(values.empty() ? H5T_NATIVE_DOUBLE : H5T_C_S1);
    if (!values.empty()) H5Tset_size(type, kWidth);
    attribute(object, name, type, H5Screate_simple(1, &count, nullptr), bytes.data());
    H5Gclose(object);
  }
  void dataset(const std::string& path, const Tensor& values) {
    std::vector<hsize_t> sizes(values.shape().begin(), values.shape().end());
    const hid_t space = H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr);
    const hid_t set = H5Dcreate2(file_, path.c_str(), H5T_NATIVE_FLOAT, space, creation_,
                                 H5P_DEFAULT, H5P_DEFAULT);
    REQUIRE(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.raw()) >= 0);
    H5Dclose(set);
    H5Sclose(space);
  }

 private:
  static void attribute(hid_t object, const std::string& name, hid_t type, hid_t space,
                        const void* values) {
    const hid_t made = H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
    REQUIRE(H5Awrite(made, type, values) >= 0);
    H5Aclose(made);
    H5Sclose(space);
    H5Tclose(type);
  }

  hid_t file_, creation_;
};

Sequential small() {
  return Sequential({Input({.shape = {3}}), layers::Dense({.units = 2, .name = "first"}),
                     layers::BatchNormalization({.name = "norm"}), layers::ReLU({.name = "relu"}),
                     layers::Dense({.units = 1, .name = "last"})},
                    "small");
}

// Weights that are not their first values; none below 0, as variances are none.
void randomize(Model& model) {
  std::vector<Tensor> weights;
  for (const Tensor& weight : model.get_weights()) {
    weights.push_back(
        abs(Tensor::from(normal_values(weight.size(), 3 + weights.size()), weight.shape())));
  }
  model.set_weights(weights);
}

// The layers' weights, `root` "" or "/model_weights".
void add_weights(LegacyFile& file, const std::string& root, const Model& model) {
  std::vector<std::string> names;
  for (const LayerRef& layer : model.layers()) names.push_back(layer.name());
  file.texts(root.empty() ? "/" : root, "layer_names", names);
  for (const LayerRef& layer : model.layers()) {
    std::vector<std::string> weights;
    for (const Variable& variable : layer.weights()) {
      weights.push_back(layer.name() + "/" + variable.name());
      file.dataset(fmt::format("{}/{}/{}", root, layer.name(), weights.back()), variable.value());
    }
    file.texts(root + "/" + layer.name(), "weight_names", weights);
  }
}

std::string config_of(const Model& model, const TemporaryFolder& folder) {
  model.save(folder / "model.keras");
  return std::string(data::ZipReader("test", folder / "model.keras").read("config.json").text());
}

void check_same(Model& a, Model& b) {
  const Tensor x = Tensor::from(normal_values(12, 1), {4, 3});
  CHECK(max_abs_difference(a.predict(x, {.verbose = 0}), b.predict(x, {.verbose = 0})) == 0);
}

}  // namespace

TEST_CASE("legacy files: a whole model") {
  const TemporaryFolder folder;
  Sequential model = small();
  randomize(model);
  {
    LegacyFile file(folder / "m.h5");
    file.text("keras_version", "3.15.1");
    file.text("model_config", config_of(model, folder));
    file.text("training_config",
              R"({"loss": "mse", "loss_weights": null, "metrics": ["mae"], "optimizer_config":
                  {"class_name": "SGD", "config": {"name": "sgd", "learning_rate": 0.25}}})");
    add_weights(file, "/model_weights", model);
    file.texts("/model_weights/top_level_model_weights", "weight_names", {});
  }
  Model loaded = load_model(folder / "m.h5");
  check_same(model, loaded);
  REQUIRE(loaded.compiled());
  CHECK(loaded.optimizer().name() == "sgd");
  CHECK(!load_model(folder / "m.h5", {.compile = false}).compiled());
  // Its weights alone.
  Sequential other = small();
  other.load_weights(folder / "m.h5");
  check_same(model, other);
}

TEST_CASE("legacy files: weights, and what does not fit") {
  const TemporaryFolder folder;
  Sequential model = small();
  randomize(model);
  {
    LegacyFile file(folder / "w.h5");
    add_weights(file, "", model);
  }
  Sequential same = small();
  same.load_weights(folder / "w.h5");
  check_same(model, same);
  // Other names: by order.
  Sequential renamed({Input({.shape = {3}}), layers::Dense({.units = 2}),
                      layers::BatchNormalization(), layers::Dense({.units = 1})});
  renamed.load_weights(folder / "w.h5");
  for (std::size_t i = 0; i < model.get_weights().size(); ++i) {
    CHECK(max_abs_difference(model.get_weights()[i], renamed.get_weights()[i]) == 0);
  }

  const std::vector<Tensor> before = same.get_weights();
  Sequential wide({Input({.shape = {3}}), layers::Dense({.units = 5}), layers::BatchNormalization(),
                   layers::Dense({.units = 1})});
  CHECK_THROWS_WITH_AS(wide.load_weights(folder / "w.h5"), Contains("the file has shape [3, 2]"),
                       FileError);
  Sequential shorter({Input({.shape = {3}}), layers::Dense({.units = 2})});
  CHECK_THROWS_WITH_AS(shorter.load_weights(folder / "w.h5"),
                       Contains("1 layers with weights, the file has 3"), FileError);
  CHECK_THROWS_WITH_AS(load_model(folder / "w.h5"), Contains("holds weights alone"), FileError);
  {
    LegacyFile file(folder / "old.h5");
    file.text("keras_version", "2.4.0");
    file.text("model_config", config_of(model, folder));
    add_weights(file, "/model_weights", model);
  }
  CHECK_THROWS_WITH_AS(load_model(folder / "old.h5"), Contains("was written by Keras 2.4.0"),
                       FileError);
  CHECK_THROWS_AS(load_model(folder / "missing.h5"), FileError);
  CHECK_THROWS_AS(load_model(write_file(folder / "text.h5", "no file")), FileError);
}

}  // namespace keratin::tests
