# The table of accuracy, included by the Makefile at the top.
ACCURACY := python3 -m tools.accuracy.main
ACCURACY_FLAGS = --rows '$(ROWS)' --columns '$(COLUMNS)' --seeds '$(or $(call given,SEEDS),1..3)' --corpus '$(CORPUS)' \
	--hosts '$(HOSTS)' --jobs '$(or $(RUNS_AT_ONCE),1)' --lacuna build/main/cli/lacuna \
	--work '$(or $(call given,WORK),out/accuracy)' --results '$(or $(call given,RESULTS),results/accuracy)'
export WIKITEXT_DIR PTB_DIR DIGITS

.PHONY: accuracy accuracy-table accuracy-list accuracy-compare accuracy-speed

accuracy: lacuna-program ## Train, prune, quantise, compare (days; resumes): ROWS= COLUMNS= SEEDS= WORK= HOSTS= WIKITEXT_DIR= CORPUS=ptb PTB_DIR=
	@$(ACCURACY) run $(ACCURACY_FLAGS)

accuracy-table: ## Make the table and the plots of the results that are there
	@$(ACCURACY) table $(ACCURACY_FLAGS)

accuracy-list: ## List the runs of the table and their commands
	@$(ACCURACY) list $(ACCURACY_FLAGS)

accuracy-compare: ## Compare results made again, in RESULTS=folder, with the kept ones, digit by digit
	@$(ACCURACY) compare $(ACCURACY_FLAGS)

# PyTorch is here for this comparison only; nothing else of Lacuna needs it. Debian's takes the system's BLAS, and would be
# far too slow with the reference one. The packages are for the system's own Python.
SPEED_PACKAGES := python3-torch libopenblas0-pthread
accuracy-speed: lacuna-program data ## Compare the training speed with PyTorch's (installs python3-torch and OpenBLAS); ROUNDS= UPDATES= THREADS=
	@dpkg -s $(SPEED_PACKAGES) > /dev/null 2>&1 || { echo 'installing $(SPEED_PACKAGES)'; \
		$$([ "$$(id -u)" = 0 ] || echo sudo) apt-get install -y --no-install-recommends $(SPEED_PACKAGES) > /dev/null; }
	@/usr/bin/python3 -m tools.accuracy.speed build/main/cli/lacuna data/kjv --rounds '$(or $(ROUNDS),5)' --updates '$(or $(UPDATES),10)' \
		--threads '$(or $(THREADS),2)' --out '$(or $(call given,RESULTS),results/accuracy)/speed-$(or $(THREADS),2).json'
