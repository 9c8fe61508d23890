"""Tests of the gallery's pictures."""

import base64
import io
import json

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.report import pictures
from tests.support import reports

_SIZE = pictures.Size(24, 60)
_CANVAS = np.full([5, 7, 3], (200, 30, 60), np.uint8)


def _encoded(mode='RGB', size=(60, 30), kind='PNG'):
  file = io.BytesIO()
  Image.new(mode, size, 128).save(file, kind)
  return file.getvalue()


def _decoded(picture):
  return Image.open(io.BytesIO(picture.encoded))


class EncodeTest(parameterized.TestCase):

  @parameterized.parameters(
      ((60, 30), (48, 24)), ((30, 20), (30, 20)), ((10, 200), (4, 72)),
      ((40, 60), (24, 36)), ((900, 50), (192, 11)), ((1, 1), (1, 1)))
  def test_size(self, size, expected):
    item = reports.item('a', 'b', picture=_encoded(size=size))
    found = _decoded(pictures.encode(item, _SIZE))
    self.assertEqual(found.size, expected)
    self.assertEqual(found.format, 'WEBP')

  @parameterized.parameters(
      ('L', 'PNG'), ('1', 'PNG'), ('P', 'GIF'), ('RGB', 'JPEG'),
      ('CMYK', 'JPEG'), ('I;16', 'PNG'), ('LA', 'PNG'), ('RGB', 'BMP'))
  def test_kinds_of_files(self, mode, kind):
    item = reports.item('a', 'b', picture=_encoded(mode, kind=kind),
                        extent=0.25)
    found = pictures.encode(item, _SIZE)
    self.assertEqual(_decoded(found).size, (48, 24))
    self.assertEqual(found.extent, 0.25)

  @parameterized.parameters((b'', 0.5), (b'no picture', 0.5),
                            (_encoded()[:70], 0.5), (_encoded(), 0))
  def test_canvas_where_the_picture_cannot_be_shown(self, picture, extent):
    item = reports.item('a', 'b', picture=picture, extent=extent,
                        canvas=_CANVAS)
    found = pictures.encode(item, _SIZE)
    self.assertEqual(_decoded(found).size, (7, 5))
    self.assertEqual(found.extent, 1)
    self.assertStartsWith(pictures.to_json(found), b'"*UklGR')

  def test_canvas_of_one_channel(self):
    item = reports.item('a', 'b', picture=b'', canvas=_CANVAS[:, :, 1:2])
    found = np.asarray(_decoded(pictures.encode(item, _SIZE)))
    np.testing.assert_allclose(found, np.full([5, 7, 3], 30), atol=3)

  def test_picture_of_unknown_extent_without_a_canvas(self):
    found = pictures.encode(reports.item('a', 'b', extent=0.0), _SIZE)
    self.assertEqual(_decoded(found).size, (28, 24))
    self.assertEqual(found.extent, 1)

  def test_nothing_to_show(self):
    found = pictures.encode(reports.item('a', 'b', picture=b'x'), _SIZE)
    self.assertEqual(found.encoded, b'')
    self.assertEqual(pictures.to_json(found), b'""')

  def test_json(self):
    found = pictures.encode(reports.item('a', 'b'), _SIZE)
    self.assertEqual(base64.b64decode(json.loads(pictures.to_json(found))),
                     found.encoded)


class ChooseTest(absltest.TestCase):

  def test_size_falls_with_the_room(self):
    rng = np.random.default_rng(0)
    items = [reports.item('a', 'b', picture=b'', canvas=rng.integers(
        0, 255, [96, 200, 3], np.uint8)) for _ in range(5)]
    needed = {size: sum(len(pictures.to_json(pictures.encode(item, size)))
                        for item in items) for size in pictures.SIZES}
    self.assertEqual(list(needed.values()),
                     sorted(needed.values(), reverse=True))
    for size, total in needed.items():
      self.assertEqual(pictures.choose(items, int(total * 1.1)), size)
    self.assertEqual(pictures.choose(items, 0), pictures.SIZES[-1])

  def test_no_items(self):
    self.assertEqual(pictures.choose([], 0), pictures.SIZES[0])


if __name__ == '__main__':
  absltest.main()
