# `make help` lists the targets. Only Go is needed for build, run and test.
GO      ?= go
BIN     := bin/leadcast
DEMO    := demo
PEERS   ?= bin/peers
ROWS    ?= 100000,1000000
export CGO_ENABLED ?= 0

.PHONY: help build run test check check-long check-structure portable bench-score bench-engine bench-predict bench-shap bench-train bench-survival shape fuzz real-data clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-15s %s\n", $$1, $$2}'

build: ## build bin/leadcast (a cold build takes minutes; it names the packages as it goes)
	@echo "building leadcast (the first build compiles every library: some minutes)"
	@$(GO) build -v -trimpath -o $(BIN) ./cmd/leadcast 2>&1 | awk '{n++} n%25==0 {printf "  %d packages, now %s\n", n, $$0; fflush()} END {if (n) printf "  %d packages built\n", n}'
	@test -x $(BIN)

run: build ## build, generate a demo company, train, and serve http://127.0.0.1:8080
	@test -f $(DEMO)/leads.csv || $(BIN) datasets generate crm --leads 12000 --seed 7 -o $(DEMO)
	@$(BIN) train $(DEMO)/leads.csv --id lead_id --created created_at --outcome status --won Won --lost Lost \
		--closed closed_at --amount value --as-of "$$(cat $(DEMO)/truth/asof.txt)" -o $(DEMO)/model.leadcast
	@exec $(BIN) serve $(DEMO)/model.leadcast --leads $(DEMO)/leads.csv --as-of "$$(cat $(DEMO)/truth/asof.txt)" --addr $${ADDR:-127.0.0.1:8080} --quiet

test: ## all tests that need nothing but Go
	$(GO) vet ./...
	$(GO) test -timeout 10m ./...

check: test ## what a change must pass: also gofmt, staticcheck, the race detector and short fuzzing
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	CGO_ENABLED=1 $(GO) test -race -short -timeout 15m ./datasets/... ./features/... ./models/... ./serve/... ./train/bundle/...
	$(MAKE) fuzz

fuzz: ## ten seconds of each fuzz target
	@for f in $$(grep -rlE '^func Fuzz' --include=*_test.go .); do \
		for t in $$(grep -oE '^func Fuzz[A-Za-z0-9_]*' $$f | cut -c6-); do \
			echo "$$t in $$(dirname $$f)"; $(GO) test -run '^$$' -fuzz "^$$t\$$" -fuzztime $${FUZZTIME:-10s} -parallel 2 $$(dirname $$f) || exit 1; \
		done; \
	done

check-long: ## checks that take long, all tests named …Long: ten companies, 200,000 leads, two million rows, forty times the same bundle, ten million rows of PostgreSQL (initdb on the PATH)
	$(GO) test -tags 'long postgres' -p 1 -timeout 180m -v -run 'Long$$' ./...

portable: ## the same bits on amd64 v1, v3 and arm64, and nothing fused (needs Debian's qemu-user)
	$(GO) test -count=1 -tags portable -timeout 20m -run '^TestPortable$$' -v .

# The peers' environment: made once, by the first target that needs it.
$(PEERS)/venv/ready:
	python3 -m venv $(PEERS)/venv
	$(PEERS)/venv/bin/pip -q install lightgbm==4.7.0 catboost==1.2.10 scikit-learn==1.9.1 pandas==3.1.1 pyarrow==26.0.1 \
		onnxruntime==1.31.1 treelite==4.8.1 tl2cgen==1.0.0
	touch $@

check-structure: $(PEERS)/venv/ready ## trees beside those of LightGBM and scikit-learn, run on 300 tables (needs Python)
	PEERS_PYTHON=$(abspath $(PEERS))/venv/bin/python $(GO) test -count=1 -tags peers -run StructureOfPeers -v ./models/gbm

bench-score: ## what a forecast costs from raw fields, with 0, 3 and all reasons; fails where a bar is missed
	$(GO) test -run '^$$' -bench Score -benchtime 300ms ./train/bundle

bench-engine: $(PEERS)/venv/ready ## boosting beside LightGBM and CatBoost: the same files, two threads, in turn; fails where a bar is missed (needs LEADCAST_PEERS and Python)
	@test -d "$$LEADCAST_PEERS" || { echo "LEADCAST_PEERS names the folder of the peers"; exit 1; }
	@for n in $$(echo $(ROWS) | tr , ' '); do PEERS_WORK=$(PEERS) $(PEERS)/venv/bin/python $$LEADCAST_PEERS/speed.py gen $$n >/dev/null; done
	$(GO) build -o bin/bench ./cmd/bench
	bin/bench engine --work $(PEERS) --rows $(ROWS) --times 5

bench-predict: $(PEERS)/venv/ready ## the same trees in ours, LightGBM, ONNX Runtime and compiled: one thread and two, in turn (as bench-engine; and gcc)
	@test -d "$$LEADCAST_PEERS" || { echo "LEADCAST_PEERS names the folder of the peers"; exit 1; }
	@PEERS_WORK=$(PEERS) $(PEERS)/venv/bin/python $$LEADCAST_PEERS/speed.py gen 100000 >/dev/null
	$(GO) build -o bin/bench ./cmd/bench
	bin/bench predict --work $(PEERS) --rows 100000 --times 5

bench-shap: $(PEERS)/venv/ready ## shares of margins by column beside LightGBM's pred_contrib: the same trees and rows, in turn
	@test -f $(PEERS)/synth/100000.train.parquet || PEERS_WORK=$(PEERS) $(PEERS)/venv/bin/python $$LEADCAST_PEERS/speed.py gen 100000 >/dev/null
	$(GO) build -o bin/bench ./cmd/bench
	bin/bench shap --work $(PEERS) --rows 100000 --times 5

bench-train: build $(PEERS)/venv/ready ## from a CSV file to a calibrated bundle, beside the same job in Python, in turn (needs LEADCAST_PEERS for the files)
	@for n in $$(echo $(ROWS) | tr , ' '); do test -f $(PEERS)/synth/$$n.train.csv || PEERS_WORK=$(PEERS) $(PEERS)/venv/bin/python $$LEADCAST_PEERS/speed.py gen $$n >/dev/null; done
	$(GO) build -o bin/bench ./cmd/bench
	bin/bench train --work $(PEERS) --rows $(ROWS) --leadcast $(BIN) --times 3

bench-survival: ## Cox's regression beside lifelines and R, in turn: 20 columns, times in whole days (needs LEADCAST_PEERS and Python)
	@test -d "$$LEADCAST_PEERS" || { echo "LEADCAST_PEERS names the folder of the peers"; exit 1; }
	@test -x $(PEERS)/venv/bin/python || python3 -m venv $(PEERS)/venv
	@$(PEERS)/venv/bin/python -c 'import lifelines' 2>/dev/null || $(PEERS)/venv/bin/pip -q install \
		lifelines==0.30.0 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1
	$(GO) build -o bin/bench ./cmd/bench
	bin/bench survival --work $(PEERS) --rows $(ROWS) --times 3

shape: ## lines, dependencies, exported names, longest function and file, import graph
	@$(GO) test -count=1 -run 'TestShape|TestImports' -v . | grep -vE '^(=== |--- |PASS|ok)'

real-data: build ## train on the real sets of LEADCAST_DATA and write docs/real-data.md
	docs/real-data.sh

clean: ## remove what was built
	rm -rf bin $(DEMO)
