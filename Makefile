# kmscope. Every target does its own set-up first (packaging/setup.sh): it takes
# a fraction of a second when all is there, and installs nothing then.
#
# Works with GNU Make 3.81, the one of macOS.

SHELL := /bin/bash

# Go is often unpacked to /usr/local/go without being on the PATH.
PATH := $(PATH):/usr/local/go/bin:/opt/homebrew/bin
export PATH
GO := $(shell PATH="$(PATH)" command -v go 2>/dev/null || echo go)

# Fyne then trusts us to call it from its own goroutine (fyne.Do) and leaves out
# a check per call. Build without it now and then: it reports wrong calls.
TAGS := migrated_fynedo
# What the tests work on: make test PKG=./capture/... TESTFLAGS='-run TestX -v'
PKG ?= ./...
TESTFLAGS ?=
BENCH ?= .
BENCHTIME ?= 1s
FUZZTIME ?= 30s

# The linter has its own module, so that none of its dependencies becomes one of
# the program.
LINTER := bin/tools/golangci-lint

# Tests that open a real window get a virtual display when there is none.
ifeq ($(shell uname -s),Linux)
ifeq ($(DISPLAY)$(WAYLAND_DISPLAY),)
WITH_DISPLAY := xvfb-run -a -s "-screen 0 1920x1200x24"
endif
endif

JSCLIENT := kmssim/jsclient

.DEFAULT_GOAL := help
.PHONY: help demo build test lint bench bench-window fuzz conformance setup setup-test js-client clean

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## build, and open the window on the built-in simulated server
	./bin/kmscope --demo

build: setup ## build kmscope, kmscope-rec and kmssim into bin/
	$(GO) build -tags $(TAGS) -o bin/kmscope .
	CGO_ENABLED=0 $(GO) build -o bin/kmscope-rec ./cmd/kmscope-rec
	CGO_ENABLED=0 $(GO) build -o bin/kmssim ./cmd/kmssim

# vet runs with -race as well: it then shares the compiled packages with the
# tests instead of having Fyne's C compiled a second time.
test: setup-test js-client ## vet, and run every test under the race detector
	$(GO) vet -race -tags $(TAGS) $(PKG)
	LC_ALL=C.UTF-8 $(WITH_DISPLAY) $(GO) test -race -tags $(TAGS) -timeout 9m $(TESTFLAGS) $(PKG)

# The linter loads the packages with -race for the same reason.
lint: setup $(LINTER) ## run the linters that .golangci.yml names
	GOFLAGS="$(GOFLAGS) -race" $(LINTER) run --build-tags $(TAGS) $(PKG)

$(LINTER): tools/go.mod tools/go.sum | setup
	@mkdir -p $(dir $@)
	cd tools && $(GO) build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

bench: setup ## run the benchmarks; BENCH=Apply PKG=./inventory narrows them
	$(GO) test -tags $(TAGS) -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem $(PKG)

# The real driver on a display of a laptop's size; one "op" is one frame, one change, or
# a tenth of a second of idleness.
bench-window: setup-test ## measure the real window: frames, changes, idle load; BENCHTIME=900x is longer
	$(subst 1920x1200,1600x900,$(WITH_DISPLAY)) $(GO) test -tags $(TAGS) -run '^$$' -bench '$(BENCH)' -benchtime $(if $(filter 1s,$(BENCHTIME)),300x,$(BENCHTIME)) ./ui/framebench -window

# go test fuzzes one target of one package at a time.
fuzz: setup ## run every fuzz target for FUZZTIME (30s) each
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sort | while IFS=: read -r file target; do \
	  target=$${target#func }; \
	  echo "== $$(dirname $$file) $$target"; \
	  $(GO) test -tags $(TAGS) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname $$file)" </dev/null || exit 1; \
	done

# The packages whose tests have a flag -kms; others would refuse it.
conformance: setup ## run the conformance suite against KMS=ws://host:8888/kurento
	@test -n "$(KMS)" || { echo "say which server: make conformance KMS=ws://127.0.0.1:8888/kurento" >&2; exit 2; }
	$(GO) test -tags $(TAGS) -count=1 -timeout 60m $(TESTFLAGS) \
	  $$(grep -rlE --include='*_test.go' 'flag\.String(Var)?\(.*"kms",' . | xargs -n 1 dirname | sort -u) -kms "$(KMS)"

setup: ## install what building needs, if anything is missing
	@packaging/setup.sh build

setup-test:
	@packaging/setup.sh test

# The official JavaScript client, for the test that lets it use kmssim. The npm
# of Debian 12 (9.2) fails at a package that is overridden where another names
# a git repository: there a newer one is fetched for the occasion.
js-client:
	@if [ -f $(JSCLIENT)/package-lock.json ] && [ ! $(JSCLIENT)/node_modules/.package-lock.json -nt $(JSCLIENT)/package-lock.json ]; then \
	  npm=npm; case $$(npm --version) in [1-9].*) npm="npx --yes npm@10.9.2";; esac; \
	  echo "$$npm ci in $(JSCLIENT): the official JavaScript client, for its test" && \
	  cd $(JSCLIENT) && $$npm ci --no-audit --no-fund --ignore-scripts && touch node_modules/.package-lock.json; \
	fi

clean: ## remove what make has built
	rm -rf bin dist
