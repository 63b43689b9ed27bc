# The one door to the suite: `make` explains the targets.
.DEFAULT_GOAL := help
.SILENT:
.PHONY: help demo up try down watch debug greet break kill edit token login call logs traffic canary blue-green rollback refresh \
  secrets dev-secrets new-service remove-service images deploy undeploy setup doctor dev test coverage fuzz races e2e check-images check-manifests lint types bench bench-peers capacity guesses floods pictures release lock

PY := .venv/bin/python
SUITECTL := $(PY) -m suitectl
# localkube, or kubernetes: the cluster of the current kubeconfig
export PLATFORM ?= localkube
export OVERLAY ?= prod

# What each target takes; a misspelled variable would change nothing, and so it is refused.
BUILD := DOCKER DOCKER_OPTIONS PYTHON_IMAGE GO_IMAGE REDIS_IMAGE REGISTRY TAG IMAGE_LOAD
TAKES_demo := PAUSE KUBECTL
TAKES_try := CHAPTER KUBECTL
TAKES_greet := SERVICE TEXT
TAKES_break := SERVICE UNDO
TAKES_kill := SERVICE
TAKES_edit := SERVICE
TAKES_token := USER CLIENT
TAKES_login := USER BROWSER TOKEN
TAKES_call := SERVICE PATH METHOD DATA USER CLIENT
TAKES_debug := SERVICE VERSION PORT
TAKES_traffic := SERVICE N
TAKES_logs := SERVICE TRACE LEVEL
TAKES_canary := SERVICE V1 V2 STEPS PAUSE ARGS KUBECTL
TAKES_blue-green := SERVICE TO KUBECTL
TAKES_rollback := SERVICE KUBECTL
TAKES_refresh := SERVICE
TAKES_new-service := NAME NAMESPACE PORT CALLS VERSIONS
TAKES_remove-service := NAME
TAKES_secrets := ROTATE RETIRE SIGNS_IN
TAKES_images := $(BUILD)
TAKES_deploy := $(BUILD) OVERLAY
TAKES_fuzz := N ARGS FUZZ_SEED
TAKES_races := N
TAKES_e2e := $(BUILD) ARGS KEEP SCENARIOS
TAKES_bench := ARGS SERVICE
TAKES_capacity := ARGS
TAKES_guesses := ARGS
TAKES_floods := ARGS
TAKES_release := VERSION
TAKES_check-images := $(BUILD)
GIVEN := $(foreach name,$(filter-out -% .% MAKE%,$(.VARIABLES)),$(if $(filter command line,$(origin $(name))),$(name)))
OF_GOALS := $(foreach goal,$(MAKECMDGOALS),$(TAKES_$(goal)))
TAKEN := PLATFORM PYTHON SUITE_IDENTITIES $(OF_GOALS)

# One rule for all of them: a recipe finds a value in its environment, as typed, and nowhere else ("$$SERVICE"). make
# expands no $ of it, and the shell reads no quote, blank or semicolon of it. ARGS alone is a text for the shell.
define AS_TYPED
override $(1) := $$(value $(1))
export $(1)
endef
# USER, NAME, BROWSER ... of one's own shell are not meant, but for those that a CI sets once.
define NOT_GIVEN
override $(1) :=
unexport $(1)
endef
OF_ENVIRONMENT := PATH OVERLAY KEEP SCENARIOS FUZZ_SEED $(BUILD)
# `make call PATH=/api/me` would hide every program from the recipes: PATH is also the shell's.
ifneq ($(filter PATH,$(GIVEN)),)
export REQUEST := $(value PATH)
override PATH := /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
override PATH := $(or $(shell tr '\0' '\n' 2>/dev/null </proc/$$PPID/environ | sed -n 's/^PATH=//p'),$(PATH))
endif
$(foreach name,$(filter-out PATH,$(filter $(TAKEN),$(GIVEN))),$(eval $(call AS_TYPED,$(name))))
$(foreach name,$(filter-out $(GIVEN) $(OF_ENVIRONMENT),$(OF_GOALS)),$(eval $(call NOT_GIVEN,$(name))))

UNKNOWN := $(firstword $(filter-out $(TAKEN),$(GIVEN)))
ifneq ($(UNKNOWN),)
NEAREST := $(shell python3 -c 'import difflib, sys; print(*difflib.get_close_matches(sys.argv[1], sys.argv[2:], 1, 0))' '$(subst ','\'',$(UNKNOWN))' $(TAKEN))
$(error make $(MAKECMDGOALS) takes no $(UNKNOWN); the nearest is $(NEAREST))
endif

