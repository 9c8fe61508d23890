"""Optimizers with weight decay and learning rate factors by variable name."""

import re
from typing import Mapping, Optional, Sequence

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors


def variable_name(variable: tf.Variable) -> str:
  """Its name in checkpoints; replicas of one variable share it."""
  return re.sub(r'(/replica_\d+)?:0$', '', variable.name)


def _matching(flag: str, pattern: str, names: Sequence[str]) -> list[str]:
  """Names in which the pattern is found; none at all is an InputError."""
  found = [name for name in names if re.search(pattern, name)]
  if not found:
    scopes = sorted({'/'.join(name.split('/')[:2]) for name in names})
    raise errors.InputError(
        f'--{flag}: {pattern!r} matches no variable that is trained; the '
        f'scopes are {", ".join(scopes)}.')
  return found


def frozen(names: Sequence[str], patterns: Sequence[str]) -> set[str]:
  """The names in which one of the patterns is found.

  Args:
    names: of all variables that could be trained.
    patterns: regular expressions, the values of --freeze.

  Raises:
    InputError: a pattern matches nothing, or nothing is left to train.
  """
  found = {name for pattern in patterns
           for name in _matching('freeze', pattern, names)}
  if len(found) == len(set(names)):
    raise errors.InputError(
        '--freeze: matches every variable, and nothing is left to train.')
  return found


def factors(names: Sequence[str],
            settings: Sequence[str]) -> dict[str, float]:
  """Learning rate factor of each name.

  Args:
    names: of the variables that are trained.
    settings: PATTERN=FACTOR; the first whose pattern is found in a name wins,
      names without one have 1.

  Raises:
    InputError: a pattern matches nothing.
  """
  result = {}
  for setting in settings:
    pattern, factor = setting.rsplit('=', 1)
    for name in _matching('learning_rate_factors', pattern, names):
      result.setdefault(name, float(factor))
  return {name: result.get(name, 1.0) for name in names}


def decays(names: Sequence[str],
           config: config_lib.TrainConfig) -> dict[str, float]:
  """Weight decay of each name: 0 where an exclusion is found in it."""
  return {name: 0.0 if any(re.search(pattern, name) for pattern
                           in config.weight_decay_exclude)
          else config.weight_decay for name in names}


class _ByName:
  """Mixed into an optimizer: scales updates and decays weights by name.

  An update u becomes factor * u, and before it the variable x loses
  factor * rate * decay * x (Loshchilov & Hutter 2019, algorithm 2, with the
  schedule in the rate). Neither touches gradients or slots, so what Adam
  divides by does not take a factor back.
  """

  # The attribute in which the optimizer keeps the rate it multiplies with.
  _rate_attribute = ''
  # And those of its decays of moving averages of gradients.
  _decay_attributes = ()

  def set_rules(self, rate: tf.Tensor, rate_factors: Mapping[str, float],
                weight_decays: Mapping[str, float],
                applied: Optional[tf.Tensor]):
    self._rate, self._factors = rate, rate_factors
    self._decays = weight_decays
    self._applied = applied

  def _prepare(self):
    super()._prepare()
    if self._applied is None:
      return
    # With rate 0, which `build` sees to, gradients of zeros and decays of
    # 1 nothing changes, to the last bit, and no branch is needed.
    for name in self._decay_attributes:
      setattr(self, name, tf.where(self._applied, getattr(self, name), 1.0))

  def _resource_apply_dense(self, grad, var):
    name = variable_name(var)
    factor, decay = self._factors[name], self._decays[name]
    # Under a strategy this runs once for each replica's copy of a variable.
    # The gradient comes first, lest it be taken at the decayed weights.
    with tf.control_dependencies([grad]):
      before = [var.assign_sub(self._rate * (factor * decay) * var)
                ] if decay else []
    kept = getattr(self, self._rate_attribute)
    try:
      if factor != 1:
        setattr(self, self._rate_attribute, kept * factor)
      with tf.control_dependencies(before):
        return super()._resource_apply_dense(grad, var)
    finally:
      setattr(self, self._rate_attribute, kept)


class _Adam(_ByName, tf.train.AdamOptimizer):
  _rate_attribute = '_lr_t'
  _decay_attributes = ('_beta1_t', '_beta2_t')


class _Momentum(_ByName, tf.train.MomentumOptimizer):
  _rate_attribute = '_learning_rate_tensor'
  _decay_attributes = ('_momentum_tensor',)


def build(config: config_lib.TrainConfig, rate: tf.Tensor,
          variables: Sequence[tf.Variable],
          applied: Optional[tf.Tensor] = None) -> tf.train.Optimizer:
  """The optimizer of a configuration.

  adam: Kingma & Ba 2015. adamw: with decoupled weight decay. momentum:
  v = momentum v + g, x -= rate v (with nesterov, x -= rate (g + momentum v)),
  with decoupled weight decay too. Slots have the names of TensorFlow's Adam
  and Momentum, so adam and adamw read each other's checkpoints.

  Args:
    config: of the training.
    rate: float32 scalar, the learning rate of this step.
    variables: those it will be applied to.
    applied: bool scalar, whether there is an update; where it is False the
      gradients must be zeros, and neither weights nor slots change. None for
      always.

  Raises:
    InputError: a pattern of --learning_rate_factors matches nothing.
  """
  names = [variable_name(variable) for variable in variables]
  if applied is not None:
    rate = tf.where(applied, rate, 0.0)
  if config.optimizer == 'momentum':
    optimizer = _Momentum(rate, config.momentum, name='Momentum',
                          use_nesterov=config.nesterov)
  else:
    optimizer = _Adam(rate, config.adam_beta1, config.adam_beta2,
                      config.adam_epsilon, name='Adam')
  optimizer.set_rules(rate, factors(names, config.learning_rate_factors),
                      decays(names, config), applied)
  return optimizer
