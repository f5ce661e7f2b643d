# Set-up and data, included by the Makefile at the top. Needs: make run in the repository's own folder.
# Targets: setup, versions, data; and setup-ready, to be a prerequisite of whatever needs the tools
# (order-only from real files): it costs some 20 ms when everything is there.

LACUNA_TOOLS := $(CURDIR)/.tools
# Set-up puts programs there only for what PATH lacks.
export PATH := $(LACUNA_TOOLS)/bin:$(PATH)
LACUNA_USER_VERILATOR_ROOT := $(VERILATOR_ROOT)
# A link that set-up makes to the files of the Verilator in use; CMake finds verilator-config.cmake there.
export VERILATOR_ROOT := $(LACUNA_TOOLS)/verilator

KJV_FOLDER := data/kjv

.PHONY: setup setup-ready versions data

setup: ## Install what is missing: tools and libraries
	@VERILATOR_ROOT='$(LACUNA_USER_VERILATOR_ROOT)' bash tools/setup/setup.sh

setup-ready:
	@VERILATOR_ROOT='$(LACUNA_USER_VERILATOR_ROOT)' bash tools/setup/setup.sh --quiet

versions: ## Print every tool and library: version needed, version found, path
	@VERILATOR_ROOT='$(LACUNA_USER_VERILATOR_ROOT)' bash tools/setup/versions.sh

data: setup-ready ## Make the default corpus, the King James Bible, in data/kjv
	@bash tools/data/kjv.sh $(KJV_FOLDER)
