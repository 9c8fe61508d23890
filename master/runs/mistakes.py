"""Misread samples of an evaluation, for its report."""

from typing import TYPE_CHECKING, Optional

from master import config as config_lib
from master.evaluation import comparison
from master.images import pixels
from master.metrics import bins
from master.report import attention
from master.report import gallery

if TYPE_CHECKING:
  from master.runs import evaluation

# More would fill memory and make no better page.
MAX_ITEMS = 20000


def extent(size: tuple[int, int], columns: int,
           model_config: config_lib.ModelConfig) -> float:
  """Share of the canvas, from the left, that a picture file fills.

  Args:
    size: height and width of the file's picture in pixels.
    columns: those of the canvas that it takes.
    model_config: how it was scaled.

  Returns:
    In (0, 1]; 0 where the picture does not lie on the canvas as it is in the
    file: turned, or with black above or below.
  """
  ratio = model_config.rotate_vertical
  if model_config.image_resize == 'letterbox' or (
      ratio and size[0] > ratio * size[1]):
    return 0.0
  return columns / model_config.image_width


class Mistakes:
  """Samples that were misread under any protocol, or read otherwise before.

  Attributes:
    items: of them, at most MAX_ITEMS.
    num_left_out: those beyond.
  """

  def __init__(self, model_config: config_lib.ModelConfig):
    """Begins without any.

    Args:
      model_config: of the model that reads.
    """
    self.items = []
    self.num_left_out = 0
    self._model_config = model_config

  def add(self, row: 'evaluation.Row',
          change: Optional[comparison.Change] = None):
    """Takes a row if it is worth showing.

    Args:
      row: as read.
      change: how the model compared with has read it, if it has.
    """
    wrong_under = tuple(name for name, correct in row.correct.items()
                        if correct is False)
    if not wrong_under and not (change and change.change):
      return
    if len(self.items) == MAX_ITEMS:
      self.num_left_out += 1
      return
    self.items.append(self._item(row, wrong_under, change))

  def _item(self, row: 'evaluation.Row', wrong_under: tuple[str, ...],
            change: Optional[comparison.Change]) -> gallery.Item:
    sample = row.sample
    characters = row.char_confidence
    share = extent(sample.size, row.columns, self._model_config)
    return gallery.Item(
        set_name=row.set_name, index=sample.index, label=sample.label,
        text=sample.text, confidence=sample.confidence,
        char_confidence=characters or (),
        kind=bins.kind(sample.label), wrong_under=wrong_under,
        change=change.change if change else '',
        other_text=change and change.other_text,
        picture=row.image_bytes if share else b'',
        canvas=None if share else pixels.to_uint8(row.image),
        extent=share or 0.0,
        attention=b'' if row.attention is None or characters is None
        else attention.pack(row.attention, len(characters)))
