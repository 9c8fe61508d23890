"""Runs what docs/serving.md tells to run.

There is no TensorFlow Serving here. Its clients talk to a stand-in; the
commands that start it run stand-ins that print their arguments, which are
compared with what the page says elsewhere.
"""

import base64
import importlib.util
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from absl import flags
from absl.testing import absltest
from google.protobuf import descriptor_pb2
from google.protobuf import descriptor_pool
from google.protobuf import message_factory
from google.protobuf import text_format
import numpy as np
from PIL import Image
import tensorflow.compat.v1 as tf

from master.cli import export
from master.export import warmup
from master.images import decode
from tests.support import commands
from tests.support import extras
from tests.support import flag_registry
from tests.support import model_files
from tests.support import stand_in_server
from tests.support import test_util

ROOT = commands.ROOT
PAGE = (ROOT / 'docs/serving.md').read_text(encoding='utf-8')

# A part of each shell block, by which a test takes it.
EXPORT, SERVER, CONTAINER, PREDICT, ASK, GRPC, PYTHON, CPP, ONNX = BLOCKS = (
    'serving/master | tail', 'tensorflow_model_server', 'docker run', 'printf',
    'rest_client', 'grpc_client', 'read_in_python', 'g++', 'read_in_onnx')

# From the --help of tensorflow_model_server.
SERVER_FLAGS = {
    'port', 'rest_api_port', 'model_name', 'model_base_path',
    'enable_batching', 'batching_parameters_file',
    'tensorflow_intra_op_parallelism', 'tensorflow_inter_op_parallelism',
    'tensorflow_session_parallelism'}

# TensorFlow Serving's BatchingParameters (session_bundle_config.proto), which
# no Python package brings: field -> number.
WRAPPED_NUMBERS = {'max_batch_size': 1, 'batch_timeout_micros': 2,
                   'max_enqueued_batches': 3, 'num_batch_threads': 4}
ALLOWED_BATCH_SIZES = 6

PRINT_ARGUMENTS = '#!/bin/sh\nfor argument; do echo "$argument"; done\n'

CC_LIBRARY = pathlib.Path(tf.sysconfig.get_lib(), 'libtensorflow_cc.so.2')


def _fenced(language: str) -> list[str]:
  """Contents of the page's fenced blocks of one language."""
  return re.findall(rf'^```{language}\n(.*?)^```$', PAGE, re.M | re.S)


def _block(part: str) -> str:
  block, = (block for block in _fenced('sh') if part in block)
  return block


def _example(name: str):
  """A Python file of docs/serving as a module."""
  spec = importlib.util.spec_from_file_location(
      f'serving_example_{name}', ROOT / f'docs/serving/{name}.py')
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def _form(value):
  """A JSON value without its numbers and texts."""
  if isinstance(value, dict):
    return {key: _form(each) for key, each in value.items()}
  if isinstance(value, list):
    return [_form(value[0])]
  return type(value)


def _batching_parameters():
  """An empty message of that kind."""
  kinds = descriptor_pb2.FieldDescriptorProto
  file = descriptor_pb2.FileDescriptorProto(name='batching', syntax='proto3')
  wrapper = file.message_type.add(name='Int64Value')
  wrapper.field.add(name='value', number=1, type=kinds.TYPE_INT64,
                    label=kinds.LABEL_OPTIONAL)
  parameters = file.message_type.add(name='BatchingParameters')
  for name, number in WRAPPED_NUMBERS.items():
    parameters.field.add(name=name, number=number, type=kinds.TYPE_MESSAGE,
                         type_name='.Int64Value', label=kinds.LABEL_OPTIONAL)
  parameters.field.add(name='allowed_batch_sizes', number=ALLOWED_BATCH_SIZES,
                       type=kinds.TYPE_INT64, label=kinds.LABEL_REPEATED)
  pool = descriptor_pool.DescriptorPool()
  pool.Add(file)
  return message_factory.GetMessageClass(
      pool.FindMessageTypeByName('BatchingParameters'))()


