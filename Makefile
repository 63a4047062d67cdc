PYTHON ?= python3
SECONDS ?= 120
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check serve bench fuzz docs format requirements clean

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --requirement requirements/build.txt
	$(PIP) install --require-hashes --requirement requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@

demo: $(VENV)/.runtime  ## play the whole story against a fresh server
	@$(BIN)/certloom demo

serve: $(VENV)/.runtime  ## keep a server with the demo's sample data running
	@$(BIN)/certloom serve --demo

check: $(VENV)/.dev  ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/.dev  ## everything, in parallel
	@$(BIN)/python tests/install_counterparts.py
	$(BIN)/python -m pytest -n auto --dist worksteal

bench: $(VENV)/.dev  ## figures, each beside its limit of the same run
	@$(BIN)/python -m bench

fuzz: $(VENV)/.dev  ## look for scripts that crash or hang the interpreter, for SECONDS
	@$(BIN)/python -m tests.fuzz.powershell --seconds $(SECONDS)

docs: $(VENV)/.runtime  ## write docs/reference again from the code
	@$(BIN)/python docs/generate.py

format: $(VENV)/.dev  ## rewrite the sources in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements:  ## pin again what pyproject.toml asks for (needs uv)
	sh requirements/pin.sh

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
