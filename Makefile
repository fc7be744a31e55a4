# Everything a person or CI runs. `make demo` and `make test` set up what they need in .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# The quick suite; `make test MARKERS=` (which CI uses) runs every test.
MARKERS ?= not slow and not gpu and not postgres and not browser
WORKERS ?= 2

.PHONY: demo test lint docs bench calibrate diagnose fuzz mutate spread page large labs labs-quick screenshots clean

# Exit code 1 says that a claim is refuted, which is a result.
demo: .venv/.installed
	$(BIN)/paribus run examples/digits.yaml --out results/digits || test $$? -eq 1

test: .venv/.installed-dev
	$(BIN)/python -m pytest -m "$(MARKERS)" -n $(WORKERS) --dist worksteal $(ARGS)

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/.installed-dev
	$(BIN)/python -m docs.generate

# Takes most of an hour; a first impression: make bench BENCH=--quick
BENCH ?= --rounds 3 --scaling
bench: .venv/.installed-dev .venv-bench/.installed
	$(BIN)/python -m benchmarks $(BENCH)

# Networks at random against plain PyTorch; one again: make fuzz FUZZ="--only SEED:INDEX"
FUZZ ?= --networks 2000
fuzz: .venv/.installed-dev
	$(BIN)/python -m benchmarks.fuzz $(FUZZ)

diagnose: .venv/.installed-dev
	$(BIN)/python -m benchmarks.diagnosis

# The report of a thousand made-up trials: its size, and how long it takes to write and to open.
page: .venv/.installed-dev
	$(BIN)/python -m benchmarks.page

# What 1,000 and 10,000 made-up trials cost the parent process: some minutes. Exit code 1: not linear.
large: .venv/.installed-dev
	$(BIN)/python -m benchmarks.large

# Mutated artifacts, databases, data and images against every reader: about a minute. Exit code 1: a leak.
mutate: .venv/.installed-dev
	$(BIN)/python -m benchmarks.mutations $(ARGS)

spread: .venv/.installed-dev
	$(BIN)/python -m benchmarks.spread

# All studies of the five labs from the real files: hours. Interrupted, they go on where they stopped.
labs: .venv/.installed-dev
	$(BIN)/python -m studies

# Every study and variant on the first images: some minutes.
labs-quick: .venv/.installed-dev
	$(BIN)/python -m studies --quick

# The pictures of docs/images; needs Chromium.
screenshots: .venv/.installed-dev
	$(BIN)/python -m docs.screenshots

calibrate: .venv/.installed-dev
	$(BIN)/python -m benchmarks.calibration

.venv-bench/.installed: benchmarks/requirements.txt
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	touch $@

.venv/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --editable '.[serve]'
	touch $@

.venv/.installed-dev: .venv/.installed
	$(PIP) --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .venv-bench results build dist
