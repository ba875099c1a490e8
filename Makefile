# Thin on purpose: everything is in xtask (Rust). `make help` lists what there is.
XTASK = cargo run --quiet --package xtask --
BIN = $${CARGO_TARGET_DIR:-target}/release

.PHONY: help run test bench crash fuzz fmt pages corpus

help: ; @$(XTASK) help

# One build for both, so that what they share is compiled once.
run: ; @cargo build --release --package weir-cli --package xtask && $(BIN)/xtask run
bench: ; @cargo build --release --package weir-cli --package xtask && $(BIN)/xtask bench

test: ; @$(XTASK) test
crash: ; @$(XTASK) crash
fuzz: ; @$(XTASK) fuzz
fmt: ; @$(XTASK) fmt
pages: ; @$(XTASK) pages
corpus: ; @$(XTASK) corpus
