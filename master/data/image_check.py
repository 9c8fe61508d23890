"""Checks of encoded images without TensorFlow, for tools that pack them.

What TensorFlow's decoders refuse is refused here too, which takes more than
asking Pillow: it forgives some damage and reads more kinds.
"""

import io
import re
import struct
from typing import Iterator, NamedTuple, Optional
import warnings
import zlib

from PIL import Image
from PIL import UnidentifiedImageError

from master.images import formats

_PNG = b'\x89PNG\r\n\x1a\n'
# Bit depths and channels by colour type.
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16),
               6: (8, 16)}
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PNG_MAX_SIDE = 1000000  # What libpng allows.
# First column and row, and steps, of the passes of an interlaced PNG.
_PNG_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
               (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
# Start-of-frame markers: of Huffman and arithmetic coding, baseline to
# progressive; and of lossless and hierarchical JPEGs.
_JPEG_FRAMES = (0xc0, 0xc1, 0xc2, 0xc9, 0xca)
_JPEG_OTHER_FRAMES = (0xc3, 0xc5, 0xc6, 0xc7, 0xcb, 0xcd, 0xce, 0xcf)
# Among the pixels: no stuffing, filling or restart, which go on without it.
_JPEG_MARKER = re.compile(rb'\xff[^\x00\x01\xd0-\xd7\xff]')
_JPEG_END = b'\xff\xd9'


class Verdict(NamedTuple):
  """What an image is.

  Attributes:
    fault: why it cannot be used; None if it can. The rest holds only then.
    format: JPEG, PNG, BMP or GIF.
    width: in pixels.
    height: in pixels.
  """
  fault: Optional[str]
  format: str = ''
  width: int = 0
  height: int = 0


class _FaultError(Exception):
  """Why an image cannot be used."""


def _check(is_right: bool, fault: str):
  if not is_right:
    raise _FaultError(fault)


def _check_size(width: int, height: int):
  _check(width > 0 and height > 0, 'damaged (no pixels)')
  _check(width * height <= formats.MAX_PIXELS,
         f'{width} x {height} pixels, more than {formats.MAX_PIXELS}')


def _load(encoded: bytes, image_format: str) -> Image.Image:
  """Decodes wholly with Pillow."""
  with Image.open(io.BytesIO(encoded), formats=(image_format,)) as image:
    image.load()
  return image


def _check_jpeg_end(encoded: bytes, place: int):
  """Looks for the end, from a marker on, that is no part of something else.

  Pillow is content once it has all pixels; TensorFlow reads on to the end.
  """
  marker = _JPEG_MARKER.search(encoded, place)
  while marker and marker.group() != _JPEG_END:
    size, = struct.unpack_from('>H', encoded, marker.end())
    marker = _JPEG_MARKER.search(encoded, marker.end() + size)
  _check(marker is not None, 'damaged (truncated)')


def _jpeg_size(encoded: bytes) -> tuple[int, int]:
  place = 2
  while True:
    while encoded[place] != 0xff or encoded[place + 1] == 0xff:
      place += 1
    marker = encoded[place + 1]
    size, _, height, width = struct.unpack_from('>HBHH', encoded, place + 2)
    if marker in _JPEG_FRAMES:
      break
    _check(marker not in _JPEG_OTHER_FRAMES,
           'a lossless or hierarchical JPEG; save it as PNG')
    place += 2 + size
  _check_size(width, height)
  _check_jpeg_end(encoded, place)
  # Of several pictures in one file, as from some cameras, this is the first.
  return _load(encoded, 'JPEG').size


def _png_chunks(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
  """Names and contents up to the last chunk, but for those of no need."""
  place, name = len(_PNG), b''
  while name != b'IEND':
    size, name = struct.unpack_from('>I4s', encoded, place)
    content = encoded[place + 8:place + 8 + size]
    checksum, = struct.unpack_from('>I', encoded, place + 8 + size)
    _check(name.isalpha(), 'damaged (an unknown part)')
    if name[:1].isupper():
      _check(name in (b'IHDR', b'PLTE', b'IDAT', b'IEND'),
             f'a PNG of an unknown kind (with {name.decode()})')
      _check(zlib.crc32(name + content) == checksum,
             'damaged (a wrong checksum)')
      yield name, content
    place += 12 + size


def _png_rows(width: int, height: int, bits: int, is_interlaced: bool
              ) -> Iterator[tuple[int, int]]:
  """Bytes of a row, and number of rows, of each pass."""
  passes = _PNG_PASSES if is_interlaced else ((0, 0, 1, 1),)
  for left, top, step_x, step_y in passes:
    columns = -((left - width) // step_x)
    if columns > 0:
      yield 1 + (columns * bits + 7) // 8, max(0, -((top - height) // step_y))


def _check_png_data(data: bytes, rows: list[tuple[int, int]]):
  """Looks for all rows, each of which begins with its kind, 0 to 4."""
  size = sum(row_size * num_rows for row_size, num_rows in rows)
  values = zlib.decompressobj().decompress(data, size)
  _check(len(values) == size, 'damaged (rows are missing)')
  place = 0
  for row_size, num_rows in rows:
    last = place + row_size * num_rows
    _check(max(values[place:last:row_size], default=0) <= 4,
           'damaged (a row of no kind)')
    place = last


def _png_size(encoded: bytes) -> tuple[int, int]:
  chunks = list(_png_chunks(encoded))
  names = [name for name, _ in chunks]
  width, height, depth, colours, *methods = struct.unpack('>IIBBBBB',
                                                          chunks[0][1])
  _check(names[0] == b'IHDR' and depth in _PNG_DEPTHS.get(colours, ())
         and methods in ([0, 0, 0], [0, 0, 1])
         and max(width, height) <= _PNG_MAX_SIDE
         and (colours != 3 or names[1] == b'PLTE'), 'damaged (its header)')
  _check_size(width, height)
  _check_png_data(
      b''.join(content for name, content in chunks if name == b'IDAT'),
      list(_png_rows(width, height, depth * _PNG_CHANNELS[colours],
                     methods[2] == 1)))
  return width, height


def _gif_colour_table_size(flags: int) -> int:
  return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _gif_end(encoded: bytes, place: int) -> int:
  """Behind the sub-blocks that begin at `place`."""
  while encoded[place]:
    place += 1 + encoded[place]
  return place + 1


def _gif_size(encoded: bytes) -> tuple[int, int]:
  """Of the first picture, which is taken without its place on the canvas."""
  encoded = encoded[:formats.MAX_GIF_BYTES]
  colour_table = _gif_colour_table_size(encoded[10])
  start = 13 + colour_table
  for _ in range(formats.MAX_GIF_EXTENSIONS):
    if encoded[start] == ord('!'):
      start = _gif_end(encoded, start + 2)
  _check(encoded[start] == ord(','), 'damaged (no picture)')
  own_table = _gif_colour_table_size(encoded[start + 9])
  stop = _gif_end(encoded, start + 11 + own_table)
  _check_size(*struct.unpack_from('<HH', encoded, start + 5))
  image = _load(b''.join((
      b'GIF89a', encoded[start + 5:start + 9], encoded[10:13 + colour_table],
      b',\0\0\0\0', encoded[start + 5:stop], b';')), 'GIF')
  _, last_colour = image.getextrema()
  _check(3 * last_colour < (own_table or colour_table),
         'damaged (unknown colours)')
  return image.size


def _bmp_size(encoded: bytes) -> tuple[int, int]:
  (pixels, header, width, height, _, depth, compression, _, _, _, colours, _,
   *masks) = struct.unpack('<IIiiHHIIIIIIIII', encoded[10:66].ljust(56, b'\0'))
  _check(header in formats.BMP_HEADERS
         and depth in formats.BMP_DEPTHS
         and (compression == 0
              or (compression, depth) == (3, 32)
              and tuple(masks) == formats.BMP_MASKS),
         f'a BMP of {depth} bits that is packed or of a rare kind; save it '
         'as PNG')
  _check_size(width, abs(height))
  palette_size = 4 * (colours or 256) if depth == 8 else 0
  _check(colours < 1 << 31 and palette_size <= 1024
         and 14 + header + palette_size <= pixels, 'damaged (its palette)')
  row_size = (width * depth // 8 + 3) // 4 * 4
  _check(pixels + row_size * abs(height) <= len(encoded),
         'damaged (truncated)')
  return width, abs(height)


_SIZES = {b'\xff\xd8\xff': ('JPEG', _jpeg_size), _PNG: ('PNG', _png_size),
          b'BM': ('BMP', _bmp_size), b'GIF8': ('GIF', _gif_size)}


def _other_fault(encoded: bytes) -> str:
  try:
    with Image.open(io.BytesIO(encoded)) as image:
      return f'{image.format}, not JPEG, PNG, BMP or GIF'
  except Exception:  # pylint: disable=broad-except
    return 'not an image'


def _verdict(image_bytes: bytes) -> Verdict:
  for signature, (image_format, size) in _SIZES.items():
    if image_bytes.startswith(signature):
      try:
        return Verdict(None, image_format, *size(image_bytes))
      except _FaultError as e:
        return Verdict(str(e))
      except (IndexError, struct.error):
        return Verdict('damaged (truncated)')
      except Exception as e:  # pylint: disable=broad-except
        # Pillow raises whatever its decoders stumble over: OSError,
        # SyntaxError, ValueError, ZeroDivisionError and more. Some name the
        # object in memory, which differs each time.
        return Verdict(
            'damaged (no image)' if isinstance(e, UnidentifiedImageError)
            else f'damaged ({e})')
  return Verdict(_other_fault(image_bytes))


def check(image_bytes: bytes) -> Verdict:
  """Decodes the image wholly.

  Args:
    image_bytes: JPEG, PNG, BMP or GIF, or anything else.

  Returns:
    Its size and format, or what is wrong with it.
  """
  if not image_bytes:
    return Verdict('empty')
  with warnings.catch_warnings():
    # Pillow's, about what does not matter here.
    warnings.simplefilter('ignore')
    return _verdict(image_bytes)
