# Everything that a person or CI runs. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
export CGO_ENABLED := 1
export LANDFALL_DATA_DIR ?= $(abspath ../shared/data)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## install what tests need (Debian, Ubuntu), or list what is missing
	@scripts/setup.sh

# Node runs only if something of the console changed since.
console/dist/index.html: console/package-lock.json console/package.json console/vite.config.ts console/tsconfig.json console/index.html $(shell find console/src console/public -type f)
	cd console && { cmp -s package-lock.json node_modules/.installed || { npm ci --no-audit --no-fund && cp package-lock.json node_modules/.installed; }; }
	cd console && npm run -s build

.PHONY: console
console: console/dist/index.html ## build the web console into the binary's folder (needs Node.js 20)

.PHONY: test-console
test-console: console ## the console's own tests: types, palette, texts, proofs, size
	cd console && npm run -s check && LANDFALL_STRICT=1 npm test --silent

.PHONY: build
build: ## build ./bin/landfall
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/landfall ./cmd/landfall

.PHONY: demo
demo: build ## take the shipped bank example from its data to a verdict
	./bin/landfall demo

.PHONY: test
test: setup ## vet, staticcheck, house rules, unit, store (SQLite) and script tests
	go vet ./...
	go vet -tags 'e2e images model' ./e2e/
	go tool staticcheck ./...
	scripts/gotest.sh ./...

.PHONY: test-race
test-race: ## the tests of what runs in parallel under the race detector
	scripts/gotest.sh -race -timeout 25m ./kit/... ./core/... ./align/poc ./align/poc/remote ./align/poc/recorded ./align/poc/grader/... ./prove/... ./app/... ./cmd/...

.PHONY: test-postgres
test-postgres: ## every store's tests on PostgreSQL as well as SQLite (starts a throwaway server)
	eval "$$(scripts/postgres.sh start)" && trap 'scripts/postgres.sh stop' EXIT && \
	  scripts/gotest.sh $$(grep -rl --include='*_test.go' 'storetest\.' kit core align prove app | xargs -n1 dirname | sort -u | sed 's,^,./,')

.PHONY: e2e
e2e: setup console build ## kill -9 at random points, the demo, real data, full disks, the report and the console in a browser
	LANDFALL_BIN=$(abspath bin/landfall) scripts/gotest.sh -tags e2e -count 1 -timeout 40m ./e2e/

.PHONY: e2e-model
e2e-model: build ## 200 cases through a real small model (builds llama.cpp once, into LANDFALL_CACHE)
	eval "$$(scripts/model-server.sh start)" && trap 'scripts/model-server.sh stop' EXIT && \
	  LANDFALL_BIN=$(abspath bin/landfall) scripts/gotest.sh -tags 'e2e model' -count 1 -timeout 10m -run '^TestModel$$' ./e2e/

.PHONY: images
images: setup build ## make the pictures of the READMEs from the demo
	LANDFALL_BIN=$(abspath bin/landfall) go test -tags 'e2e images' -count 1 -run TestImages ./e2e/

.PHONY: verify
verify: ## regenerate what is generated and committed; fail if it differs
	go test ./docs/ -run Generated -update
	git diff --exit-code -- docs README.md README.zh-CN.md

.PHONY: fuzz
fuzz: ## fuzz every parser for 20 seconds each (FUZZTIME=…)
	scripts/fuzz.sh $(or $(FUZZTIME),20s)

.PHONY: bench
bench: build ## the benchmarks of docs/benchmarks.md, with their peers, as ratios
	scripts/bench.sh

.PHONY: bench-smoke
bench-smoke: build ## every benchmark once, small, without peers: that they run
	scripts/bench.sh smoke

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
	find console/dist -mindepth 1 ! -name .keep -delete
