# Everything makes its own virtual environment in .venv; nothing else on the machine is touched.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-all test-sweep test-slurm bench lint clean

demo: .venv/ready
	$(BIN)/lmtbot demo

test: .venv/ready
	$(BIN)/pytest -n auto -m "not slow and not cluster and not sweep"

test-all: .venv/ready
	$(BIN)/pytest -n auto -m "not cluster and not sweep"

test-sweep: .venv/ready
	$(BIN)/pytest -n auto -m sweep

test-slurm: .venv/ready
	$(BIN)/pytest -m cluster tests/slurm

bench: .venv/ready
	$(BIN)/python -m tests.bench

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/actionlint -shellcheck= -pyflakes= .github/workflows/*.yml
	$(BIN)/zizmor --offline -qq --no-config --strict-collection .github

.venv/ready: pyproject.toml requirements.txt constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable '.[raw,archive,sim,github-sim,test,lint]'
	touch $@

clean:
	rm -rf .venv build dist *.egg-info demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
