// Folders of texts, and UTF-8.
#include "data/directories/text_dataset.h"
#include "data/utf8.h"
#include "tests/data/directories.h"

namespace keratin::tests {
namespace {

namespace fs = std::filesystem;
using data::text_dataset_from_directory, data::TextDirectoryOptions;
using doctest::Contains;

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
