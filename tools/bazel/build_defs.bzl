"""One module, one test, two targets."""

load("@rules_python//python:defs.bzl", "py_binary", "py_library", "py_test")

def master_py_library(name, deps = [], **kwargs):
    """The library of one module.

    Args:
      name: name of the module.
      deps: what the module imports; `master/__init__.py` goes without saying.
      **kwargs: for `py_library`.
    """
    package = native.package_name()
    is_below_root = package.startswith("master/") or (
        package == "master" and name != "__init__"
    )
    py_library(
        name = name,
        srcs = [name + ".py"],
        deps = deps + (["//master:__init__"] if is_below_root else []),
        **kwargs
    )

def master_py_binary(name, module, **kwargs):
    """A command.

    Args:
      name: of the command.
      module: library target in this package whose module is run.
      **kwargs: for `py_binary`.
    """
    py_binary(
        name = name,
        srcs = [module + ".py"],
        main = module + ".py",
        deps = [":" + module],
        **kwargs
    )

def master_py_test(name, size = "medium", **kwargs):
    """The test of one module; run by the `__main__` block of its file.

    Args:
      name: name of the test module.
      size: Bazel's: medium may take 5 minutes, large 15.
      **kwargs: for `py_test`.
    """
    py_test(
        name = name,
        size = size,
        srcs = [name + ".py"],
        **kwargs
    )
