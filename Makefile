# make build · test · test-full · check · bench · peers · label-studio   (each makes .venv when it is missing or out of date)
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RECIPE ?= data/recipes/sample.toml
READY  := $(VENV)/.installed
# Without its requirements, which ask for a GPU's libraries; on a GPU: pip install -e '.[offline,train,unsloth]'
UNSLOTH := unsloth==2026.10.9 unsloth_zoo==2026.10.9
PEERS   := dropoutt==1.4.1 soup-cli==0.77.0 trainsight-preflight==0.2.3

.PHONY: build test test-full check format bench peers label-studio clean

build: $(READY)                    ## raw slang in, a chat dataset and its report out
	$(BIN)/python -m pipelines.build --recipe $(RECIPE)

test: $(READY)                     ## what CI runs
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

test-full: $(READY)                ## everything, the slow tests too
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(READY)                    ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) peers              ## peers side by side; prints ratios
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.decisions
	$(BIN)/python -m benchmarks.format_faults --families lab --rows 5 --peers .peers
	$(BIN)/python -m benchmarks.format_faults.speed --peers .peers

peers:                             ## other doctors of chat data, each in an environment of its own, for bench
	for peer in $(PEERS); do \
	  place=.peers/$${peer%%==*}; test -x $$place/bin/python || $(PYTHON) -m venv $$place; \
	  $$place/bin/python -m pip install --quiet $$peer transformers jinja2 || echo "$$peer could not be installed: its line says so"; \
	done

label-studio:                      ## a server of your own for reviews, in an environment of its own
	test -x .label-studio/bin/python || $(PYTHON) -m venv .label-studio
	.label-studio/bin/python -m pip install --quiet label-studio==1.23.0

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[offline,train,review,collect,harness,dev]'
	$(BIN)/python -m pip install --quiet --no-deps $(UNSLOTH)
	touch $(READY)

clean:                             ## forget what was built and cached; .venv stays
	rm -rf data/builds data/cache .pytest_cache .mypy_cache .ruff_cache
