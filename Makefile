# weir: `make up` and `make test` do all of their own set-up; the rest is for working on it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
WEIR := .venv/bin/weir
# A dozen JVMs share two cores: threads that wake up must not preempt running ones. On a virtual machine, where each
# switch is expensive, an idle broker took 29 % of a core without this, and 10 % with it.
PYTEST := chrt --batch 0 .venv/bin/python -m pytest
# Keep Python's bytecode: without it, every start recompiles half a million lines.
unexport PYTHONDONTWRITEBYTECODE
MARKS := unit contract pipeline faults browser

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: python
python: # The Python environment, from its lock file
	@toolchain/bootstrap.sh

.PHONY: up
up: python ## The whole platform and the flights pipeline on this machine, verified
	@$(WEIR) up

.PHONY: down
down: python ## Stop it; its data stays (weir down --purge deletes it)
	@$(WEIR) down

.PHONY: status
status: python ## What runs, where, and with how much memory
	@$(WEIR) status

.PHONY: setup
setup: python ## Fetch and build everything, start nothing
	@$(WEIR) setup

.PHONY: test
test: setup-tests ## All tests that run on one machine without a cluster
	status=0; \
	$(PYTEST) -m "not alone and not cluster and not long" -n 2 --dist loadscope || status=$$?; \
	$(PYTEST) -m "alone and not cluster and not long" || status=$$?; \
	exit $$status

.PHONY: test-cluster
test-cluster: setup-tests ## The platform on a real Kubernetes by the real Pulumi engine (root; KUBECONFIG: an existing one)
	$(PYTEST) -m "cluster and not long" tests/cluster tests/toolchain/images

.PHONY: test-long
test-long: setup-tests ## What takes long: a round of weir prove, signed images, sign-in through Keycloak, pods killed, changed by hand and given other passwords in the cluster
	$(PYTEST) -m "long and not cluster" tests/faults tests/contract tests/browser
	$(PYTEST) -m cluster tests/cluster

.PHONY: setup-cluster
setup-cluster: setup # Compile and fetch everything for test-cluster in advance
	.venv/bin/python -m tests.cluster build
	@$(WEIR) images build --stack cluster

.PHONY: $(addprefix test-,$(MARKS))
test-unit: python # Needs no service, so it fetches none, and its tests may run side by side
	$(PYTEST) -m unit -n auto --maxprocesses 4
test-contract test-pipeline test-faults test-browser: test-%: setup-tests
	$(PYTEST) -m "$* and not long"

.PHONY: setup-tests
setup-tests: python
	@$(WEIR) setup --with-browser

.PHONY: lint
lint: python ## Formatting, types, import layers, Java style
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/pyright
	.venv/bin/lint-imports
	mvn --batch-mode --quiet spotless:check

# The base of a comparison: the main branch if it exists, else the previous commit.
BASE ?= $(shell git rev-parse --quiet --verify origin/main || git rev-parse --quiet --verify HEAD~1 || git rev-parse HEAD)
.PHONY: schema-gate
schema-gate: python ## Refuse schemas that are incompatible with those of BASE
	$(WEIR) schema check --against $(BASE)

.PHONY: format
format: python ## Format everything
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	mvn --batch-mode --quiet spotless:apply

.PHONY: lock
lock: python ## Regenerate the lock files
	toolchain/lock.sh

.PHONY: schemas
schemas: python ## Regenerate the JSON Schemas of stack and pipeline files
	.venv/bin/python -m weir.catalog.schemas

.PHONY: rules
rules: python ## Write docs/changes.md anew from the rules of changes
	.venv/bin/python -m weir.programs.rules.page

.PHONY: dockerfiles
dockerfiles: python ## Write the images' Dockerfiles anew
	.venv/bin/python -m weir.toolchain.images.dockerfile

.PHONY: prove
prove: setup ## Inject every fault while replays run, and verify; one round for each fault
	$(WEIR) prove

OUTCOMES ?= .weir-prove
.PHONY: reliability
reliability: setup # Regenerate docs/reliability.md: five seeds of 20 rounds (an hour)
	@mkdir -p $(OUTCOMES)
	for seed in 1 2 3 4 5; do $(WEIR) prove --rounds 20 --seed $$seed --output $(OUTCOMES)/$$seed.json || exit 1; done
	.venv/bin/python -m weir.chaos.reliability $(OUTCOMES)/*.json

.PHONY: mutations
mutations: setup # Regenerate docs/mutations.md: bugs that `weir prove` must find
	.venv/bin/python -m tests.faults.mutations

SEEDS ?= 1 2
.PHONY: mutants
mutants: python # docs/mutants.md anew: random changes that the unit tests must notice (an hour); SEEDS="1 2"
	.venv/bin/python -m tests.mutants.runner --seeds $(SEEDS)

# Netflix's package needs numpy and scipy, which nothing else here does: it has an environment of its own.
MODELING := $(or $(WEIR_CACHE),$(HOME)/.cache/weir)/capacity-modeling
.PHONY: sizing
sizing: python # Regenerate docs/sizing.md: our sizes beside those of Netflix's public models
	. toolchain/pip-mirror.sh; uv=$$(ls -d $(dir $(MODELING))uv-*/bin/uv | tail -1); \
	  $$uv venv --quiet --clear --python python3 $(MODELING) && \
	  $$uv pip install --quiet --python $(MODELING)/bin/python --require-hashes -r locks/capacity-modeling.txt
	.venv/bin/python -m tests.sizing.netflix.page inputs | $(MODELING)/bin/python tests/sizing/netflix/model.py \
	  > tests/sizing/netflix/figures.json.new
	mv tests/sizing/netflix/figures.json.new tests/sizing/netflix/figures.json
	.venv/bin/python -m tests.sizing.netflix.page write

.PHONY: fuzz
fuzz: setup # Regenerate docs/fuzz.md: 100,000 random records on both engines
	.venv/bin/python -m tests.pipeline.fuzz

.PHONY: crds
crds: python ## Fetch the CRDs of the pinned operators, for the tests
	.venv/bin/python toolchain/crds.py

.PHONY: screenshot
screenshot: setup-tests ## Retake the README's picture of the dashboard, from the platform that `make up` started
	WEIR_BROWSER_HOME="$${WEIR_HOME:-.weir}" WEIR_SCREENSHOT=docs/images/dashboard-flights.png $(PYTEST) -m browser -k drawn
