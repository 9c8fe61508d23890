"""Tests of master/importing/pytorch_file.py; most need the pytorch extra."""

import collections
import os
import pathlib
import pickle
import sys
import types
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master import errors
from master.importing import pytorch_file
from tests.support import extras
from tests.support import trainer_files

if extras.is_there('pytorch'):
  import torch


class RunsCode:
  """Makes a file when it is unpickled."""

  def __init__(self, path):
    self.path = path

  def __reduce__(self):
    return os.mkdir, (self.path,)


@extras.needs('pytorch')
class PytorchFileTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.path = os.path.join(self.folder, 'model.pth')
    self.tensors = collections.OrderedDict(
        a=torch.arange(6.).reshape(2, 3), b=torch.ones(()),
        steps=torch.tensor(7))

  def save(self, what, **options):
    torch.save(what, self.path, **options)

  def assert_refused(self, words):
    with self.assertRaisesRegex(errors.InputError, words) as raised:
      pytorch_file.read(self.path)
    self.assertIn(f'--input={self.path}', str(raised.exception))
    self.assertNotIn('\n', str(raised.exception))

  @parameterized.product(bare=(True, False), zipped=(True, False))
  def test_reads_a_state_dict(self, bare, zipped):
    self.save(self.tensors if bare else {
        'epoch': 3, 'model_state_dict': self.tensors,
        'optimizer': {'state': {0: {'exp_avg': torch.zeros(5)}}}},
              _use_new_zipfile_serialization=zipped)
    state = pytorch_file.read(self.path)
    self.assertEqual({'a': (2, 3), 'b': (), 'steps': ()}, state.shapes)
    np.testing.assert_array_equal([[0, 1, 2], [3, 4, 5]], state.read('a'))
    self.assertEqual({}, state.settings)
    with self.assertRaisesRegex(errors.InputError, 'steps holds torch.int64'):
      state.read('steps')

  def test_other_precisions_become_float32(self):
    for kind in (torch.float16, torch.bfloat16, torch.float64):
      self.save({'a': torch.tensor([1.5, -2]).to(kind)})
      value = pytorch_file.read(self.path).read('a')
      self.assertEqual(np.float32, value.dtype)
      np.testing.assert_array_equal([1.5, -2], value)

  def test_parameters_and_views(self):
    weight = torch.nn.Parameter(torch.arange(6.).reshape(2, 3))
    self.save({'a': weight, 'b': weight.data.T})
    state = pytorch_file.read(self.path)
    np.testing.assert_array_equal([[0, 3], [1, 4], [2, 5]], state.read('b'))

  def test_what_the_trainer_saves(self):
    module, config = trainer_files.trainer_config()
    with mock.patch.dict(sys.modules, parse_config=module):
      self.save({'arch': 'MASTER', 'model_state_dict': self.tensors,
                 'monitor_best': np.float64(0.9), 'config': config})
    # Its classes are not there when the file is read.
    state = pytorch_file.read(self.path)
    self.assertEqual(
        {'num_heads': 2, 'num_layers': 2, 'dropout_rate': 0.3,
         'image_height': 16, 'image_width': 20}, state.settings)

  def test_a_transformer_encoder_is_refused(self):
    module, config = trainer_files.trainer_config(with_encoder=True)
    with mock.patch.dict(sys.modules, parse_config=module):
      self.save({'model_state_dict': self.tensors, 'config': config})
    self.assert_refused('was trained with_encoder')

  @parameterized.parameters(True, False)
  def test_a_pickle_that_runs_code(self, zipped):
    made = os.path.join(self.folder, 'made')
    self.save({**self.tensors, 'x': RunsCode(made)},
              _use_new_zipfile_serialization=zipped)
    self.assert_refused(r'refused, as reading it would run code \(\w+.mkdir')
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
      with open(self.path, 'wb') as f:
        pickle.dump({'model_state_dict': RunsCode(made)}, f, protocol)
      self.assert_refused('refused, as reading it would run code .*mkdir')
    self.assertFalse(os.path.exists(made))
    # The pickle would have worked.
    with open(self.path, 'rb') as f:
      pickle.load(f)
    self.assertTrue(os.path.exists(made))

  def test_inert_names_run_nothing(self):
    """Not even the classes that are let through are called."""
    with mock.patch.object(pathlib, 'PosixPath',
                           side_effect=AssertionError):
      self.save({'model_state_dict': self.tensors, 'config': 1})
    with open(self.path, 'wb') as f:
      torch.save({'model_state_dict': self.tensors,
                  'config': pathlib.PosixPath('/a')}, f)
    with mock.patch.object(pathlib.PosixPath, '__new__',
                           side_effect=AssertionError):
      loaded = pytorch_file._load(self.path)
    self.assertIsInstance(loaded['config'], pytorch_file._Inert)

  def test_truncated_and_other_files(self):
    self.save({'a': torch.zeros(10000)})
    whole = pathlib.Path(self.path).read_bytes()
    for size in (0, 1, 100, len(whole) // 2, len(whole) - 10):
      pathlib.Path(self.path).write_bytes(whole[:size])
      self.assert_refused('damaged, or not a file of torch.save')
    pathlib.Path(self.path).write_bytes(os.urandom(1000))
    self.assert_refused('damaged, or not')
    os.remove(self.path)
    self.assert_refused('no such file')

  def test_torn_in_the_middle(self):
    self.save({'a': torch.zeros(10000)}, _use_new_zipfile_serialization=False)
    os.truncate(self.path, os.path.getsize(self.path) // 2)
    self.assert_refused('damaged, or not')

  @parameterized.parameters(
      ({}, 'holds no state dict, .* but a dict of '),
      ([1, 2], 'but a list'),
      ({'state': {'a': 1}}, "but a dict of 'state'"),
      ({'model_state_dict': {'a': 1}}, "a dict of 'model_state_dict'"))
  def test_no_state_dict(self, content, words):
    self.save(content)
    self.assert_refused(words)


class WithoutPytorchTest(absltest.TestCase):

  def test_says_what_to_install(self):
    with mock.patch.dict(sys.modules, torch=None):
      with self.assertRaisesRegex(
          errors.InputError, r"needs PyTorch .*'master-ocr\[pytorch\]'"):
        pytorch_file.read('model.pth')

  def test_says_that_it_is_too_old(self):
    old = types.SimpleNamespace(__version__='2.3.0',
                                serialization=types.SimpleNamespace())
    with mock.patch.dict(sys.modules, torch=old):
      with self.assertRaisesRegex(errors.InputError, 'PyTorch 2.3.0 is too'):
        pytorch_file.read('model.pth')


if __name__ == '__main__':
  absltest.main()
