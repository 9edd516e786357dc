// Folders of images and texts: which files, in which order, their labels, and what goes wrong.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "data/directories/image_dataset.h"
#include "data/directories/text_dataset.h"
#include "data/images/read_image.h"
#include "data/utf8.h"
#include "tensor/random.h"
#include "tensor/resize_images.h"
#include "tests/data/images.h"

namespace keratin::tests {
namespace {

namespace fs = std::filesystem;
using data::image_dataset_from_directory, data::ImageDirectoryOptions;
using data::text_dataset_from_directory, data::TextDirectoryOptions;
using doctest::Contains;
using Names = std::vector<std::string>;

// Gray images of 2 x 3 whose value is their number, in folders a, b, c: 5, 4 and 3 of them.
constexpr int kCounts[] = {5, 4, 3};
void make_images(const TemporaryFolder& folder) {
  int number = 0;
  for (int c = 0; c < 3; ++c) {
    const std::string name(1, static_cast<char>('a' + c));
    fs::create_directories(folder / name);
    for (int i = 0; i < kCounts[c]; ++i) {
      write_file(folder / (name + "/" + std::to_string(i) + ".png"), plain_png(2, 3, 10 * number));
      ++number;
    }
  }
}

ImageDirectoryOptions quiet(ImageDirectoryOptions options = {}) {
  options.verbose = false;
  options.image_size = {2, 3};
  options.color_mode = "grayscale";
  return options;
}

struct Seen {
  std::vector<int> values, labels;
  std::vector<std::int64_t> batches;
  bool operator==(const Seen&) const = default;
};
// The first pixel of each image, divided by 10, and its label.
Seen seen(const Dataset& dataset, std::int64_t pass = 0, std::int64_t skipped = 0) {
  Seen result;
  data::Iterator batches = dataset.begin(pass, skipped);
  while (const std::optional<Example> batch = batches.next()) {
    const Tensor& x = batch->x;
    result.batches.push_back(x.shape()[0]);
    for (std::int64_t i = 0; i < x.shape()[0]; ++i)
      result.values.push_back(x[i].item<int>({0, 0, 0}) / 10);
    if (batch->y.defined())
      for (const int label : batch->y.to_vector<int>()) result.labels.push_back(label);
  }
  return result;
}

Names relative(const TemporaryFolder& folder, const Names& paths) {
  Names names;
  for (const std::string& path : paths) {
    REQUIRE(path.starts_with(folder.path() + "/"));
    names.push_back(path.substr(folder.path().size() + 1));
  }
  return names;
}

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
  CHECK_THROWS_WITH_AS(seen(followed), Contains("c/lost.png (row 15 of 18): "), FileError);
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

TEST_CASE("directories: texts") {
  const TemporaryFolder folder;
  for (const char* name : {"neg", "pos"}) fs::create_directories(folder / name);
  write_file(folder / "neg/1.txt", "bad\r\n");
  write_file(folder / "neg/2.txt", "");
  write_file(folder / "pos/3.TXT", "gut \xc3\xbc");
  write_file(folder / "pos/4.md", "no text");
  TextDirectoryOptions options;
  options.verbose = false, options.shuffle = false;
  Dataset dataset = text_dataset_from_directory(folder.path(), options);
  CHECK(dataset.class_names() == Names{"neg", "pos"});
  const std::optional<Example> batch = dataset.begin().next();
  CHECK(batch->x.spec() == Spec{{3}, string});
  CHECK(batch->x.to_vector<std::string>() == Names{"bad\r\n", "", "gut \xc3\xbc"});
  CHECK(batch->y.to_vector<int>() == std::vector<int>{0, 0, 1});
  options.max_length = 5;
  CHECK(text_dataset_from_directory(folder.path(), options)
            .begin()
            .next()
            ->x.to_vector<std::string>() == Names{"bad\r\n", "", "gut "});
  options.max_length = {};
  options.batch_size = {};
  CHECK(text_dataset_from_directory(folder.path(), options).begin().next()->x.spec() ==
        Spec{{}, string});
  options.batch_size = 32;
  write_file(folder / "pos/5.txt", "caf\xe9 noir");
  CHECK_THROWS_WITH_AS(text_dataset_from_directory(folder.path(), options).begin().next(),
                       Contains("pos/5.txt (row 3 of 4): not UTF-8: byte 3 is 0xe9"), FileError);
  options.encoding_errors = "replace";
  CHECK(text_dataset_from_directory(folder.path(), options)
            .begin()
            .next()
            ->x.to_vector<std::string>()[3] == "caf\xef\xbf\xbd noir");
  options.encoding_errors = "strict", options.on_bad_files = "skip";
  options.bad_files = std::make_shared<data::BadFiles>();
  CHECK(text_dataset_from_directory(folder.path(), options).begin().next()->x.shape() == Shape{3});
  CHECK(options.bad_files->count() == 1);
  options.max_length = -1;
  CHECK_THROWS_WITH_AS(text_dataset_from_directory(folder.path(), options),
                       Contains("max_length is -1"), ValueError);
  options.max_length = {}, options.encoding_errors = "ignore";
  CHECK_THROWS_AS(text_dataset_from_directory(folder.path(), options), ValueError);
}

struct Utf8 {
  const char* name;
  std::string text;
  std::size_t good;
  std::string replaced;
};

TEST_CASE("utf8: well-formed and not") {
  const std::string bad = "\xef\xbf\xbd", ascii = "0123456789abcdef";
  const std::vector<Utf8> rows = {
      {"empty", "", 0, ""},
      {"every length", "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z", 11,
       "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"},
      {"the borders", "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\xe0\xa0\x80\xf0\x90\x80\x80", 17,
       "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\xe0\xa0\x80\xf0\x90\x80\x80"},
      {"a lone continuation", ascii + "\x80z", 16, ascii + bad + "z"},
      {"overlong", "\xc0\x80", 0, bad + bad},
      {"overlong in three", "\xe0\x80\x80", 0, bad + bad + bad},
      {"a surrogate", "a\xed\xa0\x80", 1, "a" + bad + bad + bad},
      {"above U+10FFFF", "\xf4\x90\x80\x80", 0, bad + bad + bad + bad},
      {"cut", "ab\xe2\x82", 2, "ab" + bad},
      {"cut by another", "\xf0\x9f\x98z", 0, bad + "z"},
  };
  for (const Utf8& row : rows) {
    CAPTURE(row.name);
    CHECK(data::well_formed_utf8(row.text) == row.good);
    CHECK(data::replace_ill_formed_utf8(row.text) == row.replaced);
  }
  CHECK(data::utf8_prefix("a\xc3\xa9z", 2) == "a");
  CHECK(data::utf8_prefix("a\xc3\xa9z", 3) == "a\xc3\xa9");
  CHECK(data::utf8_prefix("abc", 0).empty());
  CHECK(data::utf8_prefix("abc", 9) == "abc");
}

}  // namespace
}  // namespace keratin::tests
