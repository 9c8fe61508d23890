"""Detection of dead workers of a training.

TensorFlow's collective ops wait for ever for a worker that died. So each
worker holds a connection to the port of each other one: the system ends it
with the process, and TCP's own probes find out about a machine that is gone.
"""

import os
import socket
import threading
import time
from typing import Callable, Mapping, Optional

from absl import logging

_CONNECT_SECONDS = 5.0
_PROBE_SECONDS = 5  # Between two of TCP's probes; three without answer end it.
_NUM_PROBES = 3
_REFUSALS = 3  # A second apart: nothing listens at the worker's port.


class WorkerLostError(RuntimeError):
  """A worker is gone, so that the others cannot go on."""


def _connect(address: str) -> socket.socket:
  """A connection that breaks some 20 seconds after its peer falls silent."""
  host, _, port = address.rpartition(':')
  connection = socket.create_connection((host.strip('[]'), int(port)),
                                        _CONNECT_SECONDS)
  connection.settimeout(None)
  connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
  for name, value in (('TCP_KEEPIDLE', _PROBE_SECONDS),
                      ('TCP_KEEPINTVL', _PROBE_SECONDS),
                      ('TCP_KEEPCNT', _NUM_PROBES)):
    if hasattr(socket, name):  # Linux has them all.
      connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
  return connection


def wait_for(addresses: Mapping[str, str], seconds: float,
             report_every: float = 10.0):
  """Waits until every worker listens at its port.

  Args:
    addresses: host:port by name.
    seconds: how long to wait.
    report_every: seconds between two lines in the log.

  Raises:
    WorkerLostError: if one does not come in time.
  """
  start = last_report = time.monotonic()
  for name, address in addresses.items():
    while True:
      try:
        _connect(address).close()
        break
      except OSError as e:
        now = time.monotonic()
        if now - start > seconds:
          raise WorkerLostError(
              f'{name} ({address}) did not come within {seconds:.0f} seconds: '
              f'{e}') from e
        if now - last_report > report_every:
          logging.info('Waiting for %s (%s)', name, address)
          last_report = now
        time.sleep(0.2)


class Watch:
  """Tells when a worker is gone.

  Attributes:
    lost: what to say about the first worker that is gone; None while all are
      there.
  """

  def __init__(self, addresses: Mapping[str, str],
               on_lost: Callable[[str], None], silent_seconds: float = 20.0):
    """Begins to watch.

    Args:
      addresses: host:port by name of workers that listen.
      on_lost: called once, in another thread, with a line to say.
      silent_seconds: how long a worker may be out of reach.
    """
    self.lost: Optional[str] = None
    self._on_lost = on_lost
    self._silent_seconds = silent_seconds
    self._stopped = threading.Event()
    self._found = threading.Event()
    self._lock = threading.Lock()
    self._connections = {}
    for name, address in addresses.items():
      threading.Thread(target=self._watch, args=(name, address),
                       name=f'watch {name}', daemon=True).start()

  def stop(self):
    """Ends the watch: from here on workers may leave."""
    self._stopped.set()
    with self._lock:
      connections, self._connections = self._connections, {}
    for connection in connections.values():
      try:
        connection.shutdown(socket.SHUT_RDWR)  # Closing would wake no reader.
      except OSError:
        pass  # The other side was faster.

  def wait_lost(self, seconds: float) -> Optional[str]:
    """`lost`, after waiting for it for so long at most."""
    self._found.wait(seconds)
    return self.lost

  def _watch(self, name: str, address: str):
    reached, refusals = time.monotonic(), 0
    while not self._stopped.is_set():
      try:
        connection = _connect(address)
        with self._lock:
          self._connections[name] = connection
        refusals = 0
        self._read_to_end(connection)
        reached = time.monotonic()
      except OSError as e:
        refusals += isinstance(e, ConnectionRefusedError)
        if (refusals == _REFUSALS
            or time.monotonic() - reached > self._silent_seconds):
          self._tell(f'{name} ({address}) is gone: {e.strerror or e}')
          return
      # Some servers end a silent connection at once.
      self._stopped.wait(1)

  def _read_to_end(self, connection: socket.socket):
    """Returns when the other side ended the connection, as servers may."""
    with connection:
      try:
        while not self._stopped.is_set() and connection.recv(4096):
          pass
      except OSError:
        pass  # Connecting again shows whether it is gone.

  def _tell(self, message: str):
    with self._lock:
      if self.lost is not None or self._stopped.is_set():
        return
      self.lost = message
    self._on_lost(message)
    self._found.set()


def end_process_after(seconds: float, watch: Watch):
  """Ends this process unless `watch` is stopped before.

  What waits inside of TensorFlow may hear of nothing.
  """

  def end():
    time.sleep(seconds)
    if not watch._stopped.is_set():  # pylint: disable=protected-access
      logging.error('%s; this worker did not end by itself', watch.lost)
      os._exit(1)  # pylint: disable=protected-access

  threading.Thread(target=end, daemon=True).start()
