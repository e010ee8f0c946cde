# Everything one does with Backlog. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
STACK ?= local
ENV := .venv/.locked
RUN = PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m local

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1mmake %-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## One machine

.PHONY: up
up: $(ENV) ## bring the whole system up on this machine (stack local)
	@$(RUN) up

.PHONY: down
down: $(ENV) ## take it down: no process, port or file is left
	@$(RUN) down

.PHONY: status
status: $(ENV) ## what runs, and how the queue stands
	@$(RUN) status

.PHONY: logs
logs: $(ENV) ## follow the logs; NAME=api for one of them
	@$(RUN) logs $(NAME)

## The program on AWS

.PHONY: preview
preview: $(ENV) ## Pulumi's preview of STACK, with no credentials (make preview STACK=dev)
	@$(RUN) preview $(STACK)

.PHONY: policy
policy: $(ENV) ## what the policies say of STACK; FORMAT=json or sarif; EXPORT=file for a `pulumi stack export`
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m infra.policy.report \
		$(if $(EXPORT),--export $(EXPORT),--stack $(STACK)) --format $(or $(FORMAT),text)

## Development

.PHONY: setup
setup: $(ENV) ## the environment and the pulumi CLI, and nothing more
	@tools/pulumi >/dev/null

.PHONY: test
test: $(ENV) ## every test; ARGS="-k name" for some
	@tools/system-packages
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m pytest -n auto $(ARGS)

.PHONY: lint
lint: $(ENV) ## style and types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

.PHONY: audit
audit: $(ENV) ## known vulnerabilities of what the lock names
	@.venv/bin/pip-audit --requirement <(grep -v '^-e' requirements.lock) --disable-pip --progress-spinner off 2>&1 \
		| awk '/could not be audited/ {n++; next} /^(Name +Skip Reason|-+ -+$$)/ {next} {print} END {if (n) print n " packages could not be audited: this index tells nothing of vulnerabilities"}'

.PHONY: check
check: lint audit test ## lint, types, audit and tests: what CI runs

.PHONY: lock
lock: ## resolve the dependencies anew into requirements.lock
	@tools/environment lock

$(ENV): requirements.lock tools/environment
	@tools/environment
