#include "data/datasets/mnist.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <vector>

#include "data/download.h"
#include "data/idx.h"

namespace keratin::data::datasets {
namespace {

struct File {
  const char* name;
  const char* sha256;  // of name.gz
};

struct Origin {
  const char* name;
  std::vector<std::string> mirrors;
  std::array<File, 4> files;  // training images and labels, test images and labels
};

std::string find(const Origin& origin, const File& file, const std::string& directory) {
  if (directory.empty()) {
    std::vector<std::string> urls;
    for (const std::string& mirror : origin.mirrors)
      urls.push_back(fmt::format("{}{}.gz", mirror, file.name));
    return download({.path = fmt::format("{}/{}.gz", origin.name, file.name),
                     .urls = std::move(urls),
                     .sha256 = file.sha256,
                     .advice = fmt::format("With the four files in a folder, use {}({{.directory = "
                                           "\"FOLDER\"}}).",
                                           origin.name)});
  }
  const std::filesystem::path folder(directory);
  std::error_code error;
  for (const char* ending : {"", ".gz"}) {
    const auto path = folder / (std::string(file.name) + ending);
    if (std::filesystem::exists(path, error)) return path.string();
  }
  throw FileError(
      fmt::format("{}: {} has neither {} nor {}.gz{}", origin.name, directory, file.name, file.name,
                  std::filesystem::is_directory(folder, error) ? "" : "; it is no folder"));
}

Part load(const Origin& origin, const File& images, const File& labels,
          const std::string& directory) {
  const std::string x_path = find(origin, images, directory);
  const std::string y_path = find(origin, labels, directory);
  Part part = {.x = read_idx(x_path), .y = read_idx(y_path)};
  const auto require = [&](bool good, const std::string& path, const std::string& problem) {
    if (!good) throw FileError(fmt::format("{}: {}: {}", origin.name, path, problem));
  };
  require(part.x.dtype() == uint8 && part.x.rank() == 3 && part.x.shape()[1] == 28 &&
              part.x.shape()[2] == 28,
          x_path, fmt::format("holds {}; expected images, u8[N, 28, 28]", part.x.spec().text()));
  require(part.y.dtype() == uint8 && part.y.rank() == 1, y_path,
          fmt::format("holds {}; expected labels, u8[N]", part.y.spec().text()));
  require(part.x.shape()[0] == part.y.shape()[0], y_path,
          fmt::format("holds {} labels for the {} images of {}", part.y.shape()[0],
                      part.x.shape()[0], x_path));
  const auto* y = part.y.data<std::uint8_t>();
  const auto* wrong =
      std::find_if(y, y + part.y.size(), [](std::uint8_t label) { return label > 9; });
  require(wrong == y + part.y.size(), y_path,
          fmt::format("label {} is {}; expected 0 to 9", wrong - y,
                      wrong == y + part.y.size() ? 0 : *wrong));
  return part;
}

std::pair<Part, Part> load(const Origin& origin, const std::string& directory) {
  const auto& files = origin.files;
  Part train = load(origin, files[0], files[1], directory);
  Part test = load(origin, files[2], files[3], directory);
  return {std::move(train), std::move(test)};
}

}  // namespace

std::pair<Part, Part> mnist(MnistOptions options) {
  return load({.name = "mnist",
               .mirrors = {"https://ossci-datasets.s3.amazonaws.com/mnist/",
                           "https://storage.googleapis.com/cvdf-datasets/mnist/"},
               .files = {{{"train-images-idx3-ubyte",
                           "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
                          {"train-labels-idx1-ubyte",
                           "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
                          {"t10k-images-idx3-ubyte",
                           "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
                          {"t10k-labels-idx1-ubyte",
                           "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"}}}},
              options.directory);
}

std::pair<Part, Part> fashion_mnist(MnistOptions options) {
  return load({.name = "fashion_mnist",
               .mirrors = {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"},
               .files = {{{"train-images-idx3-ubyte",
                           "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
                          {"train-labels-idx1-ubyte",
                           "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
                          {"t10k-images-idx3-ubyte",
                           "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
                          {"t10k-labels-idx1-ubyte",
                           "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"}}}},
              options.directory);
}

}  // namespace keratin::data::datasets
