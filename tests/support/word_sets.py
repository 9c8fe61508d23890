"""Small LMDBs of rendered words, for tests."""

from master.data import lmdb_writer
from tests.support import model_files


def write_words(path: str, labels: list[str], broken: int = 0) -> str:
  """Writes an LMDB with one coloured picture a label.

  Args:
    path: of the LMDB.
    labels: of the records.
    broken: how many more records have bytes that are no image.

  Returns:
    `path`.
  """
  with lmdb_writer.LmdbWriter(path) as writer:
    for i, label in enumerate(labels):
      writer.add(model_files.encoded_image(i), label)
    for _ in range(broken):
      writer.add(b'no image', 'abc')
  return path
