"""A fresh process that reads one LMDB for training, and tells what it takes.

Prints a JSON object: `import_s`, `first_batch_s` (from the call of
`make_train_input_fn` to the first batch), `records`, `epoch_s`, and in MiB
`memory_first`, `memory_last` and `memory_peak` over an epoch; `_anonymous` of
each is without the pages of files, which the system takes back as it needs.
"""

import json
import sys
import time

from benchmarks import serving_probe


def _memory() -> tuple[float, float]:
  """MiB in all, and without the pages of files."""
  return (serving_probe.memory_mib('VmRSS'),
          serving_probe.memory_mib('RssAnon'))


def main(path: str, batch_size: int):
  """Reads one epoch of the LMDB at `path`."""
  started = time.perf_counter()
  import tensorflow.compat.v1 as tf

  from master import config as config_lib
  from master.data import records as records_lib
  from master.inputs import input_fn
  imported = time.perf_counter()
  counter = records_lib.SkipCounter()
  train = input_fn.make_train_input_fn(
      [path], config_lib.ModelConfig(),
      config_lib.DataConfig(batch_size=batch_size), 1, counter)
  with tf.Graph().as_default(), tf.Session() as session:
    iterator = tf.data.make_initializable_iterator(train())
    element = iterator.get_next()[0]['image'].op
    session.run(iterator.initializer)
    session.run(element)
    first = time.perf_counter()
    memory = [_memory()]
    records = len(records_lib.Records([path]))
    while counter.num_drawn < records:
      for _ in range(50):
        session.run(element)
      memory.append(_memory())
    last = time.perf_counter()
  total, anonymous = zip(*memory)
  print(json.dumps({
      'import_s': imported - started, 'first_batch_s': first - imported,
      'records': records, 'epoch_s': last - first,
      **{f'memory_{name}{suffix}': value
         for suffix, values in (('', total), ('_anonymous', anonymous))
         for name, value in (('first', values[0]), ('last', values[-1]),
                             ('peak', max(values)))}}))


if __name__ == '__main__':
  main(sys.argv[1], int(sys.argv[2]))
