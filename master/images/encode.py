"""Paths, contents, Pillow pictures and arrays as encoded images.

The model's graph reads encoded images alone, so a picture reads the same in
whatever form it comes.
"""

import os
import struct
from typing import Any, Union
import zlib

import numpy as np
from PIL import Image

from master import errors
from master.images import formats

Picture = Union[str, os.PathLike, bytes, bytearray, memoryview, Image.Image,
                np.ndarray]
_CONTENTS = (bytes, bytearray, memoryview)
_PICTURE = (str, os.PathLike, *_CONTENTS, Image.Image, np.ndarray)

# A file of more bytes is no word image, and a batch of them fills the memory.
_MAX_BYTES = 1 << 28
_EXPECTED = ('a picture is a path, the contents of an image file (bytes), a '
             'Pillow picture or a uint8 array')


def is_picture(value: Any) -> bool:
  """Whether `value` is one picture, not several."""
  return isinstance(value, _PICTURE)


def encode(picture: Picture) -> tuple[bytes, str]:
  """A picture as an encoded image, and why it cannot be one.

  Args:
    picture: a path; bytes, which may be of any kind; a Pillow picture; or
      uint8 [H, W], [H, W, 1], [H, W, 3] or [H, W, 4], whose channels are
      red, green, blue and alpha. Alpha is dropped, as in files.

  Returns:
    The image, b'' where there is none, and the error, '' where it is one as
    far as can be seen here.

  Raises:
    InputError: if it is an array or a Pillow picture of a wrong kind.
    TypeError: if it is nothing of the above.
  """
  if isinstance(picture, (str, os.PathLike)):
    return _read_file(os.fspath(picture))
  if isinstance(picture, _CONTENTS):
    return bytes(picture), ''
  if isinstance(picture, Image.Image):
    if picture.width * picture.height > formats.MAX_PIXELS:
      return _too_large(picture.height, picture.width)
    try:
      picture.load()
    except (OSError, SyntaxError) as e:  # Of a file that is cut or broken.
      return b'', str(e)
    return _encode_pixels(_pixels(picture))
  if isinstance(picture, np.ndarray):
    _check(picture)
    return _encode_pixels(picture)
  if hasattr(picture, 'read'):
    raise TypeError(f'an open file, {picture!r}: {_EXPECTED}; give its path, '
                    'or file.read() of one opened with mode "rb".')
  raise TypeError(f'{type(picture).__name__}: {_EXPECTED}.')


def _read_file(path: Union[str, bytes]) -> tuple[bytes, str]:
  try:
    if os.path.exists(path) and not os.path.isfile(path):
      return b'', ('a folder, not a file' if os.path.isdir(path)
                   else 'not a regular file')
    with open(path, 'rb') as f:
      if os.fstat(f.fileno()).st_size > _MAX_BYTES:
        return b'', f'larger than {_MAX_BYTES >> 20} MiB'
      return f.read(), ''
  except OSError as e:
    return b'', e.strerror or str(e)
  except ValueError as e:  # A zero byte in the name.
    return b'', str(e)


def _pixels(picture: Image.Image) -> np.ndarray:
  """uint8 [h, w] or [h, w, 3] of a picture of any of Pillow's modes."""
  if picture.mode.startswith('I'):  # Of 16 bits decoders take the upper 8.
    values = np.clip(np.asarray(picture), 0, 0xffff)
    return (values >> 8).astype(np.uint8)
  if picture.mode == 'F':
    raise errors.InputError(
        'a Pillow picture of mode F, whose range of values is not known: '
        'bring it to [0, 255] and convert it to L.')
  try:
    return np.asarray(picture.convert(
        'L' if picture.mode in ('1', 'L', 'LA') else 'RGB'))
  except ValueError as e:
    raise errors.InputError(f'a Pillow picture of mode {picture.mode} ({e}): '
                            'make it one of mode L or RGB.') from e


def _check(array: np.ndarray):
  given = f'an array of dtype {array.dtype} and shape {array.shape}'
  if array.ndim == 4 or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
    raise errors.InputError(
        f'{given}: one picture is [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]; '
        'give several as list(array), and move channels to the end.')
  if array.ndim not in (2, 3):
    raise errors.InputError(f'{given}: a picture is [H, W], [H, W, 1], '
                            '[H, W, 3] or [H, W, 4].')
  if array.dtype != np.uint8:
    raise errors.InputError(
        f'{given}: a picture is uint8 in [0, 255]; of floats in [0, 1] make '
        '(255 * array).round().astype(np.uint8).')


def _too_large(height: int, width: int) -> tuple[bytes, str]:
  return b'', (f'{height} x {width} pixels, more than the '
               f'{formats.MAX_PIXELS} that are read')


def _chunk(name: bytes, content: bytes) -> bytes:
  return (struct.pack('>I', len(content)) + name + content
          + struct.pack('>I', zlib.crc32(content, zlib.crc32(name))))


def _encode_pixels(pixels: np.ndarray) -> tuple[bytes, str]:
  """A PNG, neither filtered nor compressed.

  Pillow filters even what is not to be compressed, which takes 50 times as
  long.
  """
  height, width = pixels.shape[:2]
  if not pixels.size:
    return b'', f'{height} x {width} pixels: there is nothing in it'
  if height * width > formats.MAX_PIXELS:
    return _too_large(height, width)
  is_grey = pixels.ndim == 2 or pixels.shape[2] == 1
  samples = pixels if is_grey else pixels[:, :, :3]
  rows = np.zeros([height, 1 + width * (1 if is_grey else 3)], np.uint8)
  rows[:, 1:] = samples.reshape(height, -1)  # Behind the filter's number, 0.
  header = struct.pack('>IIBBBBB', width, height, 8, 0 if is_grey else 2,
                       0, 0, 0)
  return b''.join([
      b'\x89PNG\r\n\x1a\n', _chunk(b'IHDR', header),
      _chunk(b'IDAT', zlib.compress(rows.data, 0)), _chunk(b'IEND', b'')]), ''
