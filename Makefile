# PYTHON=python3.12 names the interpreter; see tools/setup_venv.
.PHONY: quickstart test test-extras lint venv clean

VENV_PYTHON = .venv/bin/python
TEST_JOBS ?= 2

quickstart: venv
	@$(VENV_PYTHON) -m master.cli.quickstart $(if $(SHORT),--short)

# Test processes that share an accelerator must not each take all its memory.
test: venv
	@TF_FORCE_GPU_ALLOW_GROWTH=true \
	  $(VENV_PYTHON) -m pytest -q -n $(TEST_JOBS) --dist loadfile

# Those that need an extra, with the extras; they stay in .venv.
test-extras: venv
	@$(VENV_PYTHON) -m pip install -q -c constraints.txt \
	  -e '.[pytorch,onnx,serving]'
	@$(VENV_PYTHON) -m pytest -q -n $(TEST_JOBS) --dist loadfile \
	  tests/docs \
	  tests/export/onnx_model_test.py \
	  tests/export/warmup_test.py \
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
