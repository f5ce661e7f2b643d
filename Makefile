# Lacuna: the one face. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# ---- options of `make sim` and `make bench`
TILES ?= 13
ACT ?= 8
MODEL ?= models/kjv-8x.safetensors
CLOCK_MHZ ?= 100
# PROMPT, STEPS, SCORE, TRACE, TEMPERATURE, SEED, WEIGHT_DEPTH: empty means the program's default.
export PROMPT

# `make bitstream`, `timing` and `flash` check these with their other arguments.
ifneq ($(filter-out bitstream timing flash,$(or $(MAKECMDGOALS),help)),)
ifneq ($(filter $(TILES),$(shell seq 1 21)),$(TILES))
$(error TILES=$(TILES): expected a number of tiles per lane from 1 to 21)
endif
ifeq ($(TILES),)
$(error TILES is empty: expected a number of tiles per lane from 1 to 21)
endif

ifneq ($(filter $(ACT),8 16),$(ACT))
$(error ACT=$(ACT): expected 8 or 16 bits of an activation)
endif
ifeq ($(ACT),)
$(error ACT is empty: expected 8 or 16 bits of an activation)
endif
endif

include tools/setup/setup.mk

BUILD := build/$(if $(filter 13,$(TILES)),main,t$(TILES))$(if $(filter 16,$(ACT)),-act16)
include tools/lint/lint.mk
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=
# Warnings stop a build in CI only: a compiler that we have not met may know new ones.
WERROR ?= $(if $(CI),ON,OFF)

.PHONY: help build sim bench board-sim install test soak link-faults link-fuzz fuzz test-sanitized train clean distclean build-folder

help: ## List the targets
	@echo "Lacuna: a pruned LSTM on a small FPGA. Targets:"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 18
	@echo "Options of sim: MODEL=file PROMPT=text STEPS=n TILES=1..21 ACT=8|16 SCORE=1 TRACE=1 TEMPERATURE=x SEED=n CLOCK_MHZ=x WEIGHT_DEPTH=n"

# With other sources, Verilator must be called anew before Ninja could do so by itself.
RTL_LISTS := $(wildcard rtl/*.f rtl/*/*.f)
$(BUILD)/build.ninja: CMakeLists.txt $(RTL_LISTS) | setup-ready
	@cmake -S . -B $(BUILD) -G Ninja -DLACUNA_SIM_TILES=$(TILES) -DLACUNA_SIM_ACT=$(ACT) -DLACUNA_WERROR=$(WERROR) $(CMAKE_FLAGS) > $(BUILD).log 2>&1 \
		|| { cat $(BUILD).log; rm -f $@; echo "configuration failed: see $(BUILD).log"; exit 1; }

build-folder:
	@mkdir -p build

$(BUILD)/build.ninja: | build-folder

# $(call ninja,targets): builds, with progress; says nothing when there is nothing to do.
ninja = @if ! ninja -C $(BUILD) -n $(1) | grep -q 'no work to do'; then \
	echo 'building in $(BUILD) (minutes the first time)'; ninja -C $(BUILD) -j $(JOBS) $(1); fi

build: $(BUILD)/build.ninja ## Build everything
	$(call ninja,)

# ---- boards
include tools/bitstream/bitstream.mk

# ---- accuracy
include tools/accuracy/accuracy.mk

# ---- simulation
SIM_FLAGS = --model '$(MODEL)' --clock-mhz '$(CLOCK_MHZ)' \
	$(if $(SCORE),--score) \
	$(if $(STEPS),--steps '$(STEPS)',$(if $(TRACE),--steps 4)) \
	$(if $(TEMPERATURE),--temperature '$(TEMPERATURE)') $(if $(SEED),--seed '$(SEED)') \
	$(if $(WEIGHT_DEPTH),--weight-depth '$(WEIGHT_DEPTH)') \
	$(if $(TRACE),--trace out/sim.fst) $(if $(JSON),--json '$(JSON)')

sim: $(BUILD)/build.ninja $(if $(SCORE),data) ## Run a language model on the simulated engine and check every bit
	$(call ninja,lacuna-sim)
	@mkdir -p out
	@$(BUILD)/sim/lacuna-sim $(SIM_FLAGS) $${PROMPT:+--prompt "$$PROMPT"}

bench: $(BUILD)/build.ninja ## Measure the engine's figures: out/bench.json and a table
	$(call ninja,lacuna-bench)
	@mkdir -p out
	@$(BUILD)/sim/lacuna-bench --json out/bench.json

# ---- boards
# The simulated board has two tiles, as long as nobody asks for others.
BOARD_TILES := $(if $(filter file default,$(origin TILES)),2,$(TILES))
BOARD_BUILD := $(if $(filter 2-8,$(BOARD_TILES)-$(ACT)),build/main,build/board-t$(BOARD_TILES)-act$(ACT))
BOARD_FLAGS = $(if $(LINK),--link '$(LINK)') $(if $(FLIP),--flip '$(FLIP)') $(if $(DROP),--drop '$(DROP)') \
	$(if $(DOUBLE),--double '$(DOUBLE)') $(if $(INSERT),--insert '$(INSERT)') $(if $(CUT),--cut '$(CUT)') \
	$(if $(BREAKS),--breaks '$(BREAKS)') $(if $(RESETS),--resets '$(RESETS)') \
	$(if $(UPSETS),--upsets '$(UPSETS)') $(if $(SEED),--seed '$(SEED)')

