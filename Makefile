# Needs python3 >= 3.11, make and a package index. Everything goes into .venv beside this file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DOCS := .venv-docs

.PHONY: help setup quickstart test test-extras lint docs clean

help:
	@echo "make setup       create .venv with the toolkit and its development tools"
	@echo "make quickstart  draw birds, train a GAN, evaluate it beside three that come along, print the leaderboard (4 to 9 minutes, no GPU)"
	@echo "make test        lint, types, import contracts and the whole test suite"
	@echo "make test-extras the tests of clip, dino and diffusers, which make test skips; installs those extras"
	@echo "make docs        the documentation site in site/, strict, its links checked"
	@echo "make clean       remove .venv, the workspace and the site"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("t2ibench needs Python 3.11 or newer; PYTHON=python3.12 make ... names another one." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

quickstart: setup
	$(BIN)/t2ibench quickstart

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-extras: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,clip,dino,diffusers]'
	$(BIN)/python -m pytest tests/unit/features tests/unit/evaluation/test_pipelines.py

docs: $(DOCS)/.ready
	PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --strict
	@echo "The site is in site/; python3 -m http.server -d site shows it, with its search."

# The code is read and never run, but for the command line, so no torch is needed.
$(DOCS)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], "click", "pydantic", sep="\n")' > $(DOCS)/wanted.txt
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r $(DOCS)/wanted.txt
	@touch $@

clean:
	rm -rf $(VENV) $(DOCS) workspace site
