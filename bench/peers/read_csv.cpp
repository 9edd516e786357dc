// Seconds that read_csv takes.
//
//   peer_read_csv FILE PASSES
//
// Prints the columns and their dtypes, one a line, with the sum of the numbers or of the texts'
// bytes; then the seconds of each pass after the first. peers/read_csv.py runs it.
#include "data/csv/read_csv.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: peer_read_csv FILE PASSES\n");
    return 2;
  }
  try {
    {
      const keratin::data::CsvTable table = keratin::data::read_csv(argv[1]);
      for (const keratin::data::Column& column : table.columns()) {
        const keratin::Tensor x = table[column.name];
        double sum = 0;
        if (column.dtype == keratin::string) {
          for (const std::string& text : x.strings()) sum += static_cast<double>(text.size());
        } else {
          for (const double value : x.to_vector<double>()) sum += std::isnan(value) ? 0 : value;
        }
        fmt::print("{}\t{}\t{}\t{}\n", column.name, name_of(column.dtype), table.rows(), sum);
      }
    }
    for (int pass = 0; pass < std::atoi(argv[2]); ++pass) {
      const auto start = std::chrono::steady_clock::now();
      const keratin::data::CsvTable table = keratin::data::read_csv(argv[1]);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      fmt::print("{:.5f}\n", seconds.count());
    }
  } catch (const keratin::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
