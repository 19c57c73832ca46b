# All tasks of this repository; `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help doctor demo run token console console-test test test-librdkafka contract upgrade-check bench bench-check chaos check deploy-check compatibility-check image-check cluster-check alerts-check sbom audit verify verify-ci \
	format stack-up stack-down stack-reset debian-check

stack := deploy/local/stack
# A recipe that uses the servers begins with one of these. The second one leaves the servers as it
# found them.
with-stack := $(stack) up && eval "$$($(stack) env)" &&
on-stack := $(stack) status >/dev/null 2>&1 || trap '$(stack) down' EXIT; $(with-stack)
pages := crates/console/web
# Without `chaos`, whose mock brokers are written in C and take a minute to build.
release := cargo build --release --workspace --exclude chaos --exclude system-tests --bins &&

# The key of the development issuer, and the contents of its tokens.
issuer := .stack/issuer
SUBJECT ?= developer
SCOPES ?= assets:read assets:write drivers:read tariffs:read tariffs:write issues:read issues:write commands:send commands:read audit:read operations
OPERATORS ?=
with-issuer := $(if $(filter jwt,$(AUTH)),$(issuer))

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

doctor: ## report what this machine has, what `make demo` installs, and what is missing; changes nothing
	@deploy/local/doctor

demo: ## set up everything, run a charging session step by step, and stop everything
	@deploy/local/task demo $(with-issuer)

run: ## set up everything and keep it running with simulated devices until Ctrl-C; AUTH=jwt requires tokens
	@deploy/local/task run $(with-issuer)

token: ## print a token that is valid for an hour, for services that run with AUTH=jwt: make token SCOPES="assets:read" OPERATORS="op-7"
	@# `make run` has built it, with other features of its dependencies: alone it would be built anew.
	@[[ -x target/demo/dev-issuer ]] || cargo build --quiet --profile demo -p dev-issuer; \
	target/demo/dev-issuer $(issuer) "$(SUBJECT)" "$(SCOPES)" $(OPERATORS)

console: ## build the console's pages, which become part of the next build of asset-api; needs Node.js 18 and npm
	@cd $(pages) && { cmp --silent package-lock.json node_modules/.installed || \
	{ npm ci --silent && cp package-lock.json node_modules/.installed; }; } && npm run --silent build

console-test: ## test the console in headless Chromium; about fourteen minutes; screenshots go to target/console
	@$(pages)/e2e/set-up && $(MAKE) --no-print-directory console && npm --prefix $(pages) --silent test && \
	npm --prefix $(pages)/e2e/provider ci --silent && npm --prefix $(pages)/e2e/provider --silent test && \
	$(with-stack) cargo test -p system-tests --test console -- --ignored --nocapture

test: ## run all tests; starts the servers that they need
	@deploy/local/task test

test-librdkafka: ## run the tests of the Kafka consumers with librdkafka, which other builds do not contain; builds it once
	@$(with-stack) cargo test -p runtime -p event-ingestor --features event-ingestor/librdkafka --no-fail-fast

contract: ## test both HTTP services against their OpenAPI documents with Python tools; two minutes
	@$(with-stack) tools=$$(tests/contract/set-up) && cargo build --workspace --bins && \
	CONTRACT_TOOLS=$$tools cargo test -p system-tests --test contract -- --ignored

upgrade-check: ## upgrade from the previous release under load, restart, and roll back; builds that release once
	@$(with-stack) previous=$$(tests/upgrade/build-previous) && cargo build --workspace --bins && \
	PREVIOUS_RELEASE=$$previous cargo test -p system-tests --test upgrade -- --ignored --nocapture

bench: ## measure against the targets, twenty-four to twenty-nine minutes; the report goes to target/bench
	@$(on-stack) $(release) target/release/bench $(BENCH)

# Only what is measured, and with few optimisations: a third of the time of a release build.
bench-check: ## check that no ratio of speed is worse than 80 % of what was reached; some four minutes after the build
	@$(on-stack) cargo build --profile demo -p bench -p asset-api -p event-ingestor -p command-dispatcher --bins && \
	target/demo/bench check

