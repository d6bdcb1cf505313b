# make run    set everything up, load the demo, replay 600 real requests, serve
# make test   set everything up, run the whole suite
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FLASK  := $(BIN)/flask --app wsgi
STAMP  := $(VENV)/.installed

export PYTHONDONTWRITEBYTECODE := 1
.PHONY: run serve setup test check bench screens translations clean
.SILENT:

run: setup
	$(FLASK) serve --demo

serve: setup
	$(FLASK) serve

setup: $(STAMP)

$(STAMP): requirements.txt requirements-dev.txt constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	echo "Setting up $(VENV) (once, about a minute) …"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $(STAMP)

test: setup
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy mall points catalog admin bench wsgi.py
	$(BIN)/python -m tests.check_templates
	echo "check: all good"

bench: setup
	$(BIN)/python -m bench

translations: setup
	$(BIN)/python -m tests.translations update

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
