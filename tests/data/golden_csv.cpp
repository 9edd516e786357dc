// Small CSV texts, held against pandas: tests/golden/makers/csv.py.
#include <cmath>
#include <cstdlib>
#include <set>

#include "data/csv/read_csv.h"
#include "tests/data/files.h"
#include "tests/data/support.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

data::CsvOptions csv_options(Options& options) {
  data::CsvOptions how;
  options.read("header", how.header).read("names", how.names).read("columns", how.columns);
  options.read("keep_default_na", how.keep_default_na).read("na_values", how.na_values);
  options.read("skip_initial_space", how.skip_initial_space);
  if (const Json* dtypes = options.find("dtypes"))
    for (const auto& [name, dtype] : dtypes->items())
      how.dtypes[name] = dtype_from_name(dtype.get<std::string>());
  options.done();
  return how;
}

// What is missing in a column of texts is NaN for pandas; here it stays what it was.
bool same_text(const std::string& given, const Json& expected) {
  static const std::set<std::string> missing = {"", "NA", "None", "x", "-2"};
  return expected.is_null() ? missing.count(given) == 1 : given == expected.get<std::string>();
}

bool same_number(const Tensor& x, std::int64_t row, const Json& expected) {
  if (x.dtype() == boolean) return x[row].item<bool>() == expected.get<bool>();
  const auto text = expected.get<std::string>();
  if (x.dtype() == int64) return std::to_string(x[row].item<std::int64_t>()) == text;
  const double given = x[row].item<double>(), wanted = std::strtod(text.c_str(), nullptr);
  return std::isnan(wanted) ? std::isnan(given)
                            : given == wanted && std::signbit(given) == std::signbit(wanted);
}

TEST_CASE("golden csv: names, types and values are those of pandas") {
  const TemporaryFolder folder;
  for (const Json& test : golden("csv").at("cases")) {
    CAPTURE(test.dump());
    Options options(test.at("options"));
    const data::CsvTable table = data::read_csv(
        write_file(folder / "table.csv", test.at("text").get<std::string>()), csv_options(options));
    const Json& columns = test.at("columns");
    REQUIRE(table.columns().size() == columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const data::Column& column = table.columns()[i];
      CHECK(column.name == columns[i].at("name").get<std::string>());
      CHECK(name_of(column.dtype) == columns[i].at("dtype").get<std::string>());
      const Json& values = columns[i].at("values");
      REQUIRE(table.rows() == static_cast<std::int64_t>(values.size()));
      const Tensor x = table[column.name];
      for (std::int64_t row = 0; row < table.rows(); ++row) {
        CAPTURE(row);
        const auto at = static_cast<std::size_t>(row);
        CHECK((column.dtype == string ? same_text(x.strings()[at], values[at])
                                      : same_number(x, row, values[at])));
      }
    }
  }
}

}  // namespace
}  // namespace keratin::tests
