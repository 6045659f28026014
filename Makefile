# make install | demo | lab | test | check | notebooks | bench. Each of the others installs first.

PYTHON ?= python3
BIN := .venv/bin
PROGRAMS := curl:curl chromium:chromium fluidsynth:fluidsynth postgres:postgresql
# Linux gets torch's CPU build, and stops rather than take gigabytes of CUDA by accident.
# With an NVIDIA card, or with TORCH=torch==2.13.0, pip takes what it finds.
TORCH ?= $(shell [ "$$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null && echo torch==2.13.0+cpu || echo torch==2.13.0)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export JUPYTER_PREFER_ENV_PATH := 1

.PHONY: install demo lab test check notebooks bench player clean

install: .venv/.installed .venv/.programs

.venv/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q -c constraints.txt "$(TORCH)" || { \
	  echo "No CPU build of torch is offered here. Either: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make install"; \
	  echo "or, for the CUDA build (several GB): make install TORCH=torch==2.13.0"; exit 1; }
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	touch $@

# The browser that the tests drive, the synthesizer they compare with and the database that the store is
# tested on, from the distribution: program:package. PostgreSQL's programs lie outside the path.
.venv/.programs: Makefile
	@missing=""; for p in $(PROGRAMS); do \
	  PATH="$$PATH:$$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')" command -v $${p%%:*} >/dev/null || missing="$$missing $${p##*:}"; \
	done; \
	if [ -n "$$missing" ]; then \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	  elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	  else echo "Missing:$$missing. Run: sudo apt-get install$$missing"; exit 1; fi; \
	fi
	touch $@

demo: install
	$(BIN)/workbench demo --out build/demo.html

lab: install
	$(BIN)/workbench lab

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# A process a core, each with its own browser and servers; the tests of a file stay together.
PARALLEL := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: install
	$(BIN)/python -m pytest -q $(PARALLEL)
	$(BIN)/python -m pytest -q $(PARALLEL) --nbval --nbval-sanitize-with tests/nbval.cfg -o filterwarnings=default -o addopts= notebooks

# Run every notebook again and keep its outputs, as the repository stores them.
notebooks: install
	$(BIN)/python -m workbench.widgets.storing notebooks/*.ipynb

bench: install
	$(BIN)/python experiments/benchmarks/run.py

# Build the player from its source; only for those who change it (needs Node).
player:
	cd src/workbench/widgets/js && npm ci && npm run build

clean:
	rm -rf build dist .venv
