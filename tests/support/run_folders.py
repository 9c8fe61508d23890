"""What trainings left behind, for tests."""

from master.training import metrics_log


def losses(model_dir: str) -> dict[int, float]:
  """Loss by global step, of the steps that still hold."""
  return {record['step']: record['values']['loss']
          for record in metrics_log.read(model_dir)
          if record['kind'] == metrics_log.TRAIN}
