"""Tests of bin/export, run as a process."""

import os

from absl.testing import absltest

from tests.support import commands
from tests.support import model_files


class ExportTest(absltest.TestCase):

  def test_the_last_line_is_a_model_that_predict_reads(self):
    folder = self.create_tempdir().full_path
    model_dir, export_dir = (os.path.join(folder, name)
                             for name in ('model', 'export'))
    image = os.path.join(folder, 'a.png')
    model_files.write_files(folder, {'a.png': model_files.encoded_image()})
    model_files.write_tiny_model_dir(model_dir, step=12)
    process = commands.run('-m', 'master.cli.export',
                           f'--model_dir={model_dir}',
                           f'--export_dir={export_dir}')
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertIn('model.ckpt-12', process.stderr)
    path = process.stdout.splitlines()[-1]
    self.assertEqual(export_dir, os.path.dirname(path))
    self.assertTrue(os.path.isfile(os.path.join(path, 'saved_model.pb')))
    process = commands.run('-m', 'master.cli.predict',
                           f'--saved_model={path}', image)
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertRegex(process.stdout, f'^{image}\t[a-g]*\t0\\.\\d{{4}}\n$')

  def test_wrong_input_is_one_line(self):
    folder = self.create_tempdir().full_path
    process = commands.run('-m', 'master.cli.export', f'--model_dir={folder}',
                           f'--export_dir={folder}/export')
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr,
                     f'^export: error: {folder}: no config.json[^\n]*\n$')
    self.assertEmpty(os.listdir(folder))


if __name__ == '__main__':
  absltest.main()
