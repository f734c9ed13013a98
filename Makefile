# The commands of this repository; `make` alone lists them. Variables on the command line reach the runner through the
# environment: make e2e KEEP=1 FOCUS=temporary-disable. The runner is exec'ed, so that signals reach it and no shell.
RUNNER := bin/e2e
TLSCHECK := bin/kubectl-tls_check
REPORTDIFF := bin/reportdiff
HISTORIAN := bin/history
PLANNER := bin/cells
REPORTER := bin/report
CILOCAL := bin/cilocal
HISTORY ?= history.jsonl
REPORT ?= artifacts/report.json
REDACTED = $(if $(filter 1,$(REDACT)),--redact)

# Go says nothing while it compiles, and little while it downloads.
BUILD = test -x $@ || echo "downloading modules and compiling $@: about 2 minutes on two cores the first time, seconds after" >&2; go build -buildvcs=false -o $@

.DEFAULT_GOAL := help
.PHONY: help test test-pull test-report unit lint code-mutants fuzz outline e2e e2e-full e2e-mutants e2e-upgrade e2e-merge e2e-up e2e-run e2e-down lease lease-status lease-end tls-check verify record record-reports preflight report report-json report-diff versions versions-record versions-check cells cell summary ci-local history history-lines history-add history-fetch cache-prune $(RUNNER) $(TLSCHECK) $(REPORTDIFF) $(HISTORIAN) $(PLANNER) $(CILOCAL) $(REPORTER)

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  Settings of the e2e commands are listed by: go run ./scripts/e2e --help"

test: unit lint ## what needs no engine: unit tests, vet, lint, the suite compiled and dry-run with the stages of an upgrade
	@MTLS_UPGRADE=canary/strict $(MAKE) --no-print-directory outline >/dev/null

unit:
	go vet ./...
	go vet -tags e2e ./...
	go test ./...

lint: ## golangci-lint, shellcheck, actionlint, zizmor
	scripts/tools/lint.sh

code-mutants: ## make mistakes in the suite's own code and see that the unit tests notice (SUBJECT=)
	@go run ./scripts/codemutants $(SUBJECT)

test-pull: ## try lane pull against a registry that goes wrong; needs Docker (END_TO_END=1 makes a cluster and runs the suite too)
	@exec go run ./scripts/pulltest

test-report: ## try the pages of the report and of tls-check in Chromium, from disk and without a network; pictures of them go to artifacts/pictures
	@test -d artifacts || { mkdir artifacts && touch artifacts/.mtls-conformance; }
	@chromium=$$(scripts/tools/chromium.sh) && axe=$$(scripts/tools/axe.sh) && CHROMIUM=$$chromium AXE=$$axe PICTURES=$(CURDIR)/artifacts/pictures go test -count 1 -p 1 -tags browser ./scripts/report ./e2e/pure/clusterpage

fuzz: ## run each fuzz target for a minute (FUZZTIME=)
	@exec scripts/tools/fuzz.sh

outline: $(RUNNER) ## print the cases (FOCUS=, LABELS=)
	@exec $(RUNNER) outline

e2e: $(RUNNER) ## from whatever there is to a verdict (KEEP=1 leaves the cluster, REPEAT=10 runs ten rounds)
	@exec $(RUNNER) all

e2e-full: export LABELS ?= !chaos && !explore && !mutant
e2e-full: $(RUNNER) ## the same with the slow cases
	@exec $(RUNNER) all

e2e-mutants: export LABELS ?= mutant
e2e-mutants: $(RUNNER) ## sabotage the mesh and see that the suite notices (MUTANTS=DIR for others than fixtures/mutants)
	@exec $(RUNNER) all

e2e-upgrade: $(RUNNER) ## upgrade Istio under traffic and judge the mesh at each stage (FROM=, TO=, MODE=, TRAFFIC=, POLICIES=, ACCEPT=, FULL=1, MUTANT=; of your own cluster CLUSTER=existing WATCH=1)
	@exec $(RUNNER) upgrade

e2e-merge: $(RUNNER) ## make one report of the artifacts of all shards of a run (FROM="DIR DIR", ARTIFACTS=)
	@exec $(RUNNER) merge $(FROM)

e2e-up: $(RUNNER) ## make or reuse the cluster with mesh and world
	@exec $(RUNNER) up

e2e-run: $(RUNNER) ## run the suite on the cluster of e2e-up (FOCUS=, LABELS=, GINKGO_ARGS=)
	@exec $(RUNNER) run

e2e-down: $(RUNNER) ## delete the cluster
	@exec $(RUNNER) down

lease: $(RUNNER) ## take mTLS off a service for debugging, and put it back (SERVICE=, MINUTES=)
	@exec $(RUNNER) lease

lease-status: $(RUNNER) ## list the leases that stand
	@exec $(RUNNER) lease-status

lease-end: $(RUNNER) ## end every lease that stands
	@exec $(RUNNER) lease-end

