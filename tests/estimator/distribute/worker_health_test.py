"""Whether workers are there: found out by their ports alone."""

import contextlib
import socket

from absl.testing import absltest

from master.estimator.distribute import worker_health


@contextlib.contextmanager
def _listener():
  """A socket that listens, as a worker's server does, and its address."""
  with socket.socket() as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(('localhost', 0))
    server.listen()
    yield server, f'localhost:{server.getsockname()[1]}'


class PeersTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.told = []

  def _watch(self, address) -> worker_health.Watch:
    watch = worker_health.Watch({'worker 1': address}, self.told.append)
    self.addCleanup(watch.stop)
    return watch

  def test_wait_for_those_that_are_there(self):
    with _listener() as (server, address):
      worker_health.wait_for({'worker 1': address}, 10)
      server.settimeout(10)
      connection, _ = server.accept()
      with connection:
        self.assertEqual(b'', connection.recv(1))  # It called and hung up.

  def test_wait_for_one_that_does_not_come(self):
    with _listener() as (_, address):
      pass
    with self.assertRaisesRegex(
        worker_health.WorkerLostError,
        rf'worker 1 \({address}\) did not come within 0 seconds'):
      worker_health.wait_for({'worker 1': address}, 0)

  def test_a_worker_that_dies_is_told_of_once(self):
    with _listener() as (server, address):
      watch = self._watch(address)
      connection, _ = server.accept()
      self.assertIsNone(watch.lost)
    connection.close()
    self.assertRegex(watch.wait_lost(30) or '',
                     rf'worker 1 \({address}\) is gone: ')
    self.assertEqual([watch.lost], self.told)

  def test_a_connection_that_ends_is_not_a_worker_that_does(self):
    with _listener() as (server, address):
      watch = self._watch(address)
      server.accept()[0].close()
      connection, _ = server.accept()  # It comes again.
      self.assertIsNone(watch.lost)
      connection.close()
      watch.stop()

  def test_after_stop_workers_may_leave(self):
    with _listener() as (server, address):
      watch = self._watch(address)
      connection, _ = server.accept()
      watch.stop()
    connection.close()
    self.assertIsNone(watch.wait_lost(4))
    self.assertEmpty(self.told)


if __name__ == '__main__':
  absltest.main()
