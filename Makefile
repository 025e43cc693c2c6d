# Everything that a person or CI runs. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
export CGO_ENABLED := 1
export LANDFALL_DATA_DIR ?= $(abspath ../shared/data)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## install what tests need (Debian, Ubuntu), or list what is missing
	@scripts/setup.sh

.PHONY: build
build: ## build ./bin/landfall
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/landfall ./cmd/landfall

.PHONY: demo
demo: build ## take the shipped bank example from its data to a verdict
	./bin/landfall demo

.PHONY: test
test: setup ## vet, staticcheck, house rules, unit, store (SQLite) and script tests
	go vet ./...
	go tool staticcheck ./...
	go test ./...

.PHONY: test-race
test-race: ## the same tests under the race detector
	go test -race ./...

.PHONY: test-postgres
test-postgres: ## every store's tests on PostgreSQL as well as SQLite (starts a throwaway server)
	eval "$$(scripts/postgres.sh start)" && trap 'scripts/postgres.sh stop' EXIT && \
	  go test ./kit/store/... ./kit/jobs/... ./core/... ./align/... ./prove/... ./app/...

.PHONY: e2e
e2e: build ## kill -9 at random points, the demo, real data, bad input, the report in a browser
	LANDFALL_BIN=$(abspath bin/landfall) go test -tags e2e -timeout 30m ./e2e/...

.PHONY: verify
verify: ## regenerate what is generated and committed; fail if it differs
	go test ./docs/... ./arch/... -run 'Generated|Golden' -update
	git diff --exit-code

.PHONY: fuzz
fuzz: ## fuzz every parser for 20 seconds each
	scripts/fuzz.sh 20s

.PHONY: bench
bench: build ## the benchmarks of docs/benchmarks.md, with their peers, as ratios
	scripts/bench.sh

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
