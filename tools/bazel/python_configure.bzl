"""Registers the Python interpreter that has the pip packages.

It is $BAZEL_PYTHON, else the checkout's .venv, else python3 from PATH.
"""

_BUILD = """\
load("@rules_python//python:defs.bzl", "py_runtime", "py_runtime_pair")

py_runtime(
    name = "runtime",
    interpreter_path = "{interpreter}",
    python_version = "PY3",
    stub_shebang = "#!/usr/bin/env python3",
)

py_runtime_pair(
    name = "runtime_pair",
    py3_runtime = ":runtime",
)

toolchain(
    name = "toolchain",
    toolchain = ":runtime_pair",
    toolchain_type = "@bazel_tools//tools/python:toolchain_type",
)
"""

def _python_configure_impl(repository_ctx):
    interpreter = repository_ctx.os.environ.get("BAZEL_PYTHON")
    if not interpreter:
        root = repository_ctx.path(Label("//:BUILD")).dirname

        # One name at a time: Bazel 4 takes no more.
        venv = root.get_child(".venv")
        interpreter = venv.get_child("bin").get_child("python3")
        if not interpreter.exists:
            interpreter = repository_ctx.which("python3")
    if not interpreter:
        fail("no Python: run tools/setup_venv, or set BAZEL_PYTHON")
    repository_ctx.file("BUILD", _BUILD.format(interpreter = interpreter))

# `interpreter_path` and no label: a link in the runfiles would lose the
# virtual environment around the interpreter.
python_configure = repository_rule(
    implementation = _python_configure_impl,
    configure = True,
    environ = ["BAZEL_PYTHON", "PATH"],
    local = True,
)
