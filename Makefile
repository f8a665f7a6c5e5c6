# Two commands do everything: `make run` and `make test`. The rest is for working on postroom.
VENV := .venv
BIN := $(VENV)/bin
SHARED ?= ../shared
# What is run here is this folder's, whatever database and configuration the developer otherwise works with.
unexport POSTROOM_RULES POSTROOM_DB

.PHONY: fuzz run test setup lint types check schemas sample lock clean bench demo-exchange soak audit bench-sieve test-kerberos

setup: $(VENV)/.ready

# Made anew when the lock file changes, with the first Python that fits or `make PYTHON=...`. Packages come with their hashes; building
# needs a C compiler (durable-rules).
$(VENV)/.ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || { python=$$(tools/find-python $(if $(PYTHON),"$(PYTHON)")) && "$$python" -m venv $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q engine $(VENV)/lib/python*/site-packages/durable
	touch $@

run: setup
	rm -rf sample.db sample.db-wal sample.db-shm sample.db.files sample.outbox
	$(BIN)/postroom run --source sample --db sample.db || test $$? -eq 1
	@echo
	$(BIN)/postroom show T20261102.0001 --db sample.db
	$(BIN)/postroom send --db sample.db --folder sample.outbox
	@echo
	@echo "The notifications are in sample.outbox/. More: .venv/bin/postroom status --db sample.db; .venv/bin/postroom explain sample/new/*.001.sample"

# Some tests wait, so three at a time keep two cores busy.
test: setup
	$(BIN)/python -m pytest -n 3

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

check: setup
	$(BIN)/postroom check
	$(BIN)/postroom fmt --check
	$(BIN)/postroom test

# The schemas alone accept what ships. That they reject what they must is in tests/config/test_schema.py.
schemas: setup
	for name in settings picklists tags duplicates; do \
	  $(BIN)/check-jsonschema --schemafile schema/$$name.schema.json rules/$$name.yaml || exit 1; done
	$(BIN)/check-jsonschema --schemafile schema/mailbox.schema.json rules/mailboxes/*.yaml examples/*/mailboxes/*.yaml
	$(BIN)/check-jsonschema --schemafile schema/tests.schema.json rules/tests/*.yaml examples/*/tests/*.yaml

sample: setup
	$(BIN)/python tools/make_sample.py

# The second is the first without what only developing needs, for who runs it.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra build
lock:
	$(LOCK) --extra dev pyproject.toml -o requirements.lock
	$(LOCK) --constraints requirements.lock pyproject.toml -o deploy/requirements.lock

bench: setup
	$(BIN)/python -m bench.whole
	$(BIN)/python -m bench.plan
	$(BIN)/python -m bench.floods

# A loopback Exchange with the sample's mail, polled once.
demo-exchange: setup
	$(BIN)/python tools/demo_exchange.py

# `poll` is killed a hundred times while its server fails at random, and `run` over 2,000 messages as often; then the disk fails at random, and the network.
soak: setup
	$(BIN)/python -m tools.soak
	$(BIN)/python -m tools.crash
	$(BIN)/python -m tools.faults
	$(BIN)/python -m tools.lines

# Pieces repeated until something is slow, odd values in a configuration, then fuzzing guided by coverage: make fuzz SECONDS=3600. Brings atheris for the occasion.
SECONDS := 300
fuzz: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris==3.0.0
	$(BIN)/python -m tools.pump --seconds $(SECONDS)
	$(BIN)/python -m tools.pump_fields --seconds $(SECONDS)
	$(BIN)/python -m tools.pump_html --seconds $(SECONDS)
	$(BIN)/python -m tools.pump_rules --seconds $(SECONDS)
	$(BIN)/python -m tools.pump_patterns --seconds $(SECONDS)
	$(BIN)/python -m tools.odd_values --seconds $(SECONDS)
	$(BIN)/python -m tools.worlds --seconds $(SECONDS)
	$(BIN)/python -m tools.passes --seconds $(SECONDS)
	$(BIN)/python -m tools.waits --seconds $(SECONDS)
	$(BIN)/python -m tools.notices --seconds $(SECONDS)
	$(BIN)/python -m tools.mailboxes --seconds $(SECONDS)
	$(BIN)/python -m tools.outboxes --seconds $(SECONDS)
	$(BIN)/python -m tools.fuzz -max_total_time=$(SECONDS)

# Known holes of what requirements.lock names; needs the network, and brings pip-audit for the occasion.
audit: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock

# Side by side with Dovecot's sieve-filter; installs dovecot-sieve where it is missing.
bench-sieve: setup
	$(BIN)/python -m bench.sieve

# Signing in by Kerberos, with a KDC of our own; installs Debian's, and what Python needs, where they are missing. `make test` skips it then.
test-kerberos: setup
	test -x /usr/sbin/krb5kdc -a -x /usr/sbin/kadmin.local || apt-get install -y -qq krb5-kdc krb5-admin-server libkrb5-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check requests-gssapi==1.4.0
	$(BIN)/python -m pytest tests/polling/test_kerberos.py

clean:
	rm -rf $(VENV) sample.db* sample.outbox .pytest_cache .mypy_cache .ruff_cache
