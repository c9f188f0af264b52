# The two commands: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
SETUP := var/setup
ENCODERS := var/encoders
PACKS := obliqa/passages.jsonl.gz obliqa/dev.jsonl banking77/train.csv clinc150/train.csv clinc150/val.csv \
	clinc150/oos_train.csv parl-wq/questions.jsonl.gz parl-wq/answer_groups.jsonl

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-models models packs lint format assets migration clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(SETUP)/serve $(SETUP)/assets ## Set up once, load the demonstration, serve http://127.0.0.1:8000
	@$(BIN)/python -m helpdesk demo
	@$(BIN)/python -m helpdesk serve

test: $(SETUP)/test $(SETUP)/assets $(SETUP)/browser lint ## Set up once, run every check and test
	@$(BIN)/pytest -m browser
	@$(BIN)/pytest -m "not browser" -n 2 --dist loadfile

test-fast: $(SETUP)/test ## Tests without the real encoder, data packs and browser
	@$(BIN)/pytest -m "not slow and not browser" -n 2 --dist loadfile

test-models: $(SETUP)/train ## Check the export and training of models (installs torch for the CPU)
	@$(BIN)/pytest tests/training

models: packs $(SETUP)/train ## Learn all of models/ again, which takes hours: make models DATA=… (the folder of the data packs)
	@$(BIN)/python -m tools.fit_encoder "$(DATA)" models/encoder $(ENCODERS)
	@$(BIN)/python -m tools.fit_ranking "$(DATA)" models/ranking $(ENCODERS)
	@$(BIN)/python -m tools.fit_confidence "$(DATA)" models/confidence $(ENCODERS)

lint: $(SETUP)/test ## Style, types and import order
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(SETUP)/test ## Put the code into the house's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

packs:
	@for one in $(PACKS); do \
		test -f "$(DATA)/$$one" || { echo "$(DATA)/$$one is missing. Say where the data packs are: make models DATA=…"; exit 1; }; \
	done

assets: $(SETUP)/assets ## Copy the pinned scripts into helpdesk/static/vendor

migration: $(SETUP)/test ## Write a migration from the models: make migration NAME=0002_add_votes
	@$(BIN)/python -m helpdesk migration $(NAME)

clean: ## Remove what setting up made; the database in var/ stays
	rm -rf .venv node_modules helpdesk/static/vendor $(SETUP)

$(BIN)/python:
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --upgrade pip

$(SETUP)/serve: $(BIN)/python requirements-serve.txt constraints.txt
	@echo "Installing what serves (once)…"
	@$(BIN)/pip install --quiet --requirement requirements-serve.txt
	@mkdir -p $(SETUP) && touch $@

$(SETUP)/test: $(SETUP)/serve requirements-test.txt
	@echo "Installing what tests (once)…"
	@$(BIN)/pip install --quiet --requirement requirements-test.txt
	@touch $@

$(SETUP)/train: $(SETUP)/test requirements-train.txt
	@echo "Installing what trains (once)…"
	@$(BIN)/pip install --quiet --requirement requirements-train.txt
	@touch $@

$(SETUP)/assets: $(SETUP)/serve package-lock.json tools/assets.py
	@$(BIN)/python tools/assets.py
	@touch $@

$(SETUP)/browser: tools/browser.sh
	@bash tools/browser.sh
	@mkdir -p $(SETUP) && touch $@
