# PYTHON=python3.12 names the interpreter; see tools/setup_venv.
.PHONY: quickstart test test-extras test-tf-estimator lint venv clean

VENV_PYTHON = .venv/bin/python
TEST_JOBS ?= 2
TF215 = .venv-tf215
PYTHON_TF215 ?= python3.11

quickstart: venv
	@$(VENV_PYTHON) -m master.cli.quickstart $(if $(SHORT),--short)

# Test processes that share an accelerator must not each take all its memory.
test: venv
	@TF_FORCE_GPU_ALLOW_GROWTH=true \
	  $(VENV_PYTHON) -m pytest -q -n $(TEST_JOBS) --dist loadfile

# What the above skips for want of an extra; the extras stay in .venv.
test-extras: venv
	@$(VENV_PYTHON) -m pip install -q -c constraints.txt \
	  -e '.[pytorch,onnx,serving,browser]'
	@$(VENV_PYTHON) -m pytest -q -n $(TEST_JOBS) --dist loadfile \
	  --extras_only $$(grep -rl --include='*_test.py' 'extras\.needs' tests)

# Under TensorFlow 2.15, which has it; PYTHON_TF215 is a Python 3.10 or 3.11.
test-tf-estimator: venv
	@test -x $(TF215)/bin/python || $(PYTHON_TF215) -m venv $(TF215)
	@$(TF215)/bin/python -m pip install -q -c constraints-tf215.txt \
	  -e '.[test]'
	@$(TF215)/bin/python -m pytest -q -n $(TEST_JOBS) \
	  tests/docs/integration_test.py \
	  tests/estimator/compat_test.py \
	  tests/estimator/model_fn_test.py

lint: venv
	@$(VENV_PYTHON) -m ruff check .

venv:
	@tools/setup_venv

clean:
	rm -rf .venv .venv.log .venv-peers .venv-peers.log $(TF215) build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
