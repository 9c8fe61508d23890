"""Tests of benchmarks/serving_probe.py."""

import os

from absl.testing import absltest

from benchmarks import serving_probe
from master import errors
from tests.support import model_files


@absltest.skipUnless(os.path.exists(serving_probe.STATUS_FILE),
                     'Memory is measured on Linux only.')
class ServingProbeTest(absltest.TestCase):

  def _probe(self, pictures):
    """A probe of a tiny model in a session, and of these files."""
    folder = self.create_tempdir().full_path
    model_dir = os.path.join(folder, 'model')
    model_files.write_tiny_model_dir(model_dir)
    model_files.write_files(os.path.join(folder, 'pictures'), pictures)
    return serving_probe.Probe('session', model_dir,
                               os.path.join(folder, 'pictures'))

  def test_tells_times_and_memory(self):
    with self._probe({'a.png': model_files.encoded_image(0),
                      'b.png': model_files.encoded_image(1, (50, 20))}
                     ) as probe:
      loaded = probe.loaded()
      found = [probe.request(), probe.request(1, 3)]
    self.assertCountEqual(['import_s', 'load_s', 'memory_mib'], loaded)
    self.assertGreater(loaded['import_s'], 0)
    self.assertGreater(loaded['load_s'], 0)
    # Of MiB: a process with TensorFlow has hundreds of them.
    self.assertBetween(loaded['memory_mib'], 50, 5000)
    for request in found:
      self.assertGreater(request['seconds'], 0)
      self.assertGreaterEqual(request['peak_mib'], request['memory_mib'])

  def test_refuses_to_time_what_is_no_image(self):
    with self._probe({'a.png': b'no image'}) as probe:
      probe.loaded()
      with self.assertRaisesRegex(RuntimeError, 'took a picture for no image'):
        probe.request()

  def test_no_model(self):
    folder = self.create_tempdir().full_path
    with serving_probe.Probe('session', folder, folder) as probe:
      with self.assertRaisesRegex(errors.InputError, 'no config.json'):
        probe.loaded()


if __name__ == '__main__':
  absltest.main()
