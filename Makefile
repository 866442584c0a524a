# Two commands set everything up: `make run` and `make test`. Nothing but Python >= 3.11 is needed.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
CHANNEL ?=
ENGINES ?= duckdb

# What is imported is compiled once, not by every process that a test begins.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run serve test test-long lint docs bench bench-insight bench-sqlserver check-sqlserver check-deploy clean

run: $(VENV)/ready  ## the main job: against the built-in simulator, or CHANNEL=9 for a real channel
	$(BIN)/fieldhouse run $(if $(CHANNEL),$(CHANNEL),--simulated)

serve: $(VENV)/ready-web  ## pages, API and ThingSpeak's endpoints over the simulator, or your own warehouse with LIVE=1
	$(BIN)/fieldhouse serve $(if $(LIVE),,--simulated --every 30s) || test $$? -eq 130  # Ctrl-C

test: lint $(VENV)/ready-dev  ## lint, types, the import contract, all tests
	$(BIN)/pytest -n 2 --dist worksteal

test-long: $(VENV)/ready-dev  ## 50,000 lives, 2,000 over DuckDB, ten million texts, all recorded channels; hours
	FIELDHOUSE_LIVES=50000 FIELDHOUSE_LIVES_DUCKDB=2000 FIELDHOUSE_LIVES_SEED=random \
		FIELDHOUSE_TEXTS=10000000 FIELDHOUSE_RECORDED=3040 \
		$(BIN)/pytest -n 2 tests/lives tests/test_readings_fuzzed.py tests/shows/test_recorded.py

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/ready-dev  ## the documents as a site that can be searched: build/docs/index.html
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs

bench: $(VENV)/ready-bench  ## the table of benchmarks; some minutes, some GB of disk
	$(BIN)/python -m bench

bench-sqlserver: $(VENV)/ready-dev  ## the same on the server that FIELDHOUSE_TEST_SQLSERVER names
	$(BIN)/python -m bench.sqlserver

bench-insight: $(VENV)/ready-dev  ## what is unusual: planted faults, and with NAB=FOLDER the Numenta Anomaly Benchmark; ENGINES="duckdb clickhouse"
	$(BIN)/python -m bench.planted $(ENGINES:%=--engine %)
	$(if $(NAB),$(BIN)/python -m bench.insight $(NAB) $(ENGINES:%=--engine %))

check-sqlserver: $(VENV)/ready-dev  ## the ten checks to make first on a real server, as a table of what held
	$(BIN)/python -m bench.checks $(CHECKS)

check-deploy: $(VENV)/ready-dev  ## deploy/: manifests by Kubernetes' schemas, the DAG by Airflow itself (build/airflow)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check kubernetes-validate
	test -x build/airflow/bin/airflow || { $(PYTHON) -m venv build/airflow \
		&& build/airflow/bin/pip install --quiet --disable-pip-version-check 'apache-airflow>=3.2,<4'; }
	FIELDHOUSE_TEST_AIRFLOW=build/airflow/bin/airflow $(BIN)/pytest -n 0 tests/deploy

$(VENV)/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Fieldhouse needs Python 3.11 or newer: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/ready-web: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[web]'
	touch $@

$(VENV)/ready-dev: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	touch $@

$(VENV)/ready-bench: $(VENV)/ready-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	touch $@

clean:  ## remove the environment and all caches; a warehouse stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
