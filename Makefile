# What CI runs is what you run: .ci/run calls these targets and nothing else.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
AUDIT := .tocsin/audit
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Where many images set it, each of a run's many processes would compile every module anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install lock env demo up down test test-compose test-faults test-inputs test-light test-spark screenshots pictures lint notice audit typecheck generate
.PHONY: bench bench-job bench-report bench-summaries bench-scale bench-logs bench-scorecard bench-spark bench-store \
	bench-serving bench-history bench-delivery bench-healthy bench-estimate bench-gate bench-learning \
	bench-control bench-cost bench-drift bench-fraud bench-systems clean

help: ## Show these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-15s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## Make .venv with everything pinned, and .venv/bin/tocsin

$(VENV)/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	awk '/^uv==/ {mine = 1; print; next} /^[^ ]/ {mine = 0} mine' requirements.lock > $(VENV)/uv.txt
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement $(VENV)/uv.txt
	# Compiled once, for whoever starts the programs without this file.
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --requirement requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --editable .
	$(BIN)/tocsin programs --install
	touch $@

lock: ## Resolve the dependencies anew into requirements.lock, with hashes
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header --extra stack --group dev --generate-hashes \
		--python-version 3.11 pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header --generate-hashes \
		--python-version 3.11 .ci/audit.in --output-file .ci/audit.lock

env: ## Write .env with generated secrets for docker compose; wants no more than some Python 3
	$$(command -v $(PYTHON) || command -v python3) -m monitoring.stack.env_file

demo: install ## Start the local stack, train, send ten days of traffic: drift, alert, retrain, recovery
	$(BIN)/tocsin demo

up: install ## Start the local stack
	$(BIN)/tocsin up

down: install ## Stop the local stack
	$(BIN)/tocsin down

test: install ## Run every test but long fault runs and most damaged inputs, on two cores
	$(BIN)/pytest --numprocesses 3 -m "not faults and not inputs and not compose"

test-faults: install ## Kill processes at every line, phase and step of what must not happen twice
	$(BIN)/pytest --numprocesses 2 -m faults

test-compose: install ## Bring docker-compose.yml up on a container engine, use it, take it down and up again
	$(BIN)/pytest --verbose -m compose tests/compose

test-inputs: install ## Feed damaged inputs to every entry; write their table in docs/explanation/reliability.md
	$(BIN)/pytest tests/inputs
	$(BIN)/python -m tests.inputs.table

screenshots: install ## Take pictures of every page, into reports/screenshots; wants Chromium
	$(BIN)/python -m tests.pages.screenshots reports/screenshots

pictures: install ## Take the README's pictures of a stack in which `tocsin demo` has run; wants Chromium and Grafana
	$(BIN)/python -m tests.pages.readme_pictures docs/pictures

test-light: install ## Test the light installation, with the oldest and the newest of all it needs
	$(BIN)/python .ci/light.py

test-spark: install ## Install Spark (half a GB) and run its tests on a cluster; wants Java
	$(BIN)/uv pip install --quiet --constraint requirements.lock --editable '.[spark]'
	$(BIN)/pytest -m spark

lint: install ## Check style, import direction, security, licences and that generated files are fresh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive monitoring airflow benchmarks
	$(BIN)/tocsin generate --check
	$(BIN)/python .ci/notice.py --check

notice: install ## Write NOTICE anew: the licences of everything in requirements.lock
	$(BIN)/python .ci/notice.py

audit: install ## Look up known vulnerabilities of everything in requirements.lock; wants the network
	test -x $(AUDIT)/bin/python || $(BIN)/uv venv --quiet $(AUDIT)
	$(BIN)/uv pip install --quiet --python $(AUDIT)/bin/python --require-hashes --requirement .ci/audit.lock
	$(AUDIT)/bin/pip-audit --require-hashes --disable-pip --requirement requirements.lock \
		$$(awk '/^[A-Z]/ {print "--ignore-vuln " $$1}' .ci/audit-exceptions.txt)

