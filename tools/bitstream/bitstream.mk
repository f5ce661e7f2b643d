# Bitstreams, included by the Makefile at the top. Boards are found by their boards/*/board.mk.
BOARD ?= ulx3s
BITSTREAM := python3 -m tools.bitstream.main
# Options with defaults of their own elsewhere count only where the user gives them.
given = $(if $(filter command environment,$(firstword $(origin $(1)))),$($(1)))
# $(call quoted,text): one word for the shell, whatever is in it.
quoted = '$(subst ','\'',$(1))'
BITSTREAM_PROGRAM := build/main/cli/lacuna
BITSTREAM_FLAGS = --board=$(call quoted,$(BOARD)) --size=$(call quoted,$(call given,SIZE)) --tiles=$(call quoted,$(call given,TILES)) \
	--clk-mhz=$(call quoted,$(call given,CLK_MHZ)) --act=$(call quoted,$(call given,ACT)) --seed=$(call quoted,$(call given,SEED)) \
	--model=$(call quoted,$(call given,MODEL)) --place-flags=$(call quoted,$(PLACE_FLAGS))
PLACE_TIMEOUT ?= 3600
BITSTREAM_TIMING = timing $(BITSTREAM_FLAGS) --seeds=$(call quoted,$(or $(SEEDS),1..8)) --jobs=$(call quoted,$(JOBS)) \
	--hosts=$(call quoted,$(HOSTS)) --timeout=$(call quoted,$(PLACE_TIMEOUT))
BITSTREAM_CHECK = check --model=$(call quoted,$(call given,MODEL))

.PHONY: bitstream timing boards rates flash bitstream-check bitstream-arguments timing-arguments bitstream-check-arguments lacuna-program

# Arguments are checked before anything is installed or compiled, under `make -j` too.
setup-ready: | $(addsuffix -arguments,$(filter bitstream timing bitstream-check,$(MAKECMDGOALS)))

bitstream-arguments:
	@$(BITSTREAM) build $(BITSTREAM_FLAGS) --arguments-only

timing-arguments:
	@$(BITSTREAM) $(BITSTREAM_TIMING) --arguments-only

bitstream-check-arguments:
	@$(BITSTREAM) $(BITSTREAM_CHECK) --arguments-only

lacuna-program: $(BUILD)/build.ninja
	$(call ninja,lacuna)

# Only a model needs a program of ours.
MODEL_PROGRAM := --no-print-directory TILES=13 ACT=8 MODEL= lacuna-program

bitstream: bitstream-arguments setup-ready ## Synthesise, place and route for a board; BOARD= SIZE= TILES= CLK_MHZ= ACT= SEED= MODEL=
	$(if $(call given,MODEL),@$(MAKE) $(MODEL_PROGRAM))
	@$(BITSTREAM) build $(BITSTREAM_FLAGS) --lacuna $(BITSTREAM_PROGRAM)

timing: timing-arguments setup-ready ## Sweep of place-and-route seeds; SEEDS=1..8 JOBS=n HOSTS=a,b PLACE_TIMEOUT=s
	@$(BITSTREAM) $(BITSTREAM_TIMING)

# A model whose weights fit the check's small engine would be baked, too: MODEL=file.
bitstream-check: bitstream-check-arguments setup-ready ## Build one small bitstream and unpack it again to compare
	$(if $(call given,MODEL),@$(MAKE) $(MODEL_PROGRAM))
	@$(BITSTREAM) $(BITSTREAM_CHECK) --lacuna $(BITSTREAM_PROGRAM)

boards: ## List the boards, their engines, and what was built for them
	@$(BITSTREAM) boards

rates: setup-ready lacuna-program ## GOPS of the shipped models on the boards, at the clocks in results/timing
	@$(BITSTREAM) rates --lacuna $(BITSTREAM_PROGRAM)

flash: ## Load the last bitstream into a board; PERSIST=1 writes its flash memory
	@$(BITSTREAM) flash $(BITSTREAM_FLAGS) --persist=$(call quoted,$(PERSIST))
