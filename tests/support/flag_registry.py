"""Keeps flags that one test defines from the next one."""

from absl import flags
from absl.testing import absltest


def isolate(test: absltest.TestCase) -> set[str]:
  """Forgets, when `test` ends, all flags defined from here on.

  Returns:
    Names of the flags there are already.
  """
  known = set(flags.FLAGS)

  def forget():
    for name in set(flags.FLAGS) - known:
      delattr(flags.FLAGS, name)
    flags.FLAGS.mark_as_parsed()

  test.addCleanup(forget)
  return known
