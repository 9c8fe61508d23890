"""The workers of a training over several machines, by `TF_CONFIG`.

Parsed here: TensorFlow's TFConfigClusterResolver takes a wrong index, a job it
does not know or an address without a port as they are, and fails much later.
"""

import dataclasses
import json
import os
import re
import socket
from typing import Any, Mapping, Optional

import tensorflow.compat.v1 as tf

from master import errors

VARIABLE = 'TF_CONFIG'
_EXAMPLE = ('{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
            '"task": {"type": "worker", "index": 0}}')
_CHIEF = 'chief'
_WORKER = 'worker'
_EVALUATOR = 'evaluator'
_ADDRESS = re.compile(r'(\[[0-9a-fA-F:]+\]|[^\s:/]+):(\d{1,5})$')

# The server of this process: TensorFlow can start one, but never end it.
_started = {}


@dataclasses.dataclass(frozen=True)
class Cluster:
  """Who trains together, and which of them this process is.

  Attributes:
    jobs: address, as host:port, of each task by its type: chief, worker.
    task_type: of this process.
    task_id: of this process within its type.
  """
  jobs: Mapping[str, tuple[str, ...]]
  task_type: str
  task_id: int

  @property
  def workers(self) -> dict[str, str]:
    """Address by name, as 'worker 1', of all; the chief comes first."""
    return {f'{job} {i}': address for job in (_CHIEF, _WORKER)
            for i, address in enumerate(self.jobs.get(job, ()))}

  @property
  def name(self) -> str:
    return f'{self.task_type} {self.task_id}'

  @property
  def index(self) -> int:
    """Place of this process among all, in [0, len(workers))."""
    return list(self.workers).index(self.name)

  @property
  def is_chief(self) -> bool:
    """Whether this process writes checkpoints and evaluates."""
    return self.index == 0

  @property
  def peers(self) -> dict[str, str]:
    """`workers` without this one."""
    return {name: address for name, address in self.workers.items()
            if name != self.name}

  @property
  def port(self) -> int:
    return int(self.workers[self.name].rpartition(':')[2])


def _fault(message: str) -> errors.InputError:
  return errors.InputError(f'{VARIABLE}: {message}')


def _jobs(cluster: Any) -> dict[str, tuple[str, ...]]:
  """Checked addresses by task type; evaluators are left out."""
  if not isinstance(cluster, dict):
    raise _fault(f'"cluster" must be an object, as in {_EXAMPLE}.')
  jobs = {}
  for job, addresses in cluster.items():
    if job == 'ps':
      raise _fault('parameter servers ("ps") are not supported; list all '
                   'machines as "worker".')
    if job not in (_CHIEF, _WORKER, _EVALUATOR):
      raise _fault(f'"cluster" names tasks of type {job!r}; these are '
                   '"chief" and "worker".')
    if not isinstance(addresses, list):
      raise _fault(f'"{job}" must be a list of host:port.')
    for address in addresses:
      match = _ADDRESS.match(str(address))
      if not match or not 0 < int(match.group(2)) < 2**16:
        raise _fault(f'{address!r} of "{job}" must be host:port.')
    if addresses and job != _EVALUATOR:
      jobs[job] = tuple(addresses)
  if len(jobs.get(_CHIEF, ())) > 1:
    raise _fault('there can be one "chief" only; list others as "worker".')
  every = [address for addresses in jobs.values() for address in addresses]
  twice = [address for address in every if every.count(address) > 1]
  if twice:
    raise _fault(f'{twice[0]} stands twice; give each task its own.')
  return jobs


def _task(task: Any, jobs: Mapping[str, tuple[str, ...]]) -> tuple[str, int]:
  """Checked type and index of this process."""
  if not isinstance(task, dict) or 'type' not in task:
    raise _fault('"task" is missing: which of the cluster this process is, '
                 f'as in {_EXAMPLE}.')
  job, index = task['type'], task.get('index', 0)
  if job == _EVALUATOR:
    raise _fault('a task of type "evaluator" is not supported: the chief '
                 'evaluates between its steps; start none.')
  if job not in jobs:
    raise _fault(f'"task" is of type {job!r}, which "cluster" does not have: '
                 f'{", ".join(jobs) or "it is empty"}.')
  if isinstance(index, str) and index.isdigit():
    index = int(index)
  if type(index) is not int or not 0 <= index < len(jobs[job]):
    raise _fault(f'"index" {index!r} of "task": must be below '
                 f'{len(jobs[job])}, the number of "{job}".')
  return job, index


def from_environment(environment: Optional[Mapping[str, str]] = None
                     ) -> Optional[Cluster]:
  """The cluster that `TF_CONFIG` describes.

  Args:
    environment: None takes that of the process.

  Returns:
    The cluster; None where there is none or it has a single task.

  Raises:
    InputError: if it is described wrongly.
  """
  text = (os.environ if environment is None else environment).get(VARIABLE)
  if not text:
    return None
  try:
    value = json.loads(text)
  except ValueError as e:
    raise _fault(f'no JSON ({e}); write it as {_EXAMPLE}.') from e
  if not isinstance(value, dict):
    raise _fault(f'must be an object, as {_EXAMPLE}.')
  if not value.get('cluster'):
    return None
  jobs = _jobs(value['cluster'])
  cluster = Cluster(jobs, *_task(value.get('task'), jobs))
  return cluster if len(cluster.workers) > 1 else None


def _check_port(cluster: Cluster):
  """Raises InputError where this task's port cannot be listened at."""
  with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
      probe.bind(('', cluster.port))
    except OSError as e:
      raise _fault(
          f'port {cluster.port} of {cluster.name} '
          f'({cluster.workers[cluster.name]}) cannot be used on this machine: '
          f'{e.strerror}; end what holds it or name another.') from e


def start_server(cluster: Cluster, config: tf.ConfigProto) -> str:
  """Starts this task's server, once a process.

  Args:
    cluster: of all workers.
    config: of the sessions.

  Returns:
    Where sessions connect to.

  Raises:
    InputError: if its port cannot be used.
  """
  if cluster not in _started.values():
    _check_port(cluster)
    server = tf.distribute.Server(
        {job: list(addresses) for job, addresses in cluster.jobs.items()},
        cluster.task_type, cluster.task_id, protocol='grpc', config=config)
    _started[server.target] = cluster
  return next(target for target, each in _started.items() if each == cluster)


def make_strategy(cluster: Cluster, num_gpus: int) -> Any:
  """A copy of the model on each GPU of each worker, or each worker's CPU.

  Args:
    cluster: of all workers.
    num_gpus: of this worker; all must have as many.
  """
  resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
      tf.train.ClusterSpec({job: list(addresses) for job, addresses
                            in cluster.jobs.items()}),
      task_type=cluster.task_type, task_id=cluster.task_id,
      num_accelerators={'GPU': num_gpus}, rpc_layer='grpc')
  # Outside of a graph it would take this task's port for eager execution.
  with tf.Graph().as_default():
    strategy = tf.distribute.experimental.MultiWorkerMirroredStrategy(
        cluster_resolver=resolver)
  return strategy


def of(strategy: Any) -> Optional[Cluster]:
  """The cluster of a strategy; None where that is for one machine."""
  resolver = getattr(strategy, 'cluster_resolver', None)
  spec = resolver.cluster_spec().as_dict() if resolver else {}
  cluster = Cluster(
      {job: tuple(addresses) for job, addresses in spec.items()
       if job in (_CHIEF, _WORKER)},
      resolver.task_type, resolver.task_id) if spec else None
  return cluster if cluster and len(cluster.workers) > 1 else None
