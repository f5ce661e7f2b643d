# Bitstreams, included by the Makefile at the top. Boards are found by their boards/*/board.mk.
BOARD ?= ulx3s
BITSTREAM := python3 -m tools.bitstream.main
# Options with defaults of their own elsewhere count only where the user gives them.
given = $(if $(filter command environment,$(firstword $(origin $(1)))),$($(1)))
BITSTREAM_PROGRAM := build/main/cli/lacuna
BITSTREAM_FLAGS = --board '$(BOARD)' --size '$(call given,SIZE)' --tiles '$(call given,TILES)' \
	--clk-mhz '$(call given,CLK_MHZ)' --act '$(call given,ACT)' --seed '$(call given,SEED)' --place-flags='$(PLACE_FLAGS)'
PLACE_TIMEOUT ?= 3600

.PHONY: bitstream timing boards rates flash bitstream-check bitstream-program lacuna-program

# Only a model needs a program of ours.
bitstream-program: setup-ready
	$(if $(call given,MODEL),@$(MAKE) --no-print-directory TILES=13 ACT=8 MODEL= lacuna-program)

lacuna-program: $(BUILD)/build.ninja
	$(call ninja,lacuna)

bitstream: bitstream-program ## Synthesise, place and route for a board; BOARD= SIZE= TILES= CLK_MHZ= ACT= SEED= MODEL=
	@$(BITSTREAM) build $(BITSTREAM_FLAGS) --model '$(call given,MODEL)' --lacuna $(BITSTREAM_PROGRAM)

timing: setup-ready ## Sweep of place-and-route seeds; SEEDS=1..8 JOBS=n HOSTS=a,b PLACE_TIMEOUT=s
	@$(BITSTREAM) timing $(BITSTREAM_FLAGS) --seeds '$(or $(SEEDS),1..8)' --jobs '$(JOBS)' --hosts '$(HOSTS)' --timeout '$(PLACE_TIMEOUT)'

# A model whose weights fit the check's small engine would be baked, too: MODEL=file.
bitstream-check: bitstream-program ## Build one small bitstream and unpack it again to compare
	@$(BITSTREAM) check --model '$(call given,MODEL)' --lacuna $(BITSTREAM_PROGRAM)

boards: ## List the boards, their engines, and what was built for them
	@$(BITSTREAM) boards

rates: setup-ready lacuna-program ## GOPS of the shipped models on the boards, at the clocks in results/timing
	@$(BITSTREAM) rates --lacuna $(BITSTREAM_PROGRAM)

flash: ## Load the last bitstream into a board; PERSIST=1 writes its flash memory
	@$(BITSTREAM) flash $(BITSTREAM_FLAGS) $(if $(PERSIST),--persist)
