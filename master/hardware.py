"""Description of the machine that figures were measured on."""

import os
import platform


def _processor(path: str = '/proc/cpuinfo') -> str:
  """Model name of the processor, '' where the system does not say."""
  try:
    with open(path, encoding='utf-8') as f:
      names = [line.partition(':')[2] for line in f
               if line.startswith('model name')]
  except OSError:
    return ''
  return ' '.join(names[0].split()) if names else ''


def num_gpus() -> int:
  """Those that TensorFlow sees."""
  import tensorflow.compat.v1 as tf
  return len(tf.config.experimental.list_physical_devices('GPU'))


def describe() -> str:
  """Cores, processor, accelerators and TensorFlow's version in one line."""
  import tensorflow.compat.v1 as tf
  experimental = tf.config.experimental
  gpus = [experimental.get_device_details(device).get('device_name', 'GPU')
          for device in experimental.list_physical_devices('GPU')]
  processor = _processor()
  return (f'{os.cpu_count()} x {platform.machine()} cores'
          + (f' ({processor})' if processor else '')
          + ''.join(f', {name}' for name in gpus)
          + f', TensorFlow {tf.__version__}')
