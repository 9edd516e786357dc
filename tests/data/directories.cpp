// Folders of images: which files, in which order, and their labels.
#include "tests/data/directories.h"

#include <set>

#include "tensor/resize_images.h"

namespace keratin::tests {
namespace {

namespace fs = std::filesystem;
using data::image_dataset_from_directory, data::ImageDirectoryOptions;
using doctest::Contains;

TEST_CASE("directories: files, classes and labels in order") {
  const TemporaryFolder folder;
  make_images(folder);
  ImageDirectoryOptions options = quiet();
  options.shuffle = false;
  options.batch_size = 5;
  const Dataset dataset = image_dataset_from_directory(folder.path(), options);
  CHECK(dataset.class_names() == Names{"a", "b", "c"});
  CHECK(relative(folder, dataset.file_paths()) ==
        Names{"a/0.png", "a/1.png", "a/2.png", "a/3.png", "a/4.png", "b/0.png", "b/1.png",
              "b/2.png", "b/3.png", "c/0.png", "c/1.png", "c/2.png"});
  CHECK(dataset.cardinality() == 3);
  const Seen all = seen(dataset);
  CHECK(all.values == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(all.labels == std::vector<int>{0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2});
  CHECK(all.batches == std::vector<std::int64_t>{5, 5, 2});
  CHECK(seen(dataset, 7) == all);
  CHECK(seen(dataset, 0, 2).values == std::vector<int>{10, 11});
  CHECK(seen(dataset, 0, 5).values.empty());
  const std::optional<Example> batch = dataset.begin().next();
  CHECK(batch->x.spec() == Spec{{5, 2, 3, 1}, float32});
  CHECK(batch->y.spec() == Spec{{5}, int32});

  options.class_names = {"c", "a"};
  const Dataset some = image_dataset_from_directory(folder.path(), options);
  CHECK(some.class_names() == Names{"c", "a"});
  CHECK(seen(some).values == std::vector<int>{9, 10, 11, 0, 1, 2, 3, 4});
  CHECK(seen(some).labels == std::vector<int>{0, 0, 0, 1, 1, 1, 1, 1});
}

TEST_CASE("directories: kinds of labels") {
  const TemporaryFolder folder;
  make_images(folder);
  ImageDirectoryOptions options = quiet();
  options.shuffle = false;
  options.label_mode = "categorical";
  std::optional<Example> batch =
      image_dataset_from_directory(folder.path(), options).begin().next();
  CHECK(batch->y.spec() == Spec{{12, 3}, float32});
  CHECK(batch->y.slice(4, 6).to_vector<int>() == std::vector<int>{1, 0, 0, 0, 1, 0});
  options.label_mode = "binary";
  CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder.path(), options),
                       Contains("label_mode \"binary\" needs 2 classes"), ValueError);
  options.class_names = {"b", "c"};
  batch = image_dataset_from_directory(folder.path(), options).begin().next();
  CHECK(batch->y.spec() == Spec{{7, 1}, float32});
  CHECK(batch->y.to_vector<int>() == std::vector<int>{0, 0, 0, 0, 1, 1, 1});
  options.class_names = {};
  for (const bool by_labels : {false, true}) {
    options.label_mode = by_labels ? "int" : "none";
    options.labels = by_labels ? "none" : "inferred";
    const Dataset plain = image_dataset_from_directory(folder.path(), options);
    CHECK(plain.class_names().empty());
    CHECK(plain.file_paths().size() == 12);
    CHECK(plain.begin().next()->y.none());
  }
  options.label_mode = "int";
  options.labels = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
  const Dataset given = image_dataset_from_directory(folder.path(), options);
  CHECK(given.class_names() == Names{"0", "1", "2", "3"});
  CHECK(seen(given).labels == std::vector<int>{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3});
  options.labels = std::vector<int>{0, 1};
  CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder.path(), options),
                       Contains("2 labels for 12 files"), ValueError);
  options.labels = std::vector<int>{7, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
  CHECK(seen(image_dataset_from_directory(folder.path(), options)).labels[0] == 7);
  options.label_mode = "categorical";
  CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder.path(), options),
                       Contains("a label is 7; with label_mode \"categorical\" and 5 different"),
                       ValueError);
}

