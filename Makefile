# Everything below needs python3 (3.11 to 3.13) and git; the rest is set up inside this folder.
PYTHON ?= python3
# The build of torch: UV_TORCH_BACKEND=cpu (or cu128 and the like) chooses another than the default.
TORCH ?= torch==2.13.0
UV_VERSION := 0.13.9

BIN := .venv/bin
UV := .tools/bin/uv
# Without compiled files every process would compile every library anew, for longer than it works.
unexport PYTHONDONTWRITEBYTECODE
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
endif
LOCK := $(UV) pip compile pyproject.toml --extra worker --extra dev --universal --python 3.11 \
	--generate-hashes --no-header --no-annotate --quiet --excludes requirements.apart
WEB := web/node_modules/.package-lock.json
PAGE := web/dist/index.html
PAGE_SOURCES := $(shell find web/src web/index.html web/vite.config.ts -type f)
# The page's tools run on the Node that comes with a Python package; no other is needed.
NODE = $$($(CURDIR)/$(BIN)/python -m scorewire.stack.npm --print-node)

.DEFAULT_GOAL := help
.SILENT: .venv/.ready $(UV) $(WEB) $(PAGE) help
.PHONY: help setup demo up page hook screenshots faults test lint unit conformance evals ablations gallery fuzz wire lock \
	lock-check clean

help: ## List what can be done here
	grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready $(PAGE) ## Install everything into this folder

demo: .venv/.ready $(PAGE) ## Transcribe the sample through the whole stack
	$(BIN)/scorewire transcribe samples/petzold-menuet.ogg --solo --instruments piano \
	  --title "Menuet in G" --output demo

up: .venv/.ready $(PAGE) ## Start the stack on this machine; Ctrl-C stops it
	$(BIN)/scorewire up

page: $(PAGE) ## Build the page that the API serves

hook: $(WEB) ## Build the React hook as a package for other applications
	$(NODE) web/node_modules/.bin/vite build web/packages/use-job-progress \
	  --config web/packages/use-job-progress/vite.config.ts --logLevel warn
	$(NODE) web/node_modules/.bin/tsc --project web/packages/use-job-progress

# What holds a job in its middle is the tests' own.
screenshots: .venv/.ready $(PAGE) ## Take the documentation's pictures of the page again
	PYTHONPATH=$(CURDIR)/tests/support $(BIN)/python web/screenshots.py

faults: .venv/.ready $(PAGE) ## Kill each part of a stack at each stage of a job: make faults [ROUNDS=4]
	PYTHONPATH=$(CURDIR)/tests/support $(BIN)/python bench/faults/run.py --rounds $(or $(ROUNDS),4)

bench-%: .venv/.ready $(PAGE) ## Measure: make bench-startup (or bulk, fanout, soak, web, writing) [ARGS=…]
	PYTHONPATH=$(CURDIR)/tests/support $(BIN)/python bench/$*/run.py $(ARGS)

test: lint unit ## Run every check and every test

lint: .venv/.ready $(WEB) ## Formatting, types, layers, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	cd web && $(NODE) node_modules/.bin/biome ci .
	$(NODE) web/node_modules/.bin/tsc --project web

unit: .venv/.ready $(WEB) $(PAGE)
	$(NODE) web/node_modules/.bin/vitest run --root web
	$(BIN)/pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder

# TOKEN, STRANGER_TOKEN and SECRET are read from the environment: everyone on a machine sees arguments.
conformance: .venv/.ready ## Test the wire of this code, or of the deployment at URL=…
	$(BIN)/pytest tests/contract/conformance --clauses $(if $(URL),--url $(URL) --timeout 900) \
	  $(if $(DATA_DIR),--data-dir $(DATA_DIR)) $(if $(HEARTBEAT_S),--heartbeat-s $(HEARTBEAT_S)) \
	  $(if $(CONNECTIONS_PER_MINUTE),--connections-per-minute $(CONNECTIONS_PER_MINUTE))

wire: .venv/.ready $(WEB) ## Generate the API's documents and the page's types again
	$(BIN)/python web/wire.py

fuzz: .venv/.ready ## Ask a running server what it does not expect: make fuzz URL=… [TOKEN=…] [SECONDS=…]
	$(BIN)/schemathesis --config-file tests/integration/api/schemathesis.toml \
	  run $(URL)/api/openapi/openapi.json --max-time $(or $(SECONDS),600) \
	  $(if $(TOKEN),--header "Authorization: Bearer $(TOKEN)")

evals: .venv/.ready ## Measure the scores with an evaluation kit: make evals KIT=… [KIT_PYTHON=…] [SAVE=1] [SLOW=1] [OTHERS=1]
	$(BIN)/python evals/run.py --kit $(KIT) $(if $(KIT_PYTHON),--python $(KIT_PYTHON)) \
	  $(if $(SLOW),--slow) $(if $(SAVE),--save) $(if $(OTHERS),--others)

ablations: .venv/.ready ## Measure the scores without each step in turn: make ablations KIT=… [KIT_PYTHON=…]
	$(BIN)/python evals/ablate.py --kit $(KIT) $(if $(KIT_PYTHON),--python $(KIT_PYTHON))

gallery: .venv/.ready ## Draw the first page of each recording's score into docs/gallery: make gallery RECORDINGS=…
	$(BIN)/python evals/gallery.py $(RECORDINGS)

lock: $(UV) ## Resolve the dependencies again, into requirements.lock
	$(LOCK) --output-file requirements.lock

lock-check: $(UV) ## Fail where requirements.lock no longer fits pyproject.toml
	cp requirements.lock .tools/requirements.lock
	$(LOCK) --output-file .tools/requirements.lock
	diff requirements.lock .tools/requirements.lock

clean: ## Remove what set-up made
	rm -rf .venv .tools web/node_modules web/dist web/packages/*/dist

$(UV):
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	  || { echo "Scorewire needs Python 3.11 to 3.13; set PYTHON=… to one."; exit 1; }
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: requirements.lock pyproject.toml $(UV)
	echo "Setting up in this folder, once. PyTorch is the largest part, up to several GB ..."
	$(UV) venv --quiet --clear --python $(PYTHON) .venv
	$(UV) pip install --quiet --python $(BIN)/python "$(TORCH)"
	echo "Installing the other libraries ..."
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	echo "Fetching a private Postgres ..."
	$(BIN)/python -m scorewire.stack.binaries
	$(BIN)/python -m scorewire.stack.swagger_ui || echo "All but the page /api/docs works without it."
	touch $@

$(WEB): web/package-lock.json | .venv/.ready
	echo "Fetching the page's tools ..."
	$(BIN)/python -m scorewire.stack.npm web
	touch $@

$(PAGE): $(WEB) $(PAGE_SOURCES)
	echo "Building the page ..."
	$(NODE) web/node_modules/.bin/vite build web --logLevel warn
	touch $@