typecheck: install ## Check types, and that benchmarks name and call what there is
	$(BIN)/mypy

generate: install ## Write dashboards, rules and docs/reference anew from catalogue, use cases and code
	$(BIN)/tocsin generate
	TOCSIN_USE_CASES=examples/orders/use_cases $(BIN)/tocsin generate --only orders --out examples/orders/generated

bench: bench-job bench-report bench-summaries bench-scale bench-scorecard bench-store ## Print the figures of docs/explanation/benchmarks.md, half an hour

bench-job: install ## The main job: retrain, report, the idle local stack
	$(BIN)/python -m benchmarks.main_job

bench-report: install ## A whole report beside one run of Evidently's
	$(BIN)/python -m benchmarks.reporting

bench-summaries: install ## Summaries and verdicts beside Evidently, NannyML, whylogs, scipy, numpy
	$(BIN)/python -m benchmarks.summaries

bench-scale: install ## Files of up to 100 million rows, tables of up to 1,000 columns
	$(BIN)/python -m benchmarks.out_of_core

bench-logs: install ## The day of a report over prediction logs, labels joined, up to 10 million rows
	$(BIN)/python -m benchmarks.prediction_logs

bench-scorecard: install ## The memory of a scorecard of 3 and of 30 million rows
	$(BIN)/python -m benchmarks.scorecards

bench-store: install ## The production store: CPU of writing and reading, with the database's own; memory
	$(BIN)/python -m benchmarks.store

bench-serving: install ## `tocsin serve` under load, half an hour; wants vegeta
	$(BIN)/python -m benchmarks.serving --minutes $(or $(MINUTES),10)

bench-history: install ## What features of earlier rows add to a prediction
	$(BIN)/python -m benchmarks.history

bench-spark: install ## Spark, one worker against two; wants Java
	$(BIN)/uv pip install --quiet --constraint requirements.lock --editable '.[spark]'
	$(BIN)/python -m benchmarks.on_spark

bench-delivery: install ## From a push to the message, by Alertmanager and by Grafana
	$(BIN)/python -m benchmarks.delivery

bench-healthy: install ## The alerts of a healthy model on the real cards: those of docs/explanation/scenarios.md
	$(BIN)/python -m benchmarks.healthy

bench-estimate: install ## Print the measured tables of docs/explanation/estimate.md and docs/explanation/money.md
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.estimate

bench-gate: install ## Print the tables of docs/explanation/gate.md; SEEDS=1 for one world, FIRST=100 for others; a stopped run goes on
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.gate_simulation --seeds $(or $(SEEDS),16) \
		--first $(or $(FIRST),0) --broken $(or $(BROKEN),4) $(if $(PROCESSES),--processes $(PROCESSES))

bench-learning: install ## Print the table of docs/explanation/gate.md on what a retrain learns from
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.gate_learning --seeds $(or $(SEEDS),8) \
		--broken $(or $(BROKEN),1) --policy "$(or $(POLICY),no gate)" $(if $(PROCESSES),--processes $(PROCESSES))

bench-control: install ## Print the measured tables of docs/explanation/blocking.md
	$(BIN)/python -m benchmarks.control_group

bench-cost: install ## Print the table of docs/explanation/money.md on what a window's cost comes from
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.cost_attribution

bench-drift: install ## Print the measured tables of docs/explanation/drift-quality.md; PART=power for one
	$(BIN)/python -W ignore -m benchmarks.drift_quality $(PART)

bench-fraud: install ## Print the tables of docs/explanation/fraud-results.md; a stopped run goes on; PART=time for one cut
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.fraud_results $(PART)

bench-systems: install ## Print the tables of docs/explanation/systems.md: Tocsin beside scikit-learn by hand
	$(BIN)/python -W ignore -m benchmarks.systems

clean: ## Stop the local stack, and remove what install, runs and tests left behind
	test ! -x $(BIN)/tocsin || $(BIN)/tocsin down
	rm -rf $(VENV) .tocsin .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find airflow benchmarks monitoring tests -name __pycache__ -prune -exec rm -rf {} +
