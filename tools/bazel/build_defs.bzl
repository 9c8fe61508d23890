"""The tests of a folder."""

load("@rules_python//python:defs.bzl", "py_test")

def py_tests(deps, data = [], large = []):
    """Makes a `py_test` of each `*_test.py` in the folder, under its name.

    Each is run by the `__main__` block of its file.

    Args:
      deps: libraries that the tests import or run.
      data: other files that they read.
      large: names of the tests that take minutes, which
        `--test_size_filters=-large` leaves out.
    """
    names = [path[:-len(".py")] for path in native.glob(["*_test.py"])]
    for name in large:
        if name not in names:
            fail("large names no test: " + name)
    for name in names:
        py_test(
            name = name,
            size = "large" if name in large else "medium",
            srcs = [name + ".py"],
            data = data,
            deps = deps,
        )
