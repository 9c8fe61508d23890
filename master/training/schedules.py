"""Learning rate schedules."""

import math

import tensorflow.compat.v1 as tf

from master import config as config_lib


def learning_rate(config: config_lib.TrainConfig,
                  global_step: tf.Tensor) -> tf.Tensor:
  """The learning rate at a step.

  It rises linearly over warmup_steps. From there it is constant; is
  multiplied by decay_factor at each of decay_boundaries (step); falls evenly
  to decay_factor times its value at the schedule's end (exponential); falls as
  half a cosine to cosine_floor times its value there (Loshchilov & Hutter 2017,
  one cycle); or falls with 1 / sqrt(step) (Vaswani 2017, 5.3, with
  learning_rate as its highest value). The end is schedule_steps, or
  train_steps where that is 0; from there on the rate stays. With any of them,
  the rate of the last cooldown_steps before the end is multiplied by what is
  left of them (Hägele et al. 2024, arXiv 2405.18392, section 3, whose cool-down
  of a constant rate does as well as a cosine and leaves the end open).

  Args:
    config: of the training.
    global_step: integer scalar, steps taken so far.

  Returns:
    float32 scalar.
  """
  with tf.name_scope('schedule'):
    step = tf.cast(global_step, tf.float32)
    rate = tf.constant(config.learning_rate, tf.float32)
    end = config.schedule_steps or config.train_steps
    span = max(1, end - config.warmup_steps)
    done = tf.clip_by_value((step - config.warmup_steps) / span, 0., 1.)
    if config.schedule == 'cosine':
      floor = config.cosine_floor
      rate *= floor + (1 - floor) * 0.5 * (1 + tf.cos(math.pi * done))
    elif config.schedule == 'exponential':
      rate *= config.decay_factor ** done
    elif config.schedule == 'step':
      passed = [step >= boundary for boundary in config.decay_boundaries]
      rate *= config.decay_factor ** tf.reduce_sum(
          tf.cast(tf.stack(passed), tf.float32))
    elif config.schedule == 'inverse_sqrt':
      rate *= tf.math.rsqrt(
          tf.maximum(step + 1, config.warmup_steps) / config.warmup_steps)
    if config.cooldown_steps:
      rate *= tf.clip_by_value((end - step) / config.cooldown_steps, 0., 1.)
    if config.warmup_steps:
      rate *= tf.minimum(1., (step + 1) / config.warmup_steps)
    return rate