ifneq ($(BOARD_BUILD),$(BUILD))
$(BOARD_BUILD)/build.ninja: CMakeLists.txt $(RTL_LISTS) | setup-ready build-folder
	@cmake -S . -B $(BOARD_BUILD) -G Ninja -DLACUNA_BOARD_TILES=$(BOARD_TILES) -DLACUNA_BOARD_ACT=$(ACT) $(CMAKE_FLAGS) > $(BOARD_BUILD).log 2>&1 \
		|| { cat $(BOARD_BUILD).log; rm -f $@; echo "configuration failed: see $(BOARD_BUILD).log"; exit 1; }
endif

board-sim: $(BOARD_BUILD)/build.ninja ## Simulate a board on a serial port; TILES=n ACT=n LINK=path FLIP=n DROP=n RESETS=x ...
	@ninja -C $(BOARD_BUILD) -j $(JOBS) lacuna lacuna-board-sim
	@echo "the program is $(BOARD_BUILD)/cli/lacuna; Ctrl-C ends the board"
	@$(BOARD_BUILD)/sim/lacuna-board-sim $(BOARD_FLAGS)

PREFIX ?= /usr/local
install: $(BUILD)/build.ninja ## Install the program and the driver library below PREFIX
	$(call ninja,lacuna lacuna_driver lacuna_shared)
	@cmake --install $(BUILD) --prefix '$(PREFIX)'

# ---- tests
test: $(BUILD)/build.ninja ## Build and run all tests
	$(call ninja,)
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

comma := ,
# $(call in-folder,name,flags): configures build/name with other flags than the main build's.
in-folder = @mkdir -p build && cmake -S . -B build/$(1) -G Ninja -DLACUNA_WERROR=$(WERROR) $(2) $(CMAKE_FLAGS) \
	> build/$(1).log 2>&1 || { cat build/$(1).log; exit 1; }

soak: setup-ready ## Run 300 random models on engines of 1 to 21 tiles; MODELS=n SEED=n
	$(call in-folder,soak,-DLACUNA_SOAK=ON)
	@ninja -C build/soak -j $(JOBS) lacuna-soak
	@build/soak/tests/system/lacuna-soak $(if $(MODELS),--models '$(MODELS)') $(if $(SEED),--seed '$(SEED)')

# Long runs of the link write their counts; those of record are kept with RESULTS=results/link.
RESULTS ?= out/link
COMMIT = $(shell git describe --always --exclude='*' --dirty --abbrev=40 2>/dev/null || echo unknown)
# $(call record,name,command)
record = --json '$(RESULTS)/$(1).json' --command 'make $(2)' --commit '$(COMMIT)'

link-faults: REQUESTS ?= 100000
link-faults: SEED ?= 1
link-faults: $(BUILD)/build.ninja ## Run requests to a simulated board under every kind of fault; REQUESTS=n SEED=n
	$(call ninja,lacuna-link-faults)
	@$(BUILD)/tests/driver/lacuna-link-faults --requests '$(REQUESTS)' --seed '$(SEED)' \
		$(call record,faults,link-faults REQUESTS=$(REQUESTS) SEED=$(SEED))

link-fuzz: BYTES ?= 10000000
link-fuzz: SEED ?= 1
link-fuzz: $(BUILD)/build.ninja ## Send noise to a simulated board, which must not change: BYTES=n SEED=n
	$(call ninja,lacuna-link-fuzz)
	@$(BUILD)/tests/driver/lacuna-link-fuzz --bytes '$(BYTES)' --seed '$(SEED)' \
		$(call record,noise,link-fuzz BYTES=$(BYTES) SEED=$(SEED))

fuzz: RUNS ?= 10000000
fuzz: SEED ?= 1
fuzz: setup-ready ## Fuzz the driver's receive side with libFuzzer and sanitizers; RUNS=n SEED=n
	@mkdir -p build/fuzz-corpus
	@cmake -S . -B build/fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DLACUNA_LIBFUZZER=ON \
		-DLACUNA_SANITIZE=address,undefined -DCMAKE_CXX_FLAGS="-fsanitize-ignorelist=$(CURDIR)/tests/driver/fuzz/ignore.txt" > build/fuzz.log 2>&1 || { cat build/fuzz.log; exit 1; }
	@ninja -C build/fuzz -j $(JOBS) fuzz_receive
	@ASAN_OPTIONS=malloc_context_size=1:quarantine_size_mb=4 python3 tests/driver/fuzz/run.py $(call record,receive,fuzz RUNS=$(RUNS) SEED=$(SEED)) -- \
		build/fuzz/tests/driver/fuzz/fuzz_receive -runs='$(RUNS)' -seed='$(SEED)' -max_len=400 -timeout=10 -print_final_stats=1 \
		-artifact_prefix=build/ build/fuzz-corpus

test-sanitized: setup-ready ## Run all tests under the address and undefined-behaviour sanitizers
	$(call in-folder,sanitized,-DLACUNA_SANITIZE=address$(comma)undefined)
	@ninja -C build/sanitized -j $(JOBS)
	@ctest --test-dir build/sanitized --output-on-failure -j $(JOBS)

# ---- models
train: $(BUILD)/build.ninja data ## Make the shipped models again (hours); interrupted, it resumes
	$(call ninja,lacuna)
	@bash tools/train/kjv.sh $(BUILD)/cli/lacuna data/kjv out/train

clean: ## Remove what was built and written (not tools and data)
	@rm -rf build out

distclean: clean ## Remove everything that is not in the repository
	@rm -rf .tools data
