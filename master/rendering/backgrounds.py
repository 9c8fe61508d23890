"""Background pictures of a folder, and pieces of them."""

import collections
import os
import random
from typing import Sequence
import warnings

import numpy as np
from PIL import Image
from PIL import UnidentifiedImageError

from master import errors
from master.rendering import compositing
from master.rendering import textures

_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.gif', '.webp', '.tif',
             '.tiff')
# What of a picture is kept: it is shrunk to this many pixels on its longer
# side, and that by these factors, so that pieces come at several scales.
_SIDE = 512
_SCALES = (1.0, 0.7, 0.5)
# Pictures, of up to 1.5 MB each: room for all of tools/pretrained_backgrounds.
_KEPT = 80
# Records that share pictures, and how many those are: each has to be decoded.
BLOCK = 200
_SHARED = 6
_TRIES = 8  # Pictures looked at for each one that can be decoded.
_FAULTS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError,
           Image.DecompressionBombWarning)


def find(directory: str) -> tuple[list[str], list[str]]:
  """The pictures below a folder, by name.

  Args:
    directory: searched with its subfolders.

  Returns:
    Paths of those whose head can be read, and of those that are broken, of
    another kind or too large for Pillow to trust; files of other suffixes
    are in neither.

  Raises:
    InputError: naming --backgrounds, if there is none that can be read.
  """
  if not os.path.isdir(directory):
    raise errors.InputError(
        f'--backgrounds={directory}: no such folder; name one that holds '
        'pictures.')
  usable, broken = [], []
  for path in sorted(
      os.path.join(folder, name)
      for folder, _, names in os.walk(directory, followlinks=True)
      for name in names if name.lower().endswith(_SUFFIXES)):
    try:
      _opened(path).close()
      usable.append(path)
    except _FAULTS:
      broken.append(path)
  if not usable:
    raise errors.InputError(
        f'--backgrounds={directory}: no picture in it that can be read '
        f'({len(broken)} cannot); name a folder of JPEG or PNG files, or '
        'leave the flag out.')
  return usable, broken


def _opened(path: str) -> Image.Image:
  with warnings.catch_warnings():
    warnings.simplefilter('error', Image.DecompressionBombWarning)
    return Image.open(path)


def _shrunk(path: str) -> list[Image.Image]:
  """A picture at all _SCALES, RGB."""
  with _opened(path) as image:
    if image.mode not in ('L', 'RGB', 'CMYK', 'YCbCr'):
      image = image.convert('RGB')
    # Decoders of JPEG do most of this themselves, and take less time.
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.BILINEAR,
                    reducing_gap=2.0)
    image = image.convert('RGB')
  return [image] + [
      image.resize([max(1, round(scale * side)) for side in image.size],
                   Image.Resampling.BILINEAR) for scale in _SCALES[1:]]


class PictureBook:
  """Pictures to draw words on, a bounded number of them in memory."""

  def __init__(self, paths: Sequence[str], seed: int):
    """Keeps the paths.

    Args:
      paths: as `find` gives them.
      seed: decides which records share which pictures.
    """
    self._paths = paths
    self._seed = seed
    self._kept = collections.OrderedDict()
    self._block = None
    self._pool = []

  def pool(self, index: int) -> list[list[Image.Image]]:
    """Pictures for the record at `index`, each at several scales.

    They hang on seed and index alone.

    Raises:
      InputError: if none of those tried can be decoded.
    """
    block = index // BLOCK
    if block != self._block:
      self._pool, self._block = self._pool_of(block), block
    return self._pool

  def _pool_of(self, block: int) -> list[list[Image.Image]]:
    rng = random.Random(f'pictures/{self._seed}/{block}')
    order = rng.sample(range(len(self._paths)),
                       min(len(self._paths), _TRIES * _SHARED))
    found = []
    for number in order:
      scales = self._scales(number)
      if scales:
        found.append(scales)
      if len(found) == _SHARED:
        break
    if not found:
      raise errors.InputError(
          f'--backgrounds: {self._paths[order[0]]}: cannot be decoded, nor '
          f'can {len(order) - 1} others that were tried; repair or remove '
          'them.')
    return found

  def _scales(self, number: int) -> list[Image.Image]:
    """The picture of a number; empty if it is broken."""
    if number in self._kept:
      self._kept.move_to_end(number)
      return self._kept[number]
    try:
      scales = _shrunk(self._paths[number])
    except (*_FAULTS, UnidentifiedImageError):
      scales = []
    self._kept[number] = scales
    if len(self._kept) > _KEPT:
      self._kept.popitem(last=False)
    return scales


def piece(pool: Sequence[Sequence[Image.Image]], rng: random.Random,
          size: tuple[int, int], channels: int, zoom: float = 1.0
          ) -> compositing.Photo:
  """Cuts a piece out of one of the pictures.

  Args:
    pool: pictures, each at several scales.
    rng: decides.
    size: width and height in pixels.
    channels: 1 for grey, 3 for RGB.
    zoom: how far a piece is enlarged, or shrunk, at most; 1 for not at all.
  """
  source = rng.choice(rng.choice(pool))
  if zoom > 1:
    image = textures.cut(source, rng, _zoomed(source, rng, size, zoom))
    image = image.resize(size, Image.Resampling.BILINEAR)
  else:
    image = textures.cut(source, rng, size)
  grey = image.convert('L')
  values = np.asarray(grey)
  if channels == 1:
    return compositing.Photo(grey, (float(values.mean()),), float(values.std()))
  # A box of one pixel: the mean, several times faster than NumPy's.
  mean = image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
  return compositing.Photo(image, mean, float(values.std()))


def _zoomed(source: Image.Image, rng: random.Random, size: tuple[int, int],
            zoom: float) -> tuple[int, ...]:
  """Of a piece of some size, before it is enlarged or shrunk."""
  scale = zoom ** rng.uniform(-1, 1)  # As many enlarged as shrunk.
  return tuple(min(there, max(2, round(side / scale)))
               for side, there in zip(size, source.size))


def sample(pool: Sequence[Sequence[Image.Image]], rng: random.Random,
           size: tuple[int, int], side: int, channels: int, zoom: float
           ) -> Image.Image:
  """A piece of one of the pictures, shrunk until colours alone are left.

  Args:
    pool: pictures, each at several scales.
    rng: decides.
    size: width and height of the piece, in pixels.
    side: what both are shrunk to.
    channels: 1 for grey, 3 for RGB.
    zoom: how far the piece's size is changed before, at most.
  """
  source = rng.choice(rng.choice(pool))
  width, height = _zoomed(source, rng, size, zoom)
  left = rng.randrange(source.width - width + 1)
  top = rng.randrange(source.height - height + 1)
  image = source.resize((side, side), Image.Resampling.BOX,
                        (left, top, left + width, top + height))
  return image.convert('L') if channels == 1 else image
