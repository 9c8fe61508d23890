"""TF_CONFIG: what is understood, and what is refused in which words."""

import json
import socket

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from master.estimator.distribute import cluster as cluster_lib


def _environment(cluster, task=None):
  value = {'cluster': cluster}
  if task is not None:
    value['task'] = task
  return {'TF_CONFIG': json.dumps(value)}


def _worker(index):
  return {'type': 'worker', 'index': index}


class FromEnvironmentTest(parameterized.TestCase):

  def _refused(self, environment, message):
    with self.assertRaisesRegex(errors.InputError, f'^TF_CONFIG: .*{message}'):
      cluster_lib.from_environment(environment)

  def test_workers(self):
    cluster = cluster_lib.from_environment(_environment(
        {'worker': ['a:1', 'b:2', 'c:3']}, _worker(1)))
    self.assertEqual('worker 1', cluster.name)
    self.assertEqual(1, cluster.index)
    self.assertEqual(2, cluster.port)
    self.assertFalse(cluster.is_chief)
    self.assertEqual({'worker 0': 'a:1', 'worker 2': 'c:3'}, cluster.peers)

  def test_the_first_worker_is_chief_where_none_is_named(self):
    self.assertTrue(cluster_lib.from_environment(_environment(
        {'worker': ['a:1', 'b:2']}, _worker(0))).is_chief)
    jobs = {'worker': ['a:1', 'b:2'], 'chief': ['[::1]:3'],
            'evaluator': ['d:4']}
    worker = cluster_lib.from_environment(_environment(jobs, _worker('0')))
    self.assertFalse(worker.is_chief)
    self.assertEqual(1, worker.index)
    chief = cluster_lib.from_environment(
        _environment(jobs, {'type': 'chief'}))
    self.assertTrue(chief.is_chief)
    self.assertEqual(3, chief.port)
    self.assertEqual(['chief 0', 'worker 0', 'worker 1'],
                     list(chief.workers))

  @parameterized.parameters(
      ({},), ({'TF_CONFIG': ''},), ({'TF_CONFIG': '{}'},),
      (_environment({'worker': ['a:1']}, _worker(0)),))
  def test_one_machine(self, environment):
    self.assertIsNone(cluster_lib.from_environment(environment))

  @parameterized.parameters(
      ('{', 'no JSON'), ('[]', 'must be an object'),
      ('{"cluster": ["a:1"]}', '"cluster" must be an object'))
  def test_not_even_a_cluster(self, text, message):
    self._refused({'TF_CONFIG': text}, message)

  @parameterized.parameters(
      ({'ps': ['a:1']}, 'parameter servers'),
      ({'master': ['a:1']}, "type 'master'"),
      ({'worker': 'a:1'}, '"worker" must be a list'),
      ({'worker': ['a']}, "'a' of \"worker\" must be host:port"),
      ({'worker': ['a:70000']}, "'a:70000' of \"worker\""),
      ({'chief': ['a:1', 'b:2']}, 'one "chief" only'),
      ({'chief': ['a:1'], 'worker': ['a:1']}, 'a:1 stands twice'))
  def test_wrong_clusters(self, cluster, message):
    self._refused(_environment(cluster, _worker(0)), message)

  @parameterized.parameters(
      (None, '"task" is missing'), ({'index': 0}, '"task" is missing'),
      ({'type': 'evaluator'}, 'the chief evaluates'),
      ({'type': 'chief'}, "type 'chief', which"),
      (_worker(2), '"index" 2 of "task": must be below 2'),
      (_worker(-1), '"index" -1'), (_worker(True), '"index" True'),
      (_worker('x'), "\"index\" 'x'"))
  def test_wrong_tasks(self, task, message):
    self._refused(_environment({'worker': ['a:1', 'b:2']}, task), message)

  def test_a_port_that_is_taken(self):
    with socket.socket() as holder:
      holder.bind(('', 0))
      holder.listen()
      port = holder.getsockname()[1]
      cluster = cluster_lib.from_environment(_environment(
          {'worker': [f'localhost:{port}', 'b:2']}, _worker(0)))
      with self.assertRaisesRegex(
          errors.InputError, f'port {port} of worker 0 .*end what holds it'):
        cluster_lib.start_server(cluster, None)


if __name__ == '__main__':
  absltest.main()
