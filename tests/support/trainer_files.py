"""What MASTER-pytorch's trainer saves beside the weights, for tests."""

import collections
import pathlib
import types
from typing import Any


def trainer_config(**changes) -> tuple[types.ModuleType, Any]:
  """A configuration object, and the module to find its class in.

  Args:
    **changes: keys of its common_kwargs.
  """
  module = types.ModuleType('parse_config')

  class ConfigParser:
    pass

  ConfigParser.__module__, ConfigParser.__qualname__ = (
      'parse_config', 'ConfigParser')
  module.ConfigParser = ConfigParser
  config = ConfigParser()
  config._config = collections.OrderedDict({
      'model_arch': {'type': 'MASTER', 'args': {
          'common_kwargs': {'n_class': 7, 'with_encoder': False,
                            'model_size': 22, 'multiheads': 2, **changes},
          'decoder_kwargs': {'stacks': 2, 'dropout': 0.3}}},
      'train_dataset': {'args': {'img_w': 20, 'img_h': 16}}})
  config._save_dir = pathlib.PosixPath('/saved/models')
  config.resume = None
  config.log_levels = {0: 30}
  return module, config
