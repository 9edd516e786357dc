// Folders that are not as they should be: bad files, links, options, what is missing.
#include <set>

#include "data/directories/text_dataset.h"
#include "tests/data/directories.h"

namespace keratin::tests {
namespace {

namespace fs = std::filesystem;
using data::image_dataset_from_directory, data::ImageDirectoryOptions;
using data::text_dataset_from_directory;
using doctest::Contains;

TEST_CASE("directories: a bad file is an error in its place, or left out and counted") {
  const TemporaryFolder folder;
  make_images(folder);
  write_file(folder / "b/1.png", "this is text");                    // row 6
  write_file(folder / "b/2.png", plain_png(2, 3, 9).substr(0, 30));  // row 7
  ImageDirectoryOptions options = quiet();
  options.shuffle = false;
  options.batch_size = 3;
  for (const int count : {1, 4}) {
    const Threads threads(count);
    options.on_bad_files = "error";
    data::Iterator batches = image_dataset_from_directory(folder.path(), options).begin();
    CHECK(batches.next().has_value());
    CHECK(batches.next().has_value());
    CHECK_THROWS_WITH_AS(batches.next(),
                         Contains(("image_dataset_from_directory: " + (folder / "b/1.png") +
                                   " (row 6 of 12): not an image that keratin reads: it is text")
                                      .c_str()),
                         FileError);
    CHECK(!batches.next().has_value());

    options.on_bad_files = "skip";
    options.bad_files = std::make_shared<data::BadFiles>();
    const Dataset dataset = image_dataset_from_directory(folder.path(), options);
    CHECK(dataset.cardinality() == data::kUnknown);
    for (int pass = 0; pass < 2; ++pass) {
      const Seen all = seen(dataset, pass);
      CHECK(all.values == std::vector<int>{0, 1, 2, 3, 4, 5, 8, 9, 10, 11});
      CHECK(all.labels == std::vector<int>{0, 0, 0, 0, 0, 1, 1, 2, 2, 2});
      CHECK(all.batches == std::vector<std::int64_t>{3, 3, 3, 1});
    }
    CHECK(seen(dataset, 0, 2).values == std::vector<int>{8, 9, 10, 11});
    REQUIRE(options.bad_files->count() == 2);
    std::set<std::string> paths;
    for (const auto& entry : options.bad_files->entries()) paths.insert(entry.path);
    CHECK(paths == std::set<std::string>{folder / "b/1.png", folder / "b/2.png"});
  }
}

TEST_CASE("directories: a pass that is dropped early stops, and files may go meanwhile") {
  const TemporaryFolder folder;
  make_images(folder);
  ImageDirectoryOptions options = quiet();
  options.shuffle = false;
  options.batch_size = 1;
  const Dataset dataset = image_dataset_from_directory(folder.path(), options);
  for (int i = 0; i < 20; ++i) {
    data::Iterator batches = dataset.begin();
    if (i % 2 == 0) CHECK(batches.next().has_value());
  }
  fs::remove(folder / "a/0.png");
  CHECK_THROWS_WITH_AS(dataset.begin().next(),
                       Contains("a/0.png (row 0 of 12): there is no such file"), FileError);
  fs::create_directories(folder / "a/0.png");
  CHECK_THROWS_WITH_AS(dataset.begin().next(), Contains("is no regular file"), FileError);
}

TEST_CASE("directories: links") {
  const TemporaryFolder folder;
  make_images(folder);
  fs::create_directory_symlink(folder / "a", folder / "b/up");
  fs::create_symlink(folder / "nowhere", folder / "c/lost.png");
  ImageDirectoryOptions options = quiet();
  options.shuffle = false;
  CHECK(image_dataset_from_directory(folder.path(), options).file_paths().size() == 13);
  options.follow_links = true;
  const Dataset followed = image_dataset_from_directory(folder.path(), options);
  CHECK(followed.file_paths().size() == 18);
  CHECK_THROWS_WITH_AS(seen(followed), Contains("c/lost.png (row 17 of 18): "), FileError);
  fs::create_directory_symlink(folder / "b", folder / "b/loop");
  CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder.path(), options),
                       Contains("b/loop: a link leads to this folder, which is"), FileError);
  options.on_bad_files = "skip";
  options.bad_files = std::make_shared<data::BadFiles>();
  CHECK(image_dataset_from_directory(folder.path(), options).file_paths().size() == 18);
  CHECK(options.bad_files->count() == 1);
  options.follow_links = false;
  CHECK(image_dataset_from_directory(folder.path(), options).file_paths().size() == 13);
}

