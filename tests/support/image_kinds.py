"""Images of every kind, and what is to be read of them.

One table for image_ops, which decodes in the graph, and image_check, which
checks without it. The pictures are made or known, not decoded, so that
decoders are held against something else than decoders.
"""

import base64
import struct
from typing import Iterator, NamedTuple, Optional
import zlib

import numpy as np
from PIL import Image

from tests.support import pictures

HEIGHT, WIDTH = 16, 29  # of the pictures, where not said otherwise

# Made with libjpeg-turbo's tools: what Pillow cannot write. The colours are
# _TWO_COLOURS.
_BLOBS = {
    'arithmetic jpeg': (
        '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAME'
        'BgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUD'
        'AwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK'
        'CgoKCgr/yQARCAAFAAcDAREAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwDL'
        'bPGZa021J8xBpzVuGtS1HDZVxmur1QS0vIoWvdb/2Q=='),
    'arithmetic progressive jpeg': (
        '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAME'
        'BgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUD'
        'AwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK'
        'CgoKCgr/ygARCAAFAAcDAREAAhEBAxEB/8wABgAQARD/2gAMAwEAAhADEAAAAcenz8D/'
        'zAAEEAX/2gAIAQEAAQUCO0f/zAAEEQX/2gAIAQMBAT8BO565qQI6ysSg/8wABBEF/9oA'
        'CAECAQE/ARak80rwdFP8kP/MAAQQBf/aAAgBAQAGPwIVPmVLV8D/zAAEEAX/2gAIAQEA'
        'AT8hpeRoiP/aAAwDAQACAAMAAAAQYP/MAAQRBf/aAAgBAwEBPxCl5Gh8/8wABBEF/9oA'
        'CAECAQE/EKXkaHz/zAAEEAX/2gAIAQEAAT8QqLPoCP/Z'),
    'ycck jpeg': (
        '/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYF'
        'BgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwLCgwJCgoK/9sAQwECAgICAgIFAwMF'
        'CgcGBwoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK'
        'CgoK/8AAFAgABQAHBAEiAAIRAQMRAQQiAP/EABYAAQEBAAAAAAAAAAAAAAAAAAAECf/E'
        'ABgQAQADAQAAAAAAAAAAAAAAAAAIRYTD/8QAFQEBAQAAAAAAAAAAAAAAAAAABAf/xAAb'
        'EQAABwEAAAAAAAAAAAAAAAAAAwUIN4O0hP/aAA4EAQACEQMRBAAAPwCeLF7l7ACuNmZU'
        'ozki6NWgVH6NR438Af/Z'),
    '12-bit jpeg': (
        '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0o'
        'OjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wQALDAACAAMBAREA'
        '/8QAFAABAAAAAAAAAAAAAAAAAAAACv/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEA'
        'AD8Aeg//2Q=='),
    'lossless jpeg': (
        '/9j/4AAQSkZJRgABAQAAAQABAAD/wwALCAAFAAcBAREA/8QAFgABAQEAAAAAAAAAAAAA'
        'AAAAAAgH/9oACAEBAAEAAN6EMgQyBDIEMgQyf//Z'),
}
_TWO_COLOURS = np.repeat([[250, 130, 10], [20, 140, 160]], [4, 3], axis=0)

PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_ORIENTATION_6 = (b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01'
                  b'\0\x06\0\0\0\0\0\0')


class Kind(NamedTuple):
  """An image.

  Attributes:
    encoded: its bytes.
    pixels: what is to be read, [h, w, 1 or 3] in [0, 255]; None for nothing.
    tolerance: how far each pixel may be off.
    format: JPEG, PNG, BMP or GIF.
  """
  encoded: bytes
  pixels: Optional[np.ndarray]
  tolerance: float = 0
  format: str = ''


RGB = pictures.picture(HEIGHT, WIDTH)
COLOURS = np.asarray(RGB).astype(float)
GREYS = np.asarray(RGB.convert('L')).astype(float)[:, :, None]
_ALPHA = np.asarray(pictures.picture(HEIGHT, WIDTH, 'L', 5))[:, :, None]


def png_chunk(name: bytes, content: bytes) -> bytes:
  """A chunk of a PNG with its length and checksum."""
  return (struct.pack('>I', len(content)) + name + content
          + struct.pack('>I', zlib.crc32(name + content)))


def png_header(width: int, height: int, depth: int = 8, colours: int = 0,
               interlace: int = 0) -> bytes:
  """Signature and first chunk of a PNG."""
  return PNG_SIGNATURE + png_chunk(b'IHDR', struct.pack(
      '>IIBBBBB', width, height, depth, colours, 0, 0, interlace))