TEST_CASE("directories: single elements") {
  const TemporaryFolder folder;
  make_images(folder);
  ImageDirectoryOptions options = quiet();
  options.shuffle = false;
  options.batch_size = {};
  const Dataset dataset = image_dataset_from_directory(folder.path(), options);
  CHECK(dataset.cardinality() == 12);
  data::Iterator elements = dataset.begin(0, 9);
  const std::optional<Example> element = elements.next();
  CHECK(element->x.spec() == Spec{{2, 3, 1}, float32});
  CHECK(element->x.item<int>({1, 2, 0}) == 90);
  CHECK(element->y.spec() == Spec{{}, int32});
  CHECK(element->y.item<int>() == 2);
  CHECK(seen(dataset.batch(5)).values == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
}

TEST_CASE("directories: nested folders, hidden ones, other files, extensions in any case") {
  const TemporaryFolder folder;
  for (const char* name : {"a/z", "a/m/n", "a-b", ".git", "a/.hidden"})
    fs::create_directories(folder / name);
  for (const char* name :
       {"a/z/1.PNG", "a/m/n/2.JpeG", "a/m/3.gif", "a/9.bmp", "a/b.jpg", "a-b/x.png", "a/notes.txt",
        "a/png", "top.png", ".git/y.png", "a/.hidden/h.png", "a/.k.png"})
    write_file(folder / name, "");
  ImageDirectoryOptions options = quiet();
  options.shuffle = false;
  const Dataset dataset = image_dataset_from_directory(folder.path() + "/", options);
  CHECK(dataset.class_names() == Names{"a", "a-b"});
  CHECK(relative(folder, dataset.file_paths()) == Names{"a/.k.png", "a/9.bmp", "a/b.jpg",
                                                        "a/.hidden/h.png", "a/m/3.gif",
                                                        "a/m/n/2.JpeG", "a/z/1.PNG", "a-b/x.png"});
  options.labels = "none";
  CHECK(image_dataset_from_directory(folder.path(), options).file_paths().size() == 10);
}

TEST_CASE("directories: subsets share no file, whatever the seed; shuffling differs by pass") {
  const TemporaryFolder folder;
  make_images(folder);
  for (const bool shuffle : {false, true}) {
    ImageDirectoryOptions options = quiet();
    options.shuffle = shuffle;
    options.seed = 3;
    options.batch_size = 4;
    options.validation_split = 0.3;
    options.subset = "training";
    const Dataset training = image_dataset_from_directory(folder.path(), options);
    options.subset = "validation";
    const Dataset validation = image_dataset_from_directory(folder.path(), options);
    CHECK(training.file_paths().size() == 9);
    CHECK(validation.file_paths().size() == 3);
    std::set<std::string> all(training.file_paths().begin(), training.file_paths().end());
    all.insert(validation.file_paths().begin(), validation.file_paths().end());
    CHECK(all.size() == 12);
    CHECK(seen(training) == seen(training));
    CHECK((seen(training, 0) == seen(training, 1)) == !shuffle);
    CHECK(seen(validation, 0) == seen(validation, 1));
    // Labels stay with their images, and a pass is resumed where it was.
    const Seen pass = seen(training, 4), rest = seen(training, 4, 1);
    for (std::size_t i = 0; i < pass.values.size(); ++i)
      CHECK(pass.labels[i] == (pass.values[i] < 5 ? 0 : pass.values[i] < 9 ? 1 : 2));
    CHECK(rest.values == std::vector<int>(pass.values.begin() + 4, pass.values.end()));
    options.subset = "both";
    const auto [left, right] = data::image_datasets_from_directory(folder.path(), options);
    CHECK(left.file_paths() == training.file_paths());
    CHECK(right.file_paths() == validation.file_paths());
    CHECK(seen(left, 2) == seen(training, 2));
    CHECK_THROWS_WITH_AS(image_dataset_from_directory(folder.path(), options),
                         Contains("call image_datasets_from_directory"), ValueError);
  }
}

TEST_CASE("directories: bits do not depend on the number of threads") {
  const TemporaryFolder folder;
  make_images(folder);
  ImageDirectoryOptions options = quiet();
  options.seed = 1;
  options.image_size = {31, 17};
  options.batch_size = 2;
  std::vector<float> first;
  for (const int count : {1, 2, 5}) {
    const Threads threads(count);
    std::vector<float> values;
    for (const Example& batch : image_dataset_from_directory(folder.path(), options))
      for (const float value : batch.x.to_vector<float>()) values.push_back(value);
    if (first.empty()) first = values;
    CHECK(values == first);
  }
}

TEST_CASE("directories: resized as resize_images does") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "a");
  const Tensor image = arange(0, 105, 1, uint8).reshaped({5, 7, 3});
  data::write_png(folder / "a/x.png", image);
  for (const bool crop : {false, true}) {
    ImageDirectoryOptions options;
    options.verbose = false;
    options.image_size = {9, 4};
    options.crop_to_aspect_ratio = crop;
    const Tensor batch = image_dataset_from_directory(folder.path(), options).begin().next()->x;
    const Tensor expected = resize_images(image, {.size = {9, 4}, .crop_to_aspect_ratio = crop});
    CHECK(batch[0].to_vector<float>() == expected.to_vector<float>());
  }
}

TEST_CASE("directories: class_names and file_paths stay through every operation") {
  const TemporaryFolder folder;
  make_images(folder);
  const Dataset dataset = image_dataset_from_directory(folder.path(), quiet());
  const std::vector<Dataset> all = {
      dataset.take(1),
      dataset.skip(1),
      dataset.repeat(2),
      dataset.prefetch(1),
      dataset.shuffle(2),
      dataset.batch(2),
      dataset.map([](Example e) { return e; }),
      dataset.map([](Example e) { return e; }, {.num_parallel_calls = 2}),
      dataset.filter([](const Example&) { return true; }).take(1).prefetch(2)};
  for (const Dataset& one : all) {
    CHECK(one.class_names() == Names{"a", "b", "c"});
    CHECK(one.file_paths() == dataset.file_paths());
  }
  CHECK_THROWS_WITH_AS(slices(3).class_names(), Contains("was not made from a directory"),
                       ValueError);
  CHECK_THROWS_AS(slices(3).file_paths(), ValueError);
}

}  // namespace
}  // namespace keratin::tests
