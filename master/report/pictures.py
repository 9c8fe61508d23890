"""Thumbnails for the gallery."""

import base64
import io
from typing import NamedTuple, Optional, Sequence

import numpy as np
from PIL import Image

from master.report import gallery

# Speed of WebP's encoder: a higher one takes half as long again for 4 % less.
_METHOD = 2
# A line of text is this high at most in relation, and that wide.
_TALLEST, _WIDEST = 3, 8
# To choose a size, as many are tried, and some room is left for the others.
_TRIED, _MARGIN = 200, 0.93


class Size(NamedTuple):
  """How large pictures become.

  Attributes:
    height: of a line of text in pixels; none is enlarged.
    quality: WebP's, 0 to 100.
  """
  height: int
  quality: int


# The best that fits is taken.
SIZES = (Size(64, 75), Size(48, 65), Size(40, 55), Size(32, 45), Size(24, 35))


class Picture(NamedTuple):
  """What is shown of a sample.

  Attributes:
    encoded: WebP file; b'' if there is nothing to show.
    extent: share of the canvas's width that it takes, from the left.
  """
  encoded: bytes
  extent: float


def _opened(item: gallery.Item) -> tuple[Optional[Image.Image], float]:
  """The picture before it is made smaller, and its extent."""
  if item.picture and (item.extent > 0 or item.canvas is None):
    try:
      image = Image.open(io.BytesIO(item.picture))
      image.draft('RGB', [4 * SIZES[0].height] * 2)
      return image.convert('RGB'), item.extent or 1.0
    # Pillow raises errors of many kinds over damaged files.
    except Exception:
      pass
  if item.canvas is None or not item.canvas.size:
    return None, 1.0
  canvas = np.repeat(item.canvas, 3, axis=2) if (
      item.canvas.shape[2] == 1) else item.canvas
  return Image.fromarray(np.ascontiguousarray(canvas)), 1.0


def encode(item: gallery.Item, size: Size) -> Picture:
  """The picture of a sample, or else what the model saw.

  Args:
    item: the sample.
    size: how large it may become.
  """
  image, extent = _opened(item)
  if image is None:
    return Picture(b'', extent)
  width, height = image.size
  scale = min(1, size.height / min(width, height),
              _TALLEST * size.height / height, _WIDEST * size.height / width)
  if scale < 1:
    image = image.resize([max(1, round(scale * side)) for side in image.size],
                         Image.Resampling.BICUBIC, reducing_gap=2.0)
  file = io.BytesIO()
  image.save(file, 'WEBP', quality=size.quality, method=_METHOD)
  return Picture(file.getvalue(), extent)


def to_json(picture: Picture) -> bytes:
  """As page.js takes it: base64, after a * if it is of the whole canvas."""
  if not picture.encoded:
    return b'""'
  whole = b'*' if picture.extent == 1 else b''
  return b'"%s%s"' % (whole, base64.b64encode(picture.encoded))


def choose(items: Sequence[gallery.Item], room: int) -> Size:
  """The largest size at which all pictures should fit.

  Args:
    items: the samples.
    room: bytes of the page.

  Returns:
    One of SIZES; the smallest where none fits.
  """
  tried = items[::max(1, len(items) // _TRIED)]
  for size in SIZES:
    taken = sum(len(to_json(encode(item, size))) for item in tried)
    if taken * len(items) <= _MARGIN * room * len(tried):
      return size
  return SIZES[-1]
