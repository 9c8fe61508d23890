"""MASTER, a scene text recogniser (arXiv:1910.02562), for TensorFlow.

Reads pictures of words in three lines:

  import master
  reader = master.load()
  print(reader.read('word.jpg').text)
"""

from typing import TYPE_CHECKING

__all__ = ('Reader', 'Reading', 'load')
__version__ = '0.2.0'

if TYPE_CHECKING:
  from master.reader import Reader
  from master.reader import Reading
  from master.reader import load
else:

  def __getattr__(name: str):
    """Imports the reader when it is first asked for, as few modules do."""
    if name not in __all__:
      raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from master import reader
    return getattr(reader, name)
