# Every target is a Poe task in pyproject.toml. This file gets uv when it is missing, and forwards.
UV ?= $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)

.DEFAULT_GOAL := help
%: always
	@test -x "$(UV)" || { python3 -m venv .uv && .uv/bin/pip install -q uv; } || python3 -m pip install -q --target .uv uv \
		|| { echo "uv is missing and could not be got: install it (https://docs.astral.sh/uv), then run make again."; exit 1; }
	@test -f uv.lock || "$(UV)" lock -q --exclude-newer 2026-11-22
	@"$(UV)" run -q poe $(patsubst help,--help,$@)

.PHONY: always
always Makefile: ;