# These are about the suite on this machine alone: a cluster that is named would be ignored.
LOCAL := $(firstword $(filter up down watch debug demo,$(MAKECMDGOALS)))
ifneq ($(and $(LOCAL),$(filter PLATFORM,$(GIVEN)),$(filter-out localkube,$(PLATFORM))),)
$(error make $(LOCAL) is for this machine and takes no PLATFORM=$(PLATFORM); in a cluster the suite runs by make deploy)
endif

##@ See it run
demo: setup ## play the story on this machine, check each step, leave nothing running [PAUSE=1 KUBECTL=1]
	$(SUITECTL) demo --pause="$$PAUSE" --kubectl="$$KUBECTL"

up: setup ## start the suite and leave it running, with reload on save; prints what to try
	$(SUITECTL) up

try: setup ## the chapters of the story to type: make try CHAPTER=canary [KUBECTL=1]
	$(SUITECTL) try --chapter="$$CHAPTER" --kubectl="$$KUBECTL"

down: setup ## end what `make up` started
	./localkube down

watch: ## show each reload of `make up`, as it happens
	./localkube watch

debug: dev ## one replica under debugpy, for VS Code or PyCharm: make debug SERVICE=... [VERSION=v2 PORT=5678]
	$(SUITECTL) debug --service="$$SERVICE" --version="$$VERSION" --port="$$PORT"

token: ## print an access token: make token USER=alice, or CLIENT=demo-app
	$(SUITECTL) token --user="$$USER" --client="$$CLIENT"

login: ## log in by the code flow: make login USER=alice [TOKEN=1; BROWSER=1 waits for your browser]
	$(SUITECTL) login --user="$$USER" --browser="$$BROWSER" --token="$$TOKEN"

call: ## call a service: make call PATH=/api/me USER=alice [SERVICE=... METHOD=POST DATA='{"a": 1}']
	$(SUITECTL) call --service="$$SERVICE" --path="$$REQUEST" --method="$$METHOD" --data="$$DATA" --user="$$USER" --client="$$CLIENT"

logs: ## follow all pods' logs in one stream: make logs [SERVICE=... LEVEL=warning TRACE=4bf92f35]
	$(SUITECTL) logs --service="$$SERVICE" --level="$$LEVEL" --trace="$$TRACE"

##@ Show it, on localkube or with PLATFORM=kubernetes
greet: setup ## edit what a service says, live: make greet TEXT='Good morning' [SERVICE=...]
	$(SUITECTL) greet --service="$$SERVICE" --text="$$TEXT"

break: setup ## a broken edit that changes nothing; make break UNDO=1 mends it [SERVICE=...]
	$(SUITECTL) break --service="$$SERVICE" --undo="$$UNDO"

kill: setup ## kill a pod under a small load, by default of the token service [SERVICE=...]
	$(SUITECTL) kill --service="$$SERVICE"

edit: setup ## open a ConfigMap in your editor and watch it take effect [SERVICE=...]
	$(SUITECTL) edit --service="$$SERVICE"

##@ Release, on localkube or with PLATFORM=kubernetes; SERVICE=... where several have versions
traffic: setup ## which version serves how many requests: make traffic N=200
	$(SUITECTL) traffic --service="$$SERVICE" --requests="$$N"

canary: setup ## share traffic by replicas: make canary V1=1 V2=4 [STEPS=10,25,50 PAUSE=10]
	$(SUITECTL) canary --service="$$SERVICE" --v1="$$V1" --v2="$$V2" --steps="$$STEPS" --pause="$$PAUSE" --kubectl="$$KUBECTL" $(ARGS)

blue-green: setup ## try a version, then send all traffic there: make blue-green TO=v2
	$(SUITECTL) blue-green --service="$$SERVICE" --to="$$TO" --kubectl="$$KUBECTL"

rollback: setup ## undo the last release command
	$(SUITECTL) rollback --service="$$SERVICE" --kubectl="$$KUBECTL"

refresh: setup ## have edited ConfigMaps in the pods at once: make refresh SERVICE=cas-server
	$(SUITECTL) refresh --service="$$SERVICE"

##@ Deploy to the cluster of the current kubeconfig
secrets: setup ## generate what production needs, under .secrets/; ROTATE=CLIENT, then RETIRE=CLIENT renew one
	$(SUITECTL) $(if $(ROTATE)$(RETIRE)$(SIGNS_IN),rotate --name="$$ROTATE" --retire="$$RETIRE" --signs-in="$$SIGNS_IN",secrets)

dev-secrets: setup ## have the generated Secrets of k8s/base in the cluster; make deploy does it by itself
	$(SUITECTL) dev-secrets --context="$$SKAFFOLD_KUBE_CONTEXT"

images: setup ## build the images, and hand them over by IMAGE_LOAD=kind|minikube|k3d|registry|COMMAND
	$(SUITECTL) images

deploy: setup ## the same, then apply an overlay and wait: make deploy OVERLAY=k8s/base
	$(SUITECTL) deploy --overlay="$$OVERLAY"

