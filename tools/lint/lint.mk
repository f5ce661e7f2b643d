# Quality gates, included by the Makefile at the top.
.PHONY: lint lint-rtl lint-cpp

lint: lint-rtl lint-cpp ## Check every source: Verilator, Yosys, clang-format, clang-tidy

lint-rtl: setup-ready
	@bash tools/lint/rtl.sh

# Configured is enough: the headers that Verilator makes are there from then on.
lint-cpp: $(BUILD)/build.ninja
	@python3 tools/lint/cpp.py $(BUILD) $(JOBS)
