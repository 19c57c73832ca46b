# Everything a person does with this repository; `make` alone lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo run token console console-test test test-librdkafka contract upgrade-check bench chaos check deploy-check alerts-check sbom audit \
	format stack-up stack-down stack-reset

stack := deploy/local/stack
# A recipe that talks to the servers begins with one of these. The second leaves the servers as it found them.
with-stack := $(stack) up && eval "$$($(stack) env)" &&
on-stack := $(stack) status >/dev/null 2>&1 || trap '$(stack) down' EXIT; $(with-stack)
# The console's pages, where there is Node to build them; without it they say how. Built before the service that they become part of.
pages := crates/console/web
with-pages := if ! command -v npm >/dev/null; then echo "no Node: the console is not built"; \
	else $(MAKE) --no-print-directory console || echo "the console could not be built"; fi &&
# Without the campaign, whose pretended brokers are C and take a minute to build.
release := cargo build --release --workspace --exclude chaos --exclude system-tests --bins &&

# The key of the issuer that development takes its tokens from, and what a token says.
issuer := .stack/issuer
SUBJECT ?= developer
SCOPES ?= assets:read assets:write tariffs:read tariffs:write commands:send operations
with-issuer := $(if $(filter jwt,$(AUTH)),$(issuer))

help: ## list these
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## set up everything, play the product's story step by step, leave nothing running
	@$(on-stack) $(with-pages) $(release) target/release/demo story $(with-issuer)

run: ## set up everything and keep it running, with a simulated fleet, until Ctrl-C; AUTH=jwt asks for tokens
	@$(on-stack) $(with-pages) $(release) target/release/demo run $(with-issuer)

token: ## print a token for an hour, for services that run with AUTH=jwt: make token SCOPES="assets:read"
	@cargo build --quiet --release -p dev-issuer && target/release/dev-issuer $(issuer) "$(SUBJECT)" "$(SCOPES)"

console: ## build the console's pages, which become part of the next build of asset-api; needs Node 18 and npm
	@cd $(pages) && { cmp --silent package-lock.json node_modules/.installed || \
	{ npm ci --silent && cp package-lock.json node_modules/.installed; }; } && npm run --silent build

console-test: ## click through the console in headless Chromium; six minutes; pictures go to target/console
	@$(pages)/e2e/set-up && $(MAKE) --no-print-directory console && npm --prefix $(pages) --silent test && \
	$(with-stack) cargo test -p system-tests --test console -- --ignored --nocapture

test: ## run all tests; brings up what they need
	@$(with-stack) cargo build --workspace --bins && cargo test --workspace --no-fail-fast

test-librdkafka: ## the tests of what reads Kafka, with the client that is left out of other builds; builds librdkafka once
	@$(with-stack) cargo test -p runtime -p event-ingestor --features event-ingestor/librdkafka --no-fail-fast

contract: ## try both HTTP services by their OpenAPI documents, with tools of Python's; two minutes
	@$(with-stack) tools=$$(tests/contract/set-up) && cargo build --workspace --bins && \
	CONTRACT_TOOLS=$$tools cargo test -p system-tests --test contract -- --ignored

upgrade-check: ## upgrade from the previous release under load, restart, and go back; builds that release once
	@$(with-stack) previous=$$(tests/upgrade/build-previous) && cargo build --workspace --bins && \
	PREVIOUS_RELEASE=$$previous cargo test -p system-tests --test upgrade -- --ignored --nocapture

bench: ## measure against the targets, twenty to twenty-five minutes; the report goes to target/bench
	@$(on-stack) $(release) target/release/bench $(BENCH)

# The second client that reads Kafka is a feature of event-ingestor; it is built last, over the one without it.
with-client := $(if $(CLIENT),cargo build --release -p event-ingestor --features "$(CLIENT)" &&)

chaos: ## prove exactly-once under faults, at some length, on servers of its own; CLIENT=librdkafka reads through that
	@$(release) cargo build --release -p chaos && $(with-client) target/release/chaos $(PHASE)

check: ## formatting, lints and documentation, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --document-private-items

deploy-check: ## check the image, the Compose file, the charts and the licenses; needs neither an engine nor a cluster
	@tools=$$(deploy/checks/set-up) && cargo build --workspace --bins && PYTHONDONTWRITEBYTECODE=1 "$$tools/pytest" -q -p no:cacheprovider deploy/checks

alerts-check: ## the alert rules, with promtool's unit tests, and the dashboards' expressions; builds promtool once
	@deploy/observability/check

sbom: ## list what each service is made of in target/sbom, as CycloneDX
	@tools=$$(deploy/checks/set-up) && for service in asset-api event-ingestor command-dispatcher; do \
	"$$tools/python" deploy/supply-chain/sbom $$service; done

audit: ## hold the crates against the advisories of RustSec
	@deploy/supply-chain/audit

format: ## format the sources
	cargo fmt --all

stack-up: ## start PostgreSQL, Redis and Kafka for this checkout
	@$(stack) up

stack-down: ## stop them
	@$(stack) down

stack-reset: ## stop them and delete their data
	@$(stack) reset
