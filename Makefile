# Everything one does with Backlog. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
STACK ?= local
ENV := .venv/.locked
RUN = PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m local

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1mmake %-11s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## One machine

.PHONY: up
up: $(ENV) ## bring the whole system up on this machine (stack local); BROKER=rabbitmq or valkey for another broker
	@$(RUN) up $(BROKER)

.PHONY: down
down: $(ENV) ## take it down: no process, port or file is left
	@$(RUN) down

.PHONY: status
status: $(ENV) ## what runs, and how the queue stands
	@$(RUN) status

.PHONY: logs
logs: $(ENV) ## follow the logs; NAME=api for one of them
	@$(RUN) logs '$(NAME)'

## The queue practical (docs/tutorial/)

.PHONY: lab
lab: $(ENV) ## bring the queue practical up on this machine (stack lab): queues and a topic to try queue-lab on
	@$(RUN) lab

.PHONY: lab-servers
lab-servers: $(ENV) ## start RabbitMQ, Valkey and Kafka beside it; NAME=rabbitmq for one of them
	@$(RUN) lab-servers '$(NAME)'

.PHONY: lab-demo
lab-demo: $(ENV) ## two senders and two receivers on each technology: a live view, and then a picture of each
	@tools/system-packages
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m local.lab.demo $(NAME)

.PHONY: lab-table
lab-table: $(ENV) ## ask each technology what it guarantees, and write docs/queues.md
	@tools/system-packages
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m local.lab.table

.PHONY: lab-down
lab-down: $(ENV) ## take it down, and all that runs beside it
	@$(RUN) lab-down

## The program on AWS

.PHONY: preview
preview: $(ENV) ## Pulumi's preview of STACK, with no credentials (make preview STACK=dev)
	@$(RUN) preview '$(STACK)'

# Its values reach the shell by the environment, where nothing in them is a word of the command.
.PHONY: review
review: export STACK := $(STACK)
review: $(ENV) ## is the change of STACK safe to approve? Over BASE, LIVE=1, or FILE=a saved preview: docs/review.md
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m infra.review --stack="$$STACK" \
		$${BASE:+--base="$$BASE"} $${LIVE:+--live="$$LIVE"} $${REFRESH:+--refresh="$$REFRESH"} \
		$${FILE:+--file="$$FILE"} $${EVENTS:+--events="$$EVENTS"} $${COSTS:+--costs="$$COSTS"} \
		$${FORMAT:+--format="$$FORMAT"} $${OUT:+--out="$$OUT"} $${ALL:+--all="$$ALL"} \
		$${FAIL_ON:+--fail-on="$$FAIL_ON"} $${CHECK:+--check="$$CHECK"}

.PHONY: policy
policy: $(ENV) ## what the policies say of STACK; FORMAT=json or sarif; EXPORT=file for a `pulumi stack export`
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m infra.policy.report \
		$(if $(EXPORT),--export '$(EXPORT)',--stack '$(STACK)') --format $(or $(FORMAT),text)

.PHONY: policy-sarif
policy-sarif: $(ENV) ## the same in the file OUT, for code scanning: what it finds is no failure there
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m infra.policy.report --stack '$(STACK)' --format sarif \
		>'$(or $(OUT),policy.sarif)' || [ $$? -eq 1 ]

.PHONY: policy-compare
policy-compare: $(ENV) ## checkov over dev and prod, beside the policies: what only one of them finds
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m infra.policy.compare

.PHONY: cost
cost: $(ENV) ## what STACK costs a month when nobody uses it
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m infra.cost $(STACK)

## A stack that is up

.PHONY: redrive
redrive: $(ENV) ## dead letters of STACK back to their queue; DRY_RUN=1 shows them, QUEUE=output of another, RATE=per second
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m operations.redrive $(STACK) \
		$(if $(DRY_RUN),--dry-run) $(if $(QUEUE),--queue $(QUEUE)) $(if $(RATE),--rate $(RATE))

.PHONY: verify
verify: $(ENV) ## after pulumi up: whether what runs of STACK is what it declared; WAIT=seconds for rollouts
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m operations.verify $(STACK) $(if $(WAIT),--wait $(WAIT)) $(ARGS)

.PHONY: token
token: $(ENV) ## an access token of STACK's API: NAME=phone makes and prints one, REVOKE=phone revokes it, else they are listed
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m operations.access_tokens $(STACK) \
		$(if $(NAME),--name '$(NAME)') $(if $(REVOKE),--revoke '$(REVOKE)')

## What the workflows of .github do (docs/ci.md)

.PHONY: review-comment
review-comment: ## post the reviews in the folder REVIEWS, which RUN_ID left, to their pull request
	@python3 -m operations.review_comment '$(REVIEWS)' --run '$(RUN_ID)'

.PHONY: review-fingerprint
review-fingerprint: ## the fingerprint of the review in the file REVIEW, for the workflow's next job and its summary
	@python3 -m operations.reviewed_plan '$(REVIEW)'

.PHONY: deploy
deploy: $(ENV) ## pulumi up of STACK, if it is still the plan that was approved: CHECK=fingerprint
	@[ -n '$(CHECK)' ] || { echo "make deploy needs CHECK=fingerprint, of a review that somebody approved" >&2; exit 2; }
	@$(MAKE) --no-print-directory review LIVE=1 FAIL_ON=never CHECK='$(CHECK)'
	@PATH="$$(tools/pulumi):$$PATH" pulumi up --stack '$(STACK)' --refresh --yes --non-interactive --policy-pack infra/policy

.PHONY: drift
drift: $(ENV) ## what is no more as STACK was deployed; OUT=file for a report
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m operations.drift '$(STACK)' $(if $(OUT),--out '$(OUT)')

.PHONY: drift-issue
drift-issue: ## an issue for each report in the folder REPORTS that tells of drift; closed where there is none
	@python3 -m operations.drift_issue '$(REPORTS)'

## Development

.PHONY: setup
setup: $(ENV) ## the environment and the pulumi CLI, and nothing more
	@tools/pulumi >/dev/null

.PHONY: test
test: $(ENV) ## every test; ARGS="-k name" for some
	@tools/system-packages
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m pytest -n auto --dist loadgroup $(ARGS)

.PHONY: bench
bench: $(ENV) ## measure against the plain way, a table of ratios; NAME=requests for one of them
	@tools/system-packages bench
	@PATH="$$(tools/pulumi):$$PATH" .venv/bin/python -m tests.bench $(NAME)

.PHONY: lint
lint: $(ENV) ## style, types, and the workflows in .github
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@"$$(tools/actionlint)/actionlint"
	@.venv/bin/zizmor --offline --pedantic --strict-collection --no-progress --quiet .github

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
