# The one door to the suite: `make` explains the targets.
.DEFAULT_GOAL := help
.SILENT:
.PHONY: help demo up down token call setup dev test lint types bench lock

PY := .venv/bin/python
STORY := PYTHONPATH=tests/e2e $(PY) -m story

# `make call PATH=/api/me` would hide every program from the recipes: PATH is also the shell's.
ifeq ($(origin PATH),command line)
REQUEST := $(PATH)
override PATH := /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
endif
# USER is also the login name: only one given on the command line is meant.
WHO := $(if $(filter command line,$(origin USER)),--user=$(USER)) $(if $(CLIENT),--client=$(CLIENT))

##@ See it run
demo: setup ## play the story on this machine, check each step, leave nothing running
	$(STORY) demo

up: setup ## start the suite and leave it running; prints where everything is and what to try
	$(STORY) up

down: setup ## end what `make up` started
	./localkube down

token: ## print an access token: make token USER=alice, or CLIENT=rest-service
	$(STORY) token $(WHO)

call: ## call rest-service with a token: make call PATH=/api/me USER=alice
	$(STORY) call --path=$(or $(REQUEST),/api/me) $(WHO)

##@ Work on it
setup: ## make .venv with what the suite runs on (PYTHON=... names the interpreter)
	PYTHON="$(PYTHON)" ./setup

dev: ## the same and what the tests need
	PYTHON="$(PYTHON)" ./setup --dev

test: dev ## all tests; the last part plays the story end to end
	$(PY) -m pytest -n 2 tests/unit tests/integration tests/manifests
	$(PY) -m pytest tests/e2e

lint: dev ## ruff: rules and format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: dev ## mypy --strict
	$(PY) -m mypy libs services tests

bench: setup ## speed as ratios against a limit measured in the same run (ARGS=--check fails below target)
	PYTHONPATH=tests $(PY) -m bench $(ARGS)

lock: dev ## pin constraints.txt and constraints-dev.txt anew
	PYTHON="$(PYTHON)" ./setup --lock

help:
	awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
