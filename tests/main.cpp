#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>

#include "tensor/device.h"

// On the CPU, as on a machine with no GPU, unless KERATIN_DEVICE says otherwise.
int main(int argc, char** argv) {
  if (std::getenv("KERATIN_DEVICE") == nullptr) keratin::set_device("cpu");
  return doctest::Context(argc, argv).run();
}
