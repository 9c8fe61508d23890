# PYTHON=python3.12 names the interpreter; see tools/setup_venv.
.PHONY: quickstart test test-pytorch lint venv clean

VENV_PYTHON = .venv/bin/python
TEST_JOBS ?= 2

quickstart: venv
	@$(VENV_PYTHON) -m master.cli.quickstart $(if $(SHORT),--short)

# Test processes that share an accelerator must not each take all its memory.
test: venv
	@TF_FORCE_GPU_ALLOW_GROWTH=true \
	  $(VENV_PYTHON) -m pytest -q -n $(TEST_JOBS) --dist loadfile

# Those that read .pth files, with the extra that they need; it stays in .venv.
test-pytorch: venv
	@$(VENV_PYTHON) -m pip install -q -c constraints.txt -e '.[pytorch]'
	@$(VENV_PYTHON) -m pytest -q -n $(TEST_JOBS) --dist loadfile \
	  tests/importing \
	  tests/cli/import_checkpoint_test.py

lint: venv
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) tools/bazel/write_build_files.py --check

venv:
	@tools/setup_venv

clean:
	rm -rf .venv .venv.log build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
