"""Judges encoded images without TensorFlow, for the tools that pack them.

Guarded by tests/inputs/image_check_test.py, which holds the judgement
against what image_ops decodes.
"""

import io
from typing import NamedTuple, Optional
import warnings

from PIL import Image

# MPO is a JPEG with further pictures behind it.
_FORMATS = ('JPEG', 'MPO', 'PNG', 'BMP', 'GIF')
_BMP_DEPTHS = (8, 24, 32)


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


def _bmp_fault(image_bytes: bytes, mode: str) -> Optional[str]:
  depth = int.from_bytes(image_bytes[28:30], 'little')
  if depth not in _BMP_DEPTHS or mode == 'P':
    return f'a BMP of {depth} bits with a palette or packed; save it as PNG'
  return None


def judge(image_bytes: bytes) -> Verdict:
  """Decodes the image wholly.

  Args:
    image_bytes: JPEG, PNG, BMP or GIF, or anything else.

  Returns:
    Its size and format, or what is wrong with it.
  """
  if not image_bytes:
    return Verdict('empty')
  try:
    with warnings.catch_warnings():
      warnings.simplefilter('error', Image.DecompressionBombWarning)
      warnings.simplefilter('ignore', UserWarning)
      with Image.open(io.BytesIO(image_bytes)) as image:
        if image.format not in _FORMATS:
          return Verdict(f'{image.format}, not JPEG, PNG, BMP or GIF')
        image.load()
  except Image.UnidentifiedImageError:
    return Verdict('not an image')
  except Exception as e:  # pylint: disable=broad-except
    # Pillow raises whatever its decoders stumble over: OSError, SyntaxError,
    # ValueError, struct.error, ZeroDivisionError and more.
    return Verdict(f'damaged ({e})')
  if image.format == 'BMP':
    fault = _bmp_fault(image_bytes, image.mode)
    if fault:
      return Verdict(fault)
  name = 'JPEG' if image.format == 'MPO' else image.format
  return Verdict(None, name, image.width, image.height)
