# The commands of the project. What they need beyond Rust, Node and make they install themselves, into ignored folders.
PORT ?= 8080

.PHONY: help serve test lint deny advisories native bombs page conformance engine bench properties dist reproducible examples screenshots clean

help:
	@echo 'make serve                 build the page and serve it on 127.0.0.1:$(PORT)'
	@echo 'make test                  formatting, lints, all tests, also in a real Chromium'
	@echo 'make conformance DIR=path  compare with recorded behaviour of Kubernetes'
	@echo 'make bench                 how long large sets take, natively, in wasm, and drawn in Chromium'
	@echo 'make properties            a million random events against the invariants, and the rest at length'
	@echo 'make dist                  the static site, in dist/'
	@echo 'make reproducible          build the committed state twice, in two folders, and compare every file'
	@echo 'make examples              figures in other documentation tools: installs these, builds, and opens them in Chromium'
	@echo 'make advisories            known holes in what is used; needs the network'
	@echo 'make screenshots           pictures of the page, in tests/page/out/'

serve: dist
	@node tools/serve.mjs dist $(PORT)

dist:
	@tools/setup page
	@tools/build
	@node tools/weigh.mjs

test: lint deny native bombs page

# Formatting, and lints without warnings for the engine alone, natively, and for the page, for wasm.
lint:
	@tools/setup page
	cargo fmt --check
	cargo clippy --quiet --no-default-features --all-targets -- --deny warnings
	cargo clippy --quiet --target wasm32-unknown-unknown --bins --lib -- --deny warnings

# The licences, sources and versions of what is used; and, apart from the tests since it needs the network, known holes in it.
deny:
	@tools/setup test
	.tools/bin/cargo-deny --all-features check bans licenses sources
	.tools/bin/cargo-deny --manifest-path tools/split/Cargo.toml --config deny.toml check bans licenses sources

advisories:
	@tools/setup test
	.tools/bin/cargo-deny check advisories

native:
	cargo test --quiet --no-default-features

# Texts that are made to hurt, in wasm.
bombs: engine
	node tools/bombs.mjs

page: dist
	@tools/setup test
	node --test tests/page/*.test.mjs

conformance:
	cargo test --quiet --release --no-default-features --test conformance -- $(DIR)

# The engine as a wasm module, for Node.
engine:
	cargo build --quiet --release --no-default-features --target wasm32-unknown-unknown --example engine

bench: engine
	cargo run --quiet --release --no-default-features --example bench
	node tools/bench.mjs
	@test -e dist/index.html || $(MAKE) dist
	@tools/setup test
	node tools/page-bench.mjs

properties: engine
	PROPERTIES_EVENTS=1000000 PROPERTIES_RUNS=1000 PROPERTIES_PATCHES=10000 \
		cargo test --quiet --release --no-default-features --test properties -- --nocapture
	node tools/wasm-check.mjs 1000

# Two builds of the committed state, from clean checkouts in two folders, give the same files.
reproducible:
	@tools/setup page
	node tools/reproducible.mjs

# The figures in other documentation tools. `make test` opens those whose tool is there, and names the others.
examples: dist
	@tools/setup test
	@tools/setup examples
	node --test tests/page/examples.test.mjs

screenshots: dist
	@tools/setup test
	node tools/screenshot.mjs

clean:
	cargo clean
	rm -rf dist