undeploy: setup ## delete the suite's namespaces
	$(SUITECTL) undeploy

##@ Make it yours
new-service: dev ## make a service: make new-service NAME=orders [NAMESPACE=ns-app PORT=2001 CALLS=... VERSIONS=v1,v2]
	$(SUITECTL) new-service --name="$$NAME" --namespace="$$NAMESPACE" --port="$$PORT" --calls="$$CALLS" --versions="$$VERSIONS" >/dev/null
	./setup --dev
	$(SUITECTL) new-service --guide --name="$$NAME"

remove-service: dev ## remove one, and every line about it: make remove-service NAME=orders
	$(SUITECTL) remove-service --name="$$NAME"

##@ Work on it
setup: ## make .venv with what the suite runs on (PYTHON=... names the interpreter)
	./setup

dev: ## the same and what the tests need
	./setup --dev

doctor: ## what is missing or odd on this machine, each with its remedy; needs no setup
	command -v "$${PYTHON:-python3}" >/dev/null || { echo "✗ no python3  → apt install python3 python3-venv"; exit 1; }
	PYTHONPATH=libs/suitectl/src PYTHONDONTWRITEBYTECODE=1 "$${PYTHON:-python3}" -m suitectl.doctor

test: dev ## all tests; the last part plays the story end to end
	$(PY) -m pytest -n 2 tests/unit tests/integration tests/manifests tests/fuzz tests/interop
	PLATFORM=localkube $(PY) -m pytest tests/e2e

coverage: dev ## lines that the unit tests reach, in the processes they start too; fails below the floor
	rm -rf .build/coverage && mkdir -p .build/coverage
	$(PY) -m coverage run -m pytest -n 2 --timeout=600 tests/unit
	$(PY) -m coverage combine --quiet && $(PY) -m coverage report

fuzz: dev ## hostile input, N rounds a test: make fuzz N=100000 [ARGS='-k forms']; FUZZ_SEED=... repeats one round
	FUZZ_ROUNDS="$${N:-10000}" $(PY) -m pytest -n 2 --timeout=0 tests/fuzz $(ARGS)

races: dev ## 100 parallel uses of one code, then of one refresh token, over two replicas, N rounds each: make races N=1000
	RACE_ROUNDS="$${N:-10000}" $(PY) -m pytest --timeout=0 tests/integration/cas_server/test_races.py

e2e: dev ## the story end to end; PLATFORM=kubernetes builds, deploys, plays it there and cleans up
	$(PY) -m pytest tests/e2e $(ARGS)

check-images: dev ## build an image twice from nothing, and compare the layers
	$(PY) -m pytest tests/images

lint: dev ## ruff (rules and format), codespell, shellcheck, gofmt, go vet, and words that are no longer used
	$(PY) -m ruff check . && $(PY) -m ruff format --check .
	git ls-files -z | xargs -0 .venv/bin/codespell && PYTHONPATH=tests $(PY) -m checkers.words
	.ci/lint-go
	.venv/bin/shellcheck --external-sources --source-path=SCRIPTDIR setup localkube .ci/* $$(git ls-files '*.sh')

types: dev ## mypy --strict
	$(PY) tests/checkers/typed.py

check-manifests: dev ## kubeconform, checkov, hadolint; fails on a report that docs/manifests.md does not explain
	PYTHONPATH=tests $(PY) -m checkers

bench: setup ## speed as ratios against limits and peers measured in the same run (ARGS=--check fails below target)
	BENCH_SERVICE="$$SERVICE" PYTHONPATH=tests $(PY) -m bench $(ARGS)

bench-peers: setup ## install the peers that bench compares with: aiohttp, node-oidc-provider
	PYTHONPATH=tests $(PY) -m bench.peers

capacity: setup ## what one Redis and N replicas carry, with the formulas checked (ARGS=--check fails where one is off)
	PYTHONPATH=tests $(PY) -m bench.capacity $(ARGS)

guesses: setup ## thousands of failed logins, and their effect on legitimate callers (ARGS=--check fails below target)
	PYTHONPATH=tests $(PY) -m load $(ARGS)

floods: setup ## what anonymous floods cost a service in memory, and probes in time (ARGS=--check fails above a bound)
	PYTHONPATH=tests $(PY) -m load.floods $(ARGS)

pictures: dev ## the pictures of the login pages in docs/pictures anew, with the machine's Chromium
	PYTHONPATH=tests $(PY) -m integration.cas_server.login_pictures

release: dev ## wheels, sdists, images, SBOM and checksums in dist/, built twice: make release VERSION=0.1.0
	.ci/release "$$VERSION"

lock: dev ## pin constraints.txt and constraints-dev.txt anew
	./setup --lock

help:
	awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
