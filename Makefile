# Thin on purpose: everything is in xtask (Rust). `make help` lists what there is.
XTASK = cargo run --quiet --package xtask --
TARGET = $${CARGO_TARGET_DIR:-target}

# Nobody edits there: what the compiler keeps for the next edit would only fill the disk.
ifdef CI
export CARGO_INCREMENTAL = 0
endif

.PHONY: help run tour test group bench bench-server bench-ui bench-cluster conformance crash fuzz fmt pages ops \
        deploy corpus ui browser screenshots readme

help: ; @$(XTASK) help

# One build for both, so that what they share is compiled once. Serving and the tour need no optimised build, which
# takes four times as long; measuring does.
run tour: ; @cargo build --package weir-cli --package xtask && CHECK=$(CHECK) exec $(TARGET)/debug/xtask $@
bench bench-server bench-ui: ; @cargo build --release --package weir-cli --package xtask && $(TARGET)/release/xtask $@

# Workers are measured as they are delivered.
bench-cluster: ; @cargo build --release --package weir-cli --features weir-cli/temporal && $(XTASK) $@

test: ; @$(XTASK) test
group: ; @$(XTASK) group $(NAME)
conformance: ; @$(XTASK) conformance
crash: ; @$(XTASK) crash
fuzz: ; @$(XTASK) fuzz
fmt: ; @$(XTASK) fmt
pages: ; @$(XTASK) pages
ui: ; @$(XTASK) ui
browser: ; @$(XTASK) browser
screenshots: ; @$(XTASK) screenshots
readme: ; @$(XTASK) readme
ops: ; @$(XTASK) ops
deploy: ; @$(XTASK) deploy
corpus: ; @$(XTASK) corpus
