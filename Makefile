# Two commands for a newcomer: `make demo` and `make test`. Both set everything up first.
SHELL := /bin/bash
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --frozen --no-sync
# Many tests wait for processes of their own.
export PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell echo $$(( $$(nproc) + 2 )))

.PHONY: setup demo test test-network test-kill test-soak soak test-swarm test-whole test-week test-vllm test-clients test-browser test-gpu check lint types imports docs workflows bench clean

setup: .venv/.ready bubblewrap

.tools/bin/uv:
	python3 -m venv .tools && .tools/bin/python -m pip install --quiet uv

.venv/.ready: pyproject.toml uv.lock $(filter .tools/bin/uv,$(UV))
	$(UV) sync --frozen --quiet --compile-bytecode --extra hunt --extra mcp
	@touch $@

.PHONY: bubblewrap
bubblewrap:
	@./scripts/install-bubblewrap

demo: setup
	$(RUN) factory demo

test: setup
	$(RUN) pytest -n auto --dist worksteal

test-network: setup
	$(RUN) pytest -m network -n 2

test-kill: setup
	$(RUN) pytest -m "kill and not whole" -n auto

test-swarm: setup
	$(RUN) pytest -m whole tests/simulator/test_whole_swarm.py

# 60 random deaths; `make soak` takes 300. Both print their seed: SOAK_SEED=… plays it again.
test-soak: setup
	SOAK_KILLS=$${SOAK_KILLS:-60} $(RUN) pytest -m soak -n 2 -rP tests/soak

soak: setup
	SOAK_KILLS=$${SOAK_KILLS:-300} $(RUN) pytest -m soak -n 2 -rP tests/soak

# Forty issues, seven nights, outages: the report is printed.
test-week: setup
	$(RUN) pytest -m week -s tests/week

test-whole: setup
	$(RUN) pytest -m whole -n auto

test-vllm: setup
	$(RUN) python -m scripts.real_vllm setup .vllm
	$(RUN) pytest -m vllm tests/llm/test_real_vllm.py tests/gpu/engines/test_real_vllm.py tests/serve/test_real_box.py

# Says what it did not run where there is no card.
test-gpu: setup
	$(RUN) pytest -m gpu -rs tests/gpu

test-clients: setup
	$(RUN) python -m scripts.real_clients
	$(RUN) pytest -m clients tests/clients

# Playwright drives the Chromium of the distribution; it is not one of our dependencies.
test-browser: setup
	@./scripts/install-chromium
	$(RUN) --with playwright==1.65.2 pytest -m browser tests/serve/test_status_browser.py
	$(RUN) pytest -m browser -n 2 tests/checks/test_screenshot_browser.py tests/line/test_look.py

check: setup lint types imports docs workflows

lint:
	$(RUN) ruff check .
	$(RUN) ruff format --check .

types:
	$(RUN) mypy

imports:
	$(RUN) lint-imports

.PHONY: docs-write
docs-write: setup
	$(RUN) python -m scripts.generate_docs

docs:
	$(RUN) python -m scripts.generate_docs --check

workflows:
	$(RUN) python -m scripts.check_workflows

bench: setup
	$(RUN) python -m benchmarks.line

clean:
	rm -rf .venv .tools dist
