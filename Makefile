# make run      set everything up, load the demo, replay 600 real requests, serve
# make serve    the same without the demo
# make test     set everything up, run the whole suite (ARGS="-k ledger")
# make check    lint, types, templates, translations
# make bench    speed and memory, as ratios
# make bench-office  every list of a mall with 430,000 members (BENCH_MEMBERS=20000: a small one; BENCH_VAR=folder: keep it)
# make gallery  a picture of every page in every look, into docs/screens (ARGS="phone office": only those)
# Settings come from the environment: PORT=8001 make run (docs/settings.md).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FLASK  := $(BIN)/flask --app wsgi
PIP    := $(BIN)/python -m pip -qq --disable-pip-version-check
READY  := $(VENV)/.ready
TOOLS  := $(VENV)/.tools

.PHONY: run serve setup test check gallery bench bench-office translations clean
.SILENT:

run: $(READY)
	exec $(FLASK) serve --demo

serve: $(READY)
	exec $(FLASK) serve

setup: $(TOOLS)

# What the mall runs on: enough for run and serve.
$(READY): requirements.txt constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	echo "Setting up $(VENV) (once, about a minute) …"
	$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(PIP) install -r requirements.txt
	touch $@

# What tests and checks need besides.
$(TOOLS): $(READY) requirements-dev.txt
	echo "Adding the tools for tests …"
	$(PIP) install -r requirements-dev.txt
	touch $@

test: $(TOOLS)
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(TOOLS)
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy --no-error-summary mall points catalog admin bench wsgi.py
	$(BIN)/python -m tests.check_templates
	$(BIN)/python -m tests.translations check
	echo "check: all good"

gallery: $(TOOLS)
	$(BIN)/python -m tests.gallery $(ARGS)

bench: $(TOOLS)
	$(BIN)/python -m bench
	$(BIN)/python -m bench.phone

bench-office: $(TOOLS)
	$(BIN)/python -m bench.office

translations: $(TOOLS)
	$(BIN)/python -m tests.translations update

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