def _given_flags(arguments: list[str]) -> dict[str, str]:
  """--name=value or --name, as a dict of name -> value or ''."""
  for argument in arguments:
    assert argument.startswith('--'), argument
  return dict(argument[2:].partition('=')[::2] for argument in arguments)


@unittest.skipUnless(shutil.which('bash'), 'Needs bash.')
class ServingTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.folder = pathlib.Path(os.path.realpath(folder.name), 'checkout')
    cls.images = {
        'photos/note.txt': b'no image',
        'photos/street.jpg': model_files.encoded_image(1, form='JPEG'),
        'photos/word.png': model_files.encoded_image(2)}
    model_files.write_files(str(cls.folder), cls.images)
    model_files.write_tiny_model_dir(str(cls.folder / 'runs/base'))
    for name in ('bin', 'docs'):
      (cls.folder / name).symlink_to(ROOT / name)
    cls._add_program('python3', f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    cls._add_program('tensorflow_model_server', PRINT_ARGUMENTS)
    cls._add_program('docker', PRINT_ARGUMENTS)
    cls.ports, cls.version = {}, ''
    cls.version = cls._run(_block(EXPORT) + 'echo "$version"').rstrip('\n')
    # So that the tests ask what the command has written.
    cls.model = stand_in_server.ServedModel(
        'master', str(cls.folder / cls.version),
        os.path.basename(cls.version))
    cls.addClassCleanup(cls.model.close)
    for port, serve in ((8501, stand_in_server.serve_rest),
                        (8500, stand_in_server.serve_grpc)):
      cls.ports[port], stop = serve(cls.model)
      cls.addClassCleanup(stop)

  @classmethod
  def _add_program(cls, name, text):
    path = cls.folder / 'programs' / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding='utf-8')
    path.chmod(0o755)

  @classmethod
  def _run(cls, script):
    """What a shell block prints, run in `folder` against the stand-ins."""
    for port, actual in cls.ports.items():
      script = script.replace(f'localhost:{port}', f'localhost:{actual}')
    done = subprocess.run(
        ['bash', '-eu', '-o', 'pipefail', '-c', script], cwd=cls.folder,
        env={**os.environ, 'LC_ALL': 'C.UTF-8', 'version': cls.version,
             'PATH': f'{cls.folder}/programs{os.pathsep}{os.environ["PATH"]}',
             'no_proxy': 'localhost', 'NO_PROXY': 'localhost'},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
      raise AssertionError(f'{script}\n{done.stdout}{done.stderr}')
    return done.stdout

  def expected_lines(self):
    found = self.model.predict(
        'serving_default', {'image_bytes': list(self.images.values())})
    self.assertEqual([False, True, True], found['valid'].tolist())
    note, *pictures = zip(self.images, found['text'], found['confidence'])
    return [f'{note[0]}\tno image'] + [
        f'{path}\t{text.decode()}\t{confidence:.4f}'
        for path, text, confidence in pictures]

  def test_every_command_has_its_test(self):
    for block in _fenced('sh'):
      self.assertLen([part for part in BLOCKS if part in block], 1, block)

  def test_export_writes_what_the_page_lists(self):
    self.assertRegex(self.version, r'^serving/master/\d+$')
    version = self.folder / self.version
    for path in version.rglob('*'):
      name = path.relative_to(version).as_posix()
      if path.is_file():
        name = re.sub(r'^variables/.*', 'variables/', name)
        self.assertIn(f'`{name}`', PAGE)

  def test_signatures(self):
    documented = {}
    for name, *cells in re.findall(
        r'^\| `(\w+)` \| (.*) \| (.*) \|$', PAGE.split('| signature |')[1],
        re.M):
      names = []
      for cell in cells:
        names.append(set(re.findall(r'`(\w+)`', cell)))
        for tensor, dtype, dims in re.findall(
            r'`(\w+)` (\w+) \[([\w, ]+)\]', cell):
          infos = self.model.signatures[name]
          info = {**infos.inputs, **infos.outputs}[tensor]
          self.assertEqual(tf.as_dtype(dtype), info.dtype, tensor)
          self.assertLen(info.tensor_shape.dim, len(dims.split(',')), tensor)
          self.assertEqual(-1, info.tensor_shape.dim[0].size)
      inputs, outputs = names
      if 'serving_default' in outputs:
        outputs = outputs - {'serving_default'} | documented[
            'serving_default'][1]
      documented[name] = (inputs, outputs)
    self.assertEqual(
        {name: (set(signature.inputs), set(signature.outputs))
         for name, signature in self.model.signatures.items()}, documented)

  def test_flags_exist(self):
    flag_registry.isolate(self)
    export.define_flags()
    # That of the commands that read with an export.
    known = {*SERVER_FLAGS, *flags.FLAGS, 'onnx_model'}
    for name in re.findall(r'`--(\w+)[`=]', PAGE):
      self.assertIn(name, known)

  def test_server(self):
    given = _given_flags(self._run(_block(SERVER)).splitlines())
    self.assertContainsSubset(given, SERVER_FLAGS)
    self.assertEqual(str((self.folder / self.version).parent),
                     given['model_base_path'])
    self.assertIn(f'localhost:{given["port"]} ', _block(GRPC))
    for part in (PREDICT, ASK):
      self.assertContainsSubset(
          {f'localhost:{given["rest_api_port"]}'},
          set(re.findall(r'localhost:\d+', _block(part))))
    self.assertEqual({given['model_name']},
                     set(re.findall(r'/v1/models/(\w+)', PAGE)))
    for name in ('rest_client', 'grpc_client'):
      self.assertIn(f"model: str = '{given['model_name']}'",
                    (ROOT / f'docs/serving/{name}.py').read_text('utf-8'))

  def test_container(self):
    arguments = self._run(_block(CONTAINER)).splitlines()
    image = arguments.index('tensorflow/serving')
    given = _given_flags(arguments[image + 1:])
    self.assertContainsSubset(given, SERVER_FLAGS)
    options = {name: [value for option, value in zip(arguments, arguments[1:])
                      if option == name] for name in ('-p', '-e', '-v')}
    self.assertEqual(['8500:8500', '8501:8501'], options['-p'])
    variables = dict(option.split('=') for option in options['-e'])
    mounts = {inside: outside for outside, inside in (
        option.split(':') for option in options['-v'])}
    # The image's entry point adds name and path, from this variable.
    self.assertEqual(str((self.folder / self.version).parent),
                     mounts.pop(f'/models/{variables["MODEL_NAME"]}'))
    self.assertEqual({'MODEL_NAME': 'master'}, variables)
    # The server takes the file only with the other flag.
    self.assertEqual('', given['enable_batching'])
    inside = given['batching_parameters_file']
    self.assertTrue(os.path.isfile(mounts.pop(inside)))
    self.assertEmpty(mounts)

  def test_batching_parameters(self):
    text = (ROOT / 'docs/serving/batching.config').read_text('utf-8')
    quote, addition = _fenced('proto')
    self.assertEqual(text, quote)
    parameters = text_format.Parse(text + addition, _batching_parameters())
    self.assertGreaterEqual(parameters.max_batch_size.value,
                            max(warmup.BATCH_SIZES))
    self.assertIn('requests of {} and of {} images'.format(
        *warmup.BATCH_SIZES), PAGE)
    sizes = list(parameters.allowed_batch_sizes)
    self.assertEqual(sorted(set(sizes)), sizes)
    self.assertEqual(parameters.max_batch_size.value, sizes[-1])
    for name in re.findall(r'^(\w+) {', quote, re.M):
      self.assertIn(f'`{name}`', PAGE)

  @unittest.skipUnless(shutil.which('curl'), 'Needs curl.')
  def test_rest_requests(self):
    block = _block(PREDICT)
    self.assertEqual(2, block.count('predict\n'))
    answers = [json.loads(answer) for answer in self._run(
        block.replace('predict\n', 'predict; echo\n')).splitlines()]
    row, = answers[0]['predictions']
    self.assertEqual({key: [value] for key, value in row.items()},
                     answers[1]['outputs'])
    self.assertEqual(self.expected_lines()[2].split('\t')[1:],
                     [row['text'], f'{row["confidence"]:.4f}'])
    shown, = _fenced('json')
    self.assertEqual([_form(answer) for answer in answers],
                     [_form(json.loads(line)) for line in shown.splitlines()])

  @unittest.skipUnless(shutil.which('curl'), 'Needs curl.')
  def test_rest_state_metadata_and_client(self):
    state, metadata, *lines = self._run(
        re.sub('^(curl.*)', r'\1; echo', _block(ASK), flags=re.M)).splitlines()
    self.assertEqual('AVAILABLE', json.loads(state)[
        'model_version_status'][0]['state'])
    self.assertCountEqual(self.model.signatures, json.loads(metadata)[
        'metadata']['signature_def']['signature_def'])
    self.assertEqual(self.expected_lines(), lines)

  def test_rest_client_tells_why_it_was_refused(self):
    client = _example('rest_client')
    server = f'http://localhost:{self.ports[8501]}'
    with mock.patch.dict(os.environ, no_proxy='localhost'), mock.patch.object(
        client.read_images, '__defaults__', ('other',)):
      with self.assertRaisesRegex(SystemExit, r'^404: .*Latest\(other\)'):
        client.main(server)

  def test_signature_and_form_can_be_chosen(self):
    example = tf.train.Example()
    example.features.feature['image/encoded'].bytes_list.value.append(
        self.images['photos/word.png'])
    encoded = base64.b64encode(example.SerializeToString())
    answer = stand_in_server.predict_json(self.model, json.dumps({
        'signature_name': 'tf_example',
        'inputs': {'examples': [{'b64': encoded.decode()}]}}).encode())
    self.assertEqual(self.expected_lines()[2].split('\t')[1],
                     answer['outputs']['text'][0])

  @extras.needs('serving')
  def test_grpc_client(self):
    self.assertEqual(self.expected_lines(),
                     self._run(_block(GRPC)).splitlines())

  @extras.needs('serving')
  def test_grpc_client_tells_why_it_was_refused(self):
    client = _example('grpc_client')
    with mock.patch.dict(os.environ, no_proxy='localhost'), mock.patch.object(
        client.read_images, '__defaults__', ('other',)):
      with self.assertRaisesRegex(SystemExit,
                                  r'^NOT_FOUND: .*Latest\(other\)'):
        client.main(f'localhost:{self.ports[8500]}',
                    str(self.folder / 'photos/word.png'))

  def test_python(self):
    self.assertEqual(2 * self.expected_lines(),
                     self._run(_block(PYTHON)).splitlines())

  @unittest.skipUnless(shutil.which('g++'), 'Needs g++.')
  @unittest.skipUnless(CC_LIBRARY.exists(), f'Needs {CC_LIBRARY.name}.')
  def test_cpp(self):
    self.assertEqual(self.expected_lines(),
                     self._run(_block(CPP)).splitlines())

  @extras.needs('onnx')
  def test_onnx(self):
    lines = self._run(_block(ONNX)).splitlines()
    # The example, then bin/predict, whose images TensorFlow decodes.
    expected = [line.split('\t')[:2] for line in self.expected_lines()
                if 'no image' not in line]
    self.assertEqual(expected, [line.split('\t')[:2] for line in lines[2:]])
    self.assertEqual([path for path, _ in expected],
                     [line.split('\t')[0] for line in lines[:2]])

  @extras.needs('onnx')
  def test_the_onnx_example_sees_what_the_project_sees(self):
    example = _example('read_in_onnx')
    for channels in (1, 3):
      config = test_util.tiny_config(image_channels=channels)
      for size in ((37, 19), (9, 31), (400, 20)):
        encoded = model_files.encoded_image(3, size)
        with tf.Graph().as_default(), tf.Session() as session:
          images, _ = session.run(decode.decode_images([encoded], config))
        image = example.model_input(Image.open(io.BytesIO(encoded)), 16, 20,
                                    channels)
        self.assertLess(np.abs(image - images[0]).max(), 4 / 127.5)


if __name__ == '__main__':
  absltest.main()
