"""tf.estimator's documented interface for TensorFlow with or without it."""

from master.estimator.checkpoint.warm_start import WarmStartSettings
from master.estimator.distribute.strategy import strategy_from_name
from master.estimator.estimator import Estimator
from master.estimator.export.export_output import ExportOutput
from master.estimator.export.export_output import PredictOutput
from master.estimator.export.serving_input_receiver import ServingInputReceiver
from master.estimator.export.serving_input_receiver import (
    TensorServingInputReceiver,
)
from master.estimator.export.serving_input_receiver import (
    build_parsing_serving_input_receiver_fn,
)
from master.estimator.export.serving_input_receiver import (
    build_raw_serving_input_receiver_fn,
)
from master.estimator.exporters import BestExporter
from master.estimator.exporters import Exporter
from master.estimator.exporters import FinalExporter
from master.estimator.exporters import LatestExporter
from master.estimator.hooks.loss_guard import DivergedError
from master.estimator.hooks.progress_hook import ProgressHook
from master.estimator.model_fn import EstimatorSpec
from master.estimator.model_fn import ModeKeys
from master.estimator.run_config import RunConfig
from master.estimator.training import EvalSpec
from master.estimator.training import TrainSpec
from master.estimator.training import train_and_evaluate

__all__ = [
    'BestExporter',
    'DivergedError',
    'Estimator',
    'EstimatorSpec',
    'EvalSpec',
    'ExportOutput',
    'Exporter',
    'FinalExporter',
    'LatestExporter',
    'ModeKeys',
    'PredictOutput',
    'ProgressHook',
    'RunConfig',
    'ServingInputReceiver',
    'TensorServingInputReceiver',
    'TrainSpec',
    'WarmStartSettings',
    'build_parsing_serving_input_receiver_fn',
    'build_raw_serving_input_receiver_fn',
    'strategy_from_name',
    'train_and_evaluate',
]
