# The front door: each target installs the packages that it needs and this machine lacks, configures,
# builds and goes. Everything is built in build/release; CMakePresets.json has the other builds.
BUILD := build/release
DATA ?=
CXX_FILES = git ls-files -- '*.h' '*.cpp' '*.cu' '*.cuh'

# A first configuration turns on what its target needs, later ones add to it.
configure = cmake --preset release $(if $(wildcard $(BUILD)/CMakeCache.txt),,\
  -DKERATIN_BUILD_TESTS=OFF -DKERATIN_BUILD_BENCHMARKS=OFF -DKERATIN_BUILD_EXAMPLES=OFF -DKERATIN_BUILD_TOOLS=OFF) $(1)

.DEFAULT_GOAL := help
.PHONY: help build run test test-interop test-rungs instructions record-instructions bench race race-steps gpu-bundle tune format lint clean

help:
	@echo 'make build            build what `cmake --install $(BUILD)` installs: the library, and the program keratin'
	@echo 'make run              train and try the quickstart, on digits that the program draws itself'
	@echo 'make run DATA=folder  the same on the MNIST files in that folder'
	@echo 'make test             build and run all tests'
	@echo 'make test-interop     hold files against Python Keras, mails and event files against real programs; installed outside of this folder'
	@echo 'make test-rungs       the CUDA kernels, emulated, under the address and thread sanitizers'
	@echo 'make instructions     count the instructions of hot kernels, and hold them against those recorded'
	@echo 'make bench            time every kernel'
	@echo 'make race             race the kernels against oneDNN, OpenBLAS and Eigen; bench/results gets the table'
	@echo 'make race-steps       race whole training steps against PyTorch and Keras, which are installed outside of this folder'
	@echo 'make gpu-bundle       build tests and benchmarks with nvcc, into one folder that a GPU machine without packages runs'
	@echo 'make tune             measure which kernel is the fastest from which size on, for the programs of this machine'
	@echo 'make format           lay out the sources with clang-format'
	@echo 'make lint             check the layout, and the sources with clang-tidy (SINCE=commit: changed ones)'
	@echo 'make clean            remove the build folder'

build:
	@tools/install_packages build
	@$(call configure,-DKERATIN_BUILD_TOOLS=ON)
	@cmake --build $(BUILD) --target keratin keratin_program

run:
	@tools/install_packages build
	@$(call configure,-DKERATIN_BUILD_EXAMPLES=ON)
	@cmake --build $(BUILD) --target quickstart
	@$(BUILD)/examples/quickstart $(if $(DATA),"$(DATA)")

test:
	@tools/install_packages build test
	@$(call configure,-DKERATIN_BUILD_TESTS=ON -DKERATIN_BUILD_TOOLS=ON)
	@cmake --build $(BUILD)
	@ctest --preset release

test-interop:
	@tools/install_packages build interop
	@$(call configure,-DKERATIN_BUILD_INTEROP=ON)
	@cmake --build $(BUILD) --target keratin_interop keratin_services
	@tests/interop/with_keras tests/interop/run.py $(BUILD)/tests/interop/keratin_interop $(BUILD)/tests/interop/files
	@KERAS_BACKEND=tensorflow tests/interop/with_keras tests/interop/run.py \
	  $(BUILD)/tests/interop/keratin_interop $(BUILD)/tests/interop/text_files
	@tests/interop/with_keras tests/interop/services.py $(BUILD)/tests/interop/keratin_services $(BUILD)/tests/interop/services

test-rungs:
	@tools/install_packages build test
	@$(call configure,-DKERATIN_BUILD_TESTS=ON -DKERATIN_BUILD_TOOLS=ON -DKERATIN_BUILD_SANITIZED_RUNGS=ON)
	@cmake --build $(BUILD) --target keratin_rungs_address keratin_rungs_thread
	@ctest --preset release -L rungs

instructions record-instructions:
	@tools/install_packages build test instructions
	@$(call configure,-DKERATIN_BUILD_TESTS=ON)
	@cmake --build $(BUILD) --target keratin_instructions
	@tests/instructions/check $(BUILD)/tests/keratin_instructions "$$(cat $(BUILD)/tests/compiler.txt)" \
	  $(if $(filter record-%,$@),record)

bench:
	@tools/install_packages build bench
	@$(call configure,-DKERATIN_BUILD_BENCHMARKS=ON)
	@cmake --build $(BUILD) --target keratin_bench
	@$(BUILD)/bench/keratin_bench $(BENCH_FLAGS)

race:
	@tools/install_packages build bench race
	@$(call configure,-DKERATIN_BUILD_BENCHMARKS=ON)
	@cmake --build $(BUILD) --target keratin_race
	@$(BUILD)/bench/keratin_race --revision="$$(git describe --always --dirty)" \
	  --markdown=bench/results/$$(date +%F)-kernels.md $(RACE_FLAGS)

race-steps:
	@tools/install_packages build bench interop
	@$(call configure,-DKERATIN_BUILD_BENCHMARKS=ON)
	@cmake --build $(BUILD) --target race_steps
	@bench/race/steps/with_peers bench/race/steps/race.py $(BUILD)/bench/race_steps \
	  --revision="$$(git describe --always --dirty)" --markdown=bench/results/$$(date +%F)-steps.md $(RACE_FLAGS)

gpu-bundle:
	@tools/install_packages build test bench
	@cmake --preset release -B build/gpu -DKERATIN_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=90a-real \
	  -DKERATIN_BUILD_EXAMPLES=OFF $(BUNDLE_FLAGS)
	@cmake --build build/gpu --target keratin_gpu_tests keratin_bench race_steps
	@tools/gpu_bundle build/gpu build/gpu-bundle

tune:
	@tools/install_packages build
	@$(call configure,-DKERATIN_BUILD_TOOLS=ON)
	@cmake --build $(BUILD) --target keratin_tune
	@$(BUILD)/tools/keratin_tune $(TUNE_FLAGS)

format:
	@tools/install_packages lint
	@$(CXX_FILES) | xargs clang-format -i

lint:
	@tools/install_packages build test lint
	@tools/lint $(SINCE)

clean:
	@rm -rf build