def _png_rows(values: np.ndarray, depth: int) -> bytes:
  """Rows of unsigned values [h, w, channels], each with its kind, 0."""
  rows = b''
  for row in values.reshape(len(values), -1):
    if depth == 16:
      packed = row.astype('>u2').tobytes()
    else:
      bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)
      packed = np.packbits(bits[:, 8 - depth:]).tobytes()
    rows += b'\0' + packed
  return rows


def png(values: np.ndarray, depth: int = 8, colours: int = 0,
        before: bytes = b'', behind: bytes = b'',
        interlace: bool = False) -> bytes:
  """A PNG of unsigned values [h, w, channels] with chunks about its data."""
  if interlace:
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4),
              (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    parts = [values[y::dy, x::dx] for y, x, dy, dx in passes]
    data = b''.join(_png_rows(part, depth) for part in parts if part.size)
  else:
    data = _png_rows(values, depth)
  height, width, _ = values.shape
  return (png_header(width, height, depth, colours, interlace) + before
          + png_chunk(b'IDAT', zlib.compress(data)) + behind
          + png_chunk(b'IEND', b''))


def _scaled(pixels: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
  """Pixels as integers of some bits, and what is left of them in [0, 255]."""
  most = 2**depth - 1
  values = np.round(pixels / 255 * most).astype(np.uint16)
  return values, values * (255 / most)


def _pngs() -> Iterator[tuple[str, Kind]]:
  def kind(pixels, *args, **options):
    return Kind(png(*args, **options), pixels, 0.01, 'PNG')

  for depth in (1, 2, 4, 8, 16):
    values, greys = _scaled(GREYS, depth)
    yield f'{depth}-bit grey png', kind(greys, values, depth)
    yield f'{depth}-bit interlaced png', kind(greys, values, depth,
                                              interlace=True)
    yield f'{depth}-bit grey png with a transparent value', kind(
        greys, values, depth,
        before=png_chunk(b'tRNS', struct.pack('>H', int(values[0, 0, 0]))))
  for depth in (8, 16):
    greys, _ = _scaled(GREYS, depth)
    colours, _ = _scaled(COLOURS, depth)
    alpha, _ = _scaled(_ALPHA, depth)
    yield f'{depth}-bit grey + alpha png', kind(
        GREYS, np.concatenate([greys, alpha], 2), depth, 4)
    yield f'{depth}-bit rgb png', kind(COLOURS, colours, depth, 2)
    yield f'{depth}-bit interlaced rgb png', kind(COLOURS, colours, depth, 2,
                                                  interlace=True)
    yield f'{depth}-bit rgba png', kind(
        COLOURS, np.concatenate([colours, alpha], 2), depth, 6)
  for depth in (1, 2, 4, 8):
    palette = np.random.RandomState(depth).randint(0, 256, [2**depth, 3])
    chunk = png_chunk(b'PLTE', palette.astype(np.uint8).tobytes())
    values, _ = _scaled(GREYS, depth)
    pixels = palette[values[:, :, 0]].astype(float)
    yield f'{depth}-bit palette png', kind(pixels, values, depth, 3, chunk)
    yield f'{depth}-bit transparent palette png', kind(
        pixels, values, depth, 3, chunk + png_chunk(b'tRNS', b'\0\x99'))


def _odd_pngs() -> Iterator[tuple[str, Kind]]:
  def kind(pixels, encoded):
    return Kind(encoded, pixels, 0.01, 'PNG')

  values, _ = _scaled(GREYS, 8)
  plain = png(values)
  wrong = bytearray(png_chunk(b'tEXt', b'Comment\0a'))
  wrong[-1] ^= 1
  frame = pictures.picture(HEIGHT, WIDTH, 'RGB', 3)
  yield 'png with gamma', kind(GREYS, png(
      values, before=png_chunk(b'gAMA', struct.pack('>I', 100000))))
  yield 'png with a colour profile', kind(
      COLOURS, pictures.encode(RGB, 'PNG', icc_profile=b'no profile'))
  yield 'png with orientation', kind(
      COLOURS, pictures.encode(RGB, 'PNG', exif=_ORIENTATION_6))
  yield 'animated png', kind(COLOURS, pictures.encode(
      RGB, 'PNG', save_all=True, append_images=[frame]))
  yield 'png with bytes behind', kind(GREYS, plain + b'more')
  yield 'png with a damaged comment', kind(
      GREYS, png(values, before=bytes(wrong)))
  yield 'png of an unknown kind', kind(
      None, png(values, before=png_chunk(b'CgBI', b'\x50\0\x20\2')))
  yield 'png without palette', kind(None, png(values, colours=3))
  yield 'png without end', kind(None, plain[:-12])
  yield 'png cut before its checksum', kind(None, plain[:-2])
  yield 'png with a row too few', kind(
      None, png_header(WIDTH, HEIGHT) + png(values[:-1])[33:])
  yield 'png of no depth', kind(
      None, png_header(WIDTH, HEIGHT, 3) + plain[33:])
  yield 'png of no width', kind(None, png_header(0, HEIGHT) + plain[33:])
  yield 'png with a wrong checksum', kind(
      None, plain[:50] + bytes([plain[50] ^ 1]) + plain[51:])
  rows = bytearray(_png_rows(values, 8))
  rows[3 * (1 + WIDTH)] = 7
  yield 'png with a row of no kind', kind(
      None, png_header(WIDTH, HEIGHT) + png_chunk(b'IDAT', zlib.compress(rows))
      + png_chunk(b'IEND', b''))


def _jpegs() -> Iterator[tuple[str, Kind]]:
  def kind(pixels, encoded, tolerance=20.0):
    return Kind(encoded, pixels, tolerance, 'JPEG')

  def saved(mode='RGB', **options):
    return pictures.encode(RGB.convert(mode), 'JPEG', quality=95, **options)

  yield 'jpeg', kind(COLOURS, saved())
  yield 'jpeg without subsampling', kind(COLOURS, saved(subsampling=0))
  yield 'progressive jpeg', kind(COLOURS, saved(progressive=True))
  yield 'grey jpeg', kind(GREYS, saved('L'))
  yield 'grey progressive jpeg', kind(GREYS, saved('L', progressive=True))
  yield 'rgb jpeg', kind(COLOURS, saved(keep_rgb=True))
  yield 'jpeg with restarts', kind(COLOURS, saved(restart_marker_blocks=2))
  yield 'jpeg with orientation', kind(COLOURS, saved(exif=_ORIENTATION_6))
  yield 'jpeg with bytes behind', kind(COLOURS, saved() + b'more')
  yield 'jpeg with filling bytes', kind(COLOURS, b'\xff\xd8\xff' + saved()[2:])
  yield 'several jpegs', kind(COLOURS, pictures.encode(
      RGB, 'MPO', save_all=True, quality=95,
      append_images=[pictures.picture(HEIGHT, WIDTH, 'RGB', 3)]))
  yield 'cmyk jpeg', kind(COLOURS, saved('CMYK'))
  yield 'progressive cmyk jpeg', kind(COLOURS, saved('CMYK', progressive=True))
  # Pillow inverts, as Adobe does, and says so in a marker.
  inverted = Image.fromarray(255 - np.asarray(RGB.convert('CMYK')), 'CMYK')
  encoded = pictures.encode(inverted, 'JPEG', quality=95)
  marker = encoded.index(b'\xff\xee\0\x0eAdobe')
  yield 'cmyk jpeg of no adobe', kind(
      COLOURS, encoded[:marker] + encoded[marker + 16:])
  halves = np.tile(_TWO_COLOURS, (5, 1, 1)).astype(float)
  for name in ('arithmetic jpeg', 'arithmetic progressive jpeg', 'ycck jpeg'):
    # Where the halves meet, their colours mix.
    yield name, kind(halves, base64.b64decode(_BLOBS[name]), 60)
  for name in ('12-bit jpeg', 'lossless jpeg'):
    yield name, kind(None, base64.b64decode(_BLOBS[name]))
  yield 'jpeg without end', kind(None, saved()[:-2])
  yield 'half a jpeg', kind(None, saved()[:len(saved()) // 2])
  yield 'half a progressive jpeg', kind(
      None, saved(progressive=True)[:len(saved(progressive=True)) // 2])


def _gif_parts(image: Image.Image) -> tuple[bytes, bytes]:
  """The colour table and the picture of a GIF without extensions."""
  encoded = pictures.encode(image, 'GIF', interlace=0)
  table = 13 + 3 * (2 << (encoded[10] & 7))
  return encoded[13:table], encoded[encoded.index(b',', table):-1]


def _gif(screen: tuple[int, int], table: bytes, *blocks: bytes) -> bytes:
  """A GIF with a canvas of width and height `screen`."""
  flags = (0x80 | (len(table) // 3).bit_length() - 2) if table else 0
  return (b'GIF89a' + struct.pack('<HHBBB', *screen, flags, 0, 0) + table
          + b''.join(blocks) + b';')


def _placed(block: bytes, left: int, top: int, table: bytes = b'',
            size: Optional[tuple[int, int]] = None) -> bytes:
  """A GIF's picture at another place, with colours of its own."""
  size = struct.pack('<HH', *size) if size else block[5:9]
  flags = block[9]
  if table:
    flags |= 0x80 | (len(table) // 3).bit_length() - 2
  return (b',' + struct.pack('<HH', left, top) + size + bytes([flags])
          + table + block[10:])


def _gifs() -> Iterator[tuple[str, Kind]]:
  def kind(pixels, encoded):
    return Kind(encoded, pixels, 0, 'GIF')

  indexed = RGB.convert('P', palette=Image.Palette.ADAPTIVE)
  pixels = np.asarray(indexed.convert('RGB')).astype(float)
  table, picture = _gif_parts(indexed)
  larger_table, larger = _gif_parts(pictures.picture(
      41, 53, 'RGB', 3).convert('P', palette=Image.Palette.ADAPTIVE))
  larger = _placed(larger, 0, 0, larger_table)
  here = WIDTH, HEIGHT
  transparent = b'!\xf9\x04\x01\0\0' + bytes([np.asarray(indexed)[5, 5]]) + (
      b'\0')
  looped = b'!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0'
  comment = b'!\xfe\xff' + b'c' * 255 + b'\x03abc\0'
  yield 'gif', kind(pixels, _gif(here, table, picture))
  yield 'interlaced gif', kind(pixels, pictures.encode(indexed, 'GIF'))
  yield 'grey gif', kind(GREYS, pictures.encode(RGB.convert('L'), 'GIF'))
  yield 'old gif', kind(pixels, b'GIF87a' + _gif(here, table, picture)[6:])
  yield 'gif with colours of the picture', kind(
      pixels, _gif(here, b'', _placed(picture, 0, 0, table)))
  yield 'transparent gif', kind(
      pixels, _gif(here, table, transparent, picture))
  yield 'animated gif', kind(pixels, _gif(
      here, table, looped, comment, transparent, picture, transparent,
      _placed(picture, 0, 0, larger_table)))
  yield 'gif on a larger canvas', kind(pixels, _gif((53, 41), table, picture))
  yield 'gif on a smaller canvas', kind(pixels, _gif((7, 5), table, picture))
  yield 'gif on no canvas', kind(pixels, _gif((0, 0), table, picture))
  yield 'gif in the middle of its canvas', kind(
      pixels, _gif((53, 41), table, _placed(picture, 11, 17)))
  yield 'gif far outside of its canvas', kind(
      pixels, _gif((53, 41), table, _placed(picture, 60000, 60000)))
  yield 'transparent gif in the middle of its canvas', kind(
      pixels, _gif((53, 41), table, transparent, _placed(picture, 11, 17)))
  yield 'animated gif that grows', kind(pixels, _gif(
      (53, 41), table, looped, _placed(picture, 11, 17), larger))
  yield 'animated gif that goes on far too large', kind(pixels, _gif(
      here, table, picture, _placed(picture, 0, 0, size=(60000, 60000))))
  yield 'animated gif cut in its second picture', kind(
      pixels, _gif(here, table, picture, larger[:-300])[:-1])
  yield 'gif without end', kind(pixels, _gif(here, table, picture)[:-1])
  yield 'gif with bytes behind', kind(
      pixels, _gif(here, table, picture) + b'more')
  yield 'gif cut in its picture', kind(
      None, _gif(here, table, picture)[:-100])
  yield 'gif cut before its end', kind(None, _gif(here, table, picture)[:-2])
  yield 'gif with a row too few', kind(None, _gif(
      here, table, _placed(picture, 0, 0, size=(WIDTH, HEIGHT + 1))))
  yield 'gif without colours', kind(None, _gif(here, b'', picture))
  yield 'gif with too few colours', kind(
      None, _gif(here, table[:12], picture))
  yield 'gif of no picture', kind(None, _gif(here, table, comment))


def bmp(rows: bytes, width: int, height: int, depth: int,
        compression: int = 0, masks: tuple[int, ...] = (),
        palette: bytes = b'', colours: int = 0, header: int = 40) -> bytes:
  """A BMP; `masks` are what follows the 40 bytes that all headers have."""
  fields = struct.pack('<IiiHHIIiiII', header, width, height, 1, depth,
                       compression, len(rows), 2835, 2835, colours, 0)
  fields = (fields + struct.pack(f'<{len(masks)}I', *masks)).ljust(
      header, b'\0')
  start = 14 + len(fields) + len(palette)
  return (b'BM' + struct.pack('<IHHI', start + len(rows), 0, 0, start)
          + fields + palette + rows)


def _bmp_rows(values: np.ndarray, top_down: bool = False) -> bytes:
  """Rows of uint8 [h, w, channels], each filled up to four bytes."""
  rows = values if top_down else values[::-1]
  return b''.join(row.tobytes() + bytes(-row.size % 4) for row in rows)


def _bmps() -> Iterator[tuple[str, Kind]]:
  def kind(pixels, *args, cut=None, more=b'', **options):
    return Kind(bmp(*args, **options)[:cut] + more, pixels, 0, 'BMP')

  blue_first = COLOURS.astype(np.uint8)[:, :, ::-1]
  with_alpha = np.concatenate([blue_first, _ALPHA], 2)
  red_first = np.concatenate([COLOURS.astype(np.uint8), _ALPHA], 2)
  greys = GREYS.astype(np.uint8)
  size = WIDTH, HEIGHT
  rows, long_rows = _bmp_rows(blue_first), _bmp_rows(with_alpha)
  masks = (0xff0000, 0xff00, 0xff, 0xff000000)
  yield 'bmp', kind(COLOURS, rows, *size, 24)
  yield 'top-down bmp', kind(COLOURS, _bmp_rows(blue_first, True), WIDTH,
                             -HEIGHT, 24)
  yield 'bmp with bytes behind', kind(COLOURS, rows, *size, 24, more=b'\0\0')
  for header in (64, 108, 124):
    yield f'bmp with a header of {header} bytes', kind(
        COLOURS, rows, *size, 24, header=header)
  yield '32-bit bmp', kind(COLOURS, long_rows, *size, 32)
  yield '32-bit top-down bmp', kind(COLOURS, _bmp_rows(with_alpha, True),
                                    WIDTH, -HEIGHT, 32)
  for header, count in ((40, 3), (52, 3), (56, 4), (108, 4), (124, 4)):
    yield f'32-bit bmp with masks and a header of {header} bytes', kind(
        COLOURS, long_rows, *size, 32, 3, masks[:count], header=header)
  yield '32-bit bmp with red first', kind(
      None, _bmp_rows(red_first), *size, 32, 3,
      (0xff, 0xff00, 0xff0000, 0xff000000), header=56)

  ramp = np.arange(256, dtype=np.uint8)
  ramp = np.stack([ramp, ramp, ramp, 0 * ramp], 1)
  palette = np.random.RandomState(7).randint(0, 256, [256, 4], np.uint8)
  # The last byte of a colour is left out, and blue is first.
  coloured = palette[:, 2::-1][greys[:, :, 0]].astype(float)
  few = greys % 16
  yield 'grey bmp', kind(GREYS, _bmp_rows(greys), *size, 8,
                         palette=ramp.tobytes())
  yield 'grey top-down bmp', kind(GREYS, _bmp_rows(greys, True), WIDTH,
                                  -HEIGHT, 8, palette=ramp.tobytes())
  yield 'inverted grey bmp', kind(255 - GREYS, _bmp_rows(greys), *size, 8,
                                  palette=ramp[::-1].tobytes())
  yield 'palette bmp', kind(coloured, _bmp_rows(greys), *size, 8,
                            palette=palette.tobytes())
  yield 'palette bmp with a header of 124 bytes', kind(
      coloured, _bmp_rows(greys), *size, 8, palette=palette.tobytes(),
      header=124)
  yield 'bmp with a short palette', kind(
      palette[:, 2::-1][few[:, :, 0]].astype(float), _bmp_rows(few), *size, 8,
      palette=palette[:16].tobytes(), colours=16)
  yield 'palette bmp without palette', kind(None, _bmp_rows(greys), *size, 8)
  # As many bytes as if it were not packed.
  yield 'packed bmp', kind(
      None, (b'\x1d\x07\0\0' * HEIGHT + b'\0\1').ljust(32 * HEIGHT, b'\0'),
      *size, 8, 1, palette=palette.tobytes())
  yield '1-bit bmp', Kind(pictures.encode(RGB.convert('1'), 'BMP'), None)
  yield '4-bit bmp', kind(None, bytes(16 * HEIGHT), *size, 4,
                          palette=palette[:16].tobytes())
  yield '16-bit bmp', kind(None, bytes(60 * HEIGHT), *size, 16)
  yield '25-bit bmp', kind(None, rows, *size, 25)
  yield 'bmp of OS/2 1', Kind(
      b'BM' + struct.pack('<IHHIIHHHH', 26 + len(rows), 0, 0, 26, 12, *size,
                          1, 24) + rows, None)
  yield 'cut bmp', kind(None, rows, *size, 24, cut=-1)
  yield 'bmp of no height', kind(None, rows, WIDTH, 0, 24)
  yield 'bmp of negative width', kind(None, rows, -WIDTH, HEIGHT, 24)


def _others() -> Iterator[tuple[str, Kind]]:
  second = pictures.picture(HEIGHT, WIDTH, 'RGB', 3)
  for name in ('WEBP', 'TIFF', 'PPM', 'ICO', 'TGA'):
    yield name.lower(), Kind(pictures.encode(RGB, name), None)
  # TensorFlow 2.21 ends the process on it.
  yield 'animated webp', Kind(pictures.encode(
      RGB, 'WEBP', save_all=True, append_images=[second]), None)
  # The bare codestream of JPEG XL and the signature of its files.
  yield 'jpeg xl', Kind(b'\xff\x0a' + bytes(99), None)
  yield 'jpeg xl file', Kind(b'\0\0\0\x0cJXL \r\n\x87\n' + bytes(99), None)
  yield 'svg', Kind(b'<svg xmlns="http://www.w3.org/2000/svg"/>', None)
  yield 'text', Kind(b'no picture', None)
  yield 'nothing', Kind(b'', None)
  yield 'zeros', Kind(bytes(999), None)
  noise = np.random.RandomState(1).bytes(499)
  for name, signature in (('png', PNG_SIGNATURE), ('jpeg', b'\xff\xd8\xff'),
                          ('gif', b'GIF89a'), ('bmp', b'BM')):
    yield f'{name} signature alone', Kind(signature, None)
    yield f'first byte of {name}', Kind(signature[:1], None)
    yield f'noise as {name}', Kind(signature + noise, None)


def _sizes() -> Iterator[tuple[str, Kind]]:
  """Very small, long and high images."""
  for height, width in ((1, 1), (1, 5003), (5003, 1), (2, 70001)):
    image = pictures.picture(height, width)
    pixels = np.asarray(image).astype(float)
    greys = np.asarray(image.convert('L')).astype(float)[:, :, None]
    size = f'{height} x {width}'
    yield f'{size} png', Kind(pictures.encode(image, 'PNG'), pixels, 0.01,
                              'PNG')
    yield f'{size} bmp', Kind(pictures.encode(image, 'BMP'), pixels, 0, 'BMP')
    if width <= 65500:
      yield f'{size} jpeg', Kind(pictures.encode(image, 'JPEG', quality=95),
                                 pixels, 9, 'JPEG')
      yield f'{size} gif', Kind(pictures.encode(image.convert('L'), 'GIF'),
                                greys, 0, 'GIF')


def _bombs() -> Iterator[tuple[str, Kind]]:
  """Few bytes that declare more pixels than memory should be given to."""
  data = png_chunk(b'IDAT', zlib.compress(bytes(9999)))
  end = png_chunk(b'IEND', b'')
  for width, height in ((60000, 60000), (8193, 8192), (2**31 - 1, 1),
                        (2**32 - 1, 2**32 - 1), (1000001, 1)):
    yield f'png of {width} x {height}', Kind(
        png_header(width, height) + data + end, None)
  jpeg = pictures.encode(RGB, 'JPEG')
  place = jpeg.index(b'\xff\xc0') + 5
  yield 'jpeg of 65500 x 65500', Kind(
      jpeg[:place] + struct.pack('>HH', 65500, 65500) + jpeg[place + 4:], None)
  table, picture = _gif_parts(RGB.convert('L'))
  yield 'gif of 65535 x 65535', Kind(
      _gif((9, 9), table, _placed(picture, 0, 0, size=(65535, 65535))), None)
  for width, height in ((60000, 60000), (60000, -60000), (2**31 - 1, 2),
                        (1, -2**31)):
    yield f'bmp of {width} x {height}', Kind(
        bmp(bytes(9999), width, height, 24), None)


KINDS = {name: kind for kinds in (
    _pngs(), _odd_pngs(), _jpegs(), _gifs(), _bmps(), _others(), _sizes(),
    _bombs()) for name, kind in kinds}