# The librdkafka consumer is a feature of event-ingestor; it is built last, and replaces the build
# without it.
with-client := $(if $(CLIENT),cargo build --release -p event-ingestor --features "$(CLIENT)" &&)

chaos: ## test exactly-once effects under faults on separate servers; CLIENT=librdkafka reads with librdkafka
	@$(release) cargo build --release -p chaos && $(with-client) target/release/chaos $(PHASE)

check: ## check formatting, lints, documentation and run bits; warnings are errors
	@# A script without its run bit cannot be called by its path; a caller may take that for a missing program.
	@plain=$$(git grep --cached -l '^#!/' | xargs git ls-files --stage | grep -v ^100755 || true); \
	[[ -z $$plain ]] || { echo "scripts without their run bit (git add --chmod=+x): $$plain"; exit 1; }
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	@# The second Kafka client, which no other build contains.
	cargo clippy --workspace --all-targets --features event-ingestor/librdkafka -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --document-private-items

deploy-check: compatibility-check ## check the image, the Compose file, the charts and the licenses; needs neither an engine nor a cluster
	@tools=$$(deploy/checks/set-up) && cargo build --workspace --bins && PYTHONDONTWRITEBYTECODE=1 "$$tools/pytest" -q -p no:cacheprovider deploy/checks

compatibility-check: ## compare APIs, protobuf files, settings, values and metrics with those of the last release
	@tools=$$(deploy/checks/set-up) && PYTHONPATH=deploy/checks PYTHONDONTWRITEBYTECODE=1 "$$tools/python" -m compatibility

image-check: ## build the images and run them, as the pods of the charts and with Compose; needs root and a Debian; four minutes
	@$(with-stack) engine=$$(deploy/image-check/set-up) && tools=$$(deploy/checks/set-up) && cargo build --workspace --bins && \
	IMAGE_CHECK=$$engine PYTHONDONTWRITEBYTECODE=1 "$$tools/pytest" -q -p no:cacheprovider -o pythonpath=deploy/checks --durations 5 deploy/image-check

cluster-check: ## install, upgrade, roll back and uninstall the charts in a real Kubernetes without nodes; builds it with Go once
	@programs=$$(deploy/cluster-check/set-up) && tools=$$(deploy/checks/set-up) && CLUSTER_PROGRAMS=$$programs \
	PYTHONDONTWRITEBYTECODE=1 "$$tools/pytest" -q -rs -p no:cacheprovider -o pythonpath=deploy/checks --durations 5 deploy/cluster-check

alerts-check: ## check the alert rules with promtool's unit tests, and the dashboards' expressions; builds promtool once
	@deploy/observability/check

sbom: ## write the software bill of materials of each service to target/sbom, as CycloneDX
	@tools=$$(deploy/checks/set-up) && for service in asset-api event-ingestor command-dispatcher; do \
	"$$tools/python" deploy/supply-chain/sbom $$service; done

audit: ## check the crates against the advisories of RustSec
	@deploy/supply-chain/audit

verify: verify-ci chaos ## run all that CI runs, also what it leaves out by default, and the chaos campaign; hours

# Ratios can only be checked on a kind of machine that has a run; the table says so where it has none. With
# the 50 minutes that images and ratios may take at most, a run fits the 350 minutes of ci.yml.
verify-ci: MAY_LEAVE_OUT ?= bench
verify-ci: LEAVE_OUT_AFTER_MIN ?= 300
verify-ci: ## run all steps of CI, also those that it leaves out by default; hours
	@LIBRDKAFKA=1 CLUSTER=1 LEAVE_OUT_AFTER_MIN="$(LEAVE_OUT_AFTER_MIN)" MAY_LEAVE_OUT="$(MAY_LEAVE_OUT)" .ci/run

format: ## format the sources
	cargo fmt --all

stack-up: ## start PostgreSQL, Redis and Kafka for this checkout
	@$(stack) up

stack-down: ## stop these servers
	@$(stack) down

stack-reset: ## stop these servers and delete their data
	@$(stack) reset

debian-check: ## try these servers on another release of Debian; needs root; four minutes: make debian-check RELEASE=trixie
	@deploy/local/debian-check $(RELEASE)