# The suite's own cluster, or the one that KUBECONTEXT names.
TARGET = $(if $(KUBECONTEXT),--context $(KUBECONTEXT),--kubeconfig "$$($(RUNNER) kubeconfig)")

tls-check: $(RUNNER) $(TLSCHECK) ## say whether hops to a service are mTLS (SERVICE=, CLIENT=, ARGS=, KUBECONTEXT=)
	@exec $(TLSCHECK) $(TARGET) $(CLIENT) $(or $(SERVICE),--all) $(ARGS)

verify: $(RUNNER) $(TLSCHECK) ## go through the guide's commands for a service (SERVICE=, CLIENT=, KUBECONTEXT=)
	@exec $(TLSCHECK) verify $(TARGET) $(CLIENT) $(or $(SERVICE),product-service.default) $(ARGS)

record: $(RUNNER) ## record the test data of the unit tests again, from the mesh of e2e-up
	@exec $(RUNNER) record

record-reports: $(RUNNER) ## record the public reports that tls-check is held to, on the cluster of e2e-up (FOCUS=)
	@exec $(RUNNER) record-reports

preflight: $(RUNNER) ## check input and machine, change nothing
	@exec $(RUNNER) preflight

report: $(REPORTER) ## render a stored report.json again, as report.html beside it, with the runs of a history (FROM=, HISTORY=, TO=; REDACT=1: as report.redacted.html, without names); several by versions, as one matrix.html (FROM="FILE FILE")
	@exec $(REPORTER) html $(FROM) $(if $(TO),--to $(TO)) $(if $(filter-out file,$(origin HISTORY)),--history $(HISTORY)) $(REDACTED)

report-json: $(REPORTER) ## print a report.json with every value where it stands (FROM=; REDACT=1: without names)
	@exec $(REPORTER) json $(FROM) $(REDACTED)

report-diff: $(REPORTDIFF) ## compare two report.json check by check: nothing may become less, no verdict may change (OLD=, NEW=)
	@exec $(REPORTDIFF) $(OLD) $(NEW)

versions: ## list the versions that the lanes offer: lane, Istio, Kubernetes
	@exec scripts/images.sh --versions

versions-record: ## write what a report says into the table of versions, scripts/versions (REPORT=)
	@go run ./scripts/versions record $(REPORT)

versions-check: ## compare a report with its row in the table of versions (REPORT=)
	@go run ./scripts/versions check $(REPORT)

cells: $(PLANNER) ## the cells of a workflow as JSON (WORKFLOW=, LANE=; of an upgrade FROM=, TO=)
	@exec $(PLANNER) list $(WORKFLOW) $(if $(LANE),--lane $(LANE)) $(if $(FROM),--from $(FROM)) $(if $(TO),--to $(TO))

cell: $(PLANNER) ## run one of them (CELL=)
	@exec $(PLANNER) run "$(CELL)"

summary: ## print the summary of the last run, as Markdown
	@test ! -f artifacts/summary.md || cat artifacts/summary.md

history: $(HISTORIAN) ## say what the last run of a history came to, beside those before, and show cases by runs (HISTORY=, CELLS=, JOBS=, BADGE=)
	@$(HISTORIAN) show $(HISTORY) $(if $(CELLS),--cells "$(CELLS)") $(if $(JOBS),--jobs "$(JOBS)") $(if $(BADGE),--badge $(BADGE)); status=$$?; echo; echo '```'; $(HISTORIAN) grid $(HISTORY); echo '```'; exit $$status

history-lines: $(HISTORIAN) ## write what a report adds to a history beside it, as history.jsonl (REPORT=, CELL=)
	@exec $(HISTORIAN) lines $(REPORT) $(dir $(REPORT))history.jsonl --cell "$(CELL)"

history-add: $(HISTORIAN) ## add files of such lines to a history; what it has already changes nothing (HISTORY=, FROM=)
	@exec $(HISTORIAN) add $(HISTORY) $(FROM)

history-fetch: $(HISTORIAN) ## in a workflow: the history of its runs before, with what the cells of this one add
	@HISTORIAN=$(HISTORIAN) exec scripts/history/fetch.sh $(HISTORY)

ci-local: $(CILOCAL) ## do what the workflows pr and e2e do, step by step in fresh clones of what is committed
	@exec $(CILOCAL) .github/workflows/pr.yaml

cache-prune: ## remove what was built for the lanes
	@exec scripts/images.sh --prune

$(RUNNER):
	@$(BUILD) ./scripts/e2e

$(TLSCHECK):
	@$(BUILD) ./scripts/kubectl-tls_check

$(REPORTDIFF):
	@$(BUILD) ./scripts/reportdiff

$(HISTORIAN):
	@$(BUILD) ./scripts/history

$(PLANNER):
	@$(BUILD) ./scripts/cells

$(CILOCAL):
	@$(BUILD) ./scripts/cilocal

$(REPORTER):
	@$(BUILD) ./scripts/report
