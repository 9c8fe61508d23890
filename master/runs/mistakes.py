"""Misread samples of an evaluation, for its report."""

from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, Optional

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
    model_config: tells how it came there.

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
    num_left_out: of them, those beyond MAX_ITEMS.
  """

  def __init__(self, model_config: config_lib.ModelConfig,
               other_texts: Mapping[tuple[str, int], tuple[str, str]]):
    """Begins without any.

    Args:
      model_config: of the model that reads.
      other_texts: label and text by set and index, of the model compared
        with.
    """
    self.num_left_out = 0
    self._model_config = model_config
    self._other_texts = other_texts
    self._items = []

  def __len__(self) -> int:
    return len(self._items)

  def add(self, row: 'evaluation.Row'):
    """Takes a row if it is worth showing."""
    wrong_under = tuple(name for name, correct in row.correct.items()
                        if correct is False)
    other = self._other_text(row)
    if not wrong_under and other in (None, row.sample.text):
      return
    if len(self._items) == MAX_ITEMS:
      self.num_left_out += 1
      return
    self._items.append(self._item(row, wrong_under, other))

  def _other_text(self, row: 'evaluation.Row') -> Optional[str]:
    found = self._other_texts.get((row.set_name, row.sample.index))
    return found and found[1]

  def _item(self, row: 'evaluation.Row', wrong_under: tuple[str, ...],
            other: Optional[str]) -> gallery.Item:
    sample = row.sample
    characters = row.char_confidence
    share = extent(sample.size, row.columns, self._model_config)
    return gallery.Item(
        set_name=row.set_name, index=sample.index, label=sample.label,
        text=sample.text, confidence=sample.confidence,
        char_confidence=characters or (),
        kind=bins.kind(sample.label), wrong_under=wrong_under, change='',
        other_text=other, picture=b'',
        canvas=None if share else pixels.to_uint8(row.image),
        extent=share or 0.0,
        attention=b'' if row.attention is None or characters is None
        else attention.pack(row.attention, len(characters)))

  def items(self, sets: Iterable['evaluation.EvalSet'],
            changes: Iterable[comparison.Change]) -> Iterator[gallery.Item]:
    """All of them, with pictures from their LMDBs.

    Args:
      sets: where they were read.
      changes: what became otherwise since the model compared with.
    """
    readers = {s.name: s.reader for s in sets}
    by_place = {(c.set_name, c.index): c.change for c in changes}
    for item in self._items:
      reader = readers[item.set_name]
      record = reader.read(item.index - reader.number(0))
      yield item._replace(
          picture=record.image if item.canvas is None else b'',
          change=by_place.get((item.set_name, item.index), ''))