struct Mistake {
  const char* name;
  ImageDirectoryOptions options;
  const char* message;
};

TEST_CASE("directories: options that cannot be, before anything is read") {
  const TemporaryFolder folder;
  make_images(folder);
  const std::vector<Mistake> mistakes = {
      {"labels", {.labels = "infer"}, "labels is \"infer\"; expected \"inferred\""},
      {"label_mode", {.label_mode = "one-hot"}, "label_mode is \"one-hot\"; expected int"},
      {"class_names", {.class_names = {"a", "d"}}, "class_names has \"d\", which is no folder of"},
      {"class_names twice", {.class_names = {"a", "a"}}, "class_names has a name twice: a, a"},
      {"class_names without labels",
       {.labels = "none", .class_names = {"a"}},
       "class_names go with"},
      {"color_mode", {.color_mode = "gray"}, "color_mode is \"gray\""},
      {"batch_size", {.batch_size = 0}, "batch_size is 0"},
      {"image_size", {.image_size = {0, 5}}, "height 0 and width 5"},
      {"image_size, large", {.image_size = {1 << 20, 1 << 20}}, "image_size is 1048576 x 1048576"},
      {"seed", {.seed = -1}, "seed is -1; expected 0 to 4294967295"},
      {"split",
       {.seed = 1, .validation_split = 1.0, .subset = "training"},
       "validation_split is 1; expected"},
      {"split without subset",
       {.seed = 1, .validation_split = 0.2},
       "validation_split and subset go together"},
      {"subset without split",
       {.seed = 1, .subset = "training"},
       "validation_split and subset go together"},
      {"subset", {.seed = 1, .validation_split = 0.2, .subset = "test"}, "subset is \"test\""},
      {"no seed", {.validation_split = 0.2, .subset = "training"}, "a seed must be given"},
      {"no validation",
       {.seed = 1, .validation_split = 0.01, .subset = "validation"},
       "leaves none for validation"},
      {"interpolation", {.interpolation = "area"}, "interpolation is \"area\""},
      {"crop and pad", {.crop_to_aspect_ratio = true, .pad_to_aspect_ratio = true}, "choose one"},
      {"on_bad_files", {.on_bad_files = "ignore"}, "on_bad_files is \"ignore\""},
      {"dct_method", {.dct_method = "x"}, "dct_method is \"x\""},
  };
  for (const Mistake& row : mistakes) {
    CAPTURE(row.name);
    ImageDirectoryOptions options = row.options;
    options.verbose = false;
    CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder.path(), options),
                         Contains("image_dataset_from_directory: "), ValueError);
    CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder.path(), options),
                         Contains(row.message), ValueError);
  }
  CHECK_THROWS_AS(data::image_datasets_from_directory(folder.path(), {.subset = "training"}),
                  ValueError);
  CHECK_THROWS_AS(data::image_datasets_from_directory(folder.path(), {.seed = 1}), ValueError);
}

TEST_CASE("directories: folders without what is needed") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder / "no", quiet()),
                       Contains("no: there is no such folder"), FileError);
  CHECK_THROWS_WITH_AS(
      image_dataset_from_directory(folder.path(), quiet()),
      Contains("no image files found; expected .bmp .gif .jpeg .jpg .png. It has no folders"),
      FileError);
  write_file(folder / "x.png", plain_png(1, 1, 1));
  CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder.path(), quiet()),
                       Contains("set labels = \"none\""), FileError);
  CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder / "x.png", quiet()),
                       Contains("is not a folder"), FileError);
  make_images(folder);
  fs::create_directories(folder / "empty");
  CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder.path(), quiet()),
                       Contains("no image file in the folder of class empty"), FileError);
  ImageDirectoryOptions options = quiet();
  options.class_names = {"a", "b", "empty", "c"};  // said to be meant
  options.shuffle = false;
  CHECK(seen(image_dataset_from_directory(folder.path(), options)).labels.back() == 3);
  CHECK_THROWS_WITH_AS(text_dataset_from_directory(folder.path(), {.verbose = false}),
                       Contains("text_dataset_from_directory: "), FileError);
}

}  // namespace
}  // namespace keratin::tests
