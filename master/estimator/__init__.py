"""tf.estimator's documented interface for TensorFlow with or without it."""

from master.estimator.checkpoints import WarmStartSettings
from master.estimator.distribution import strategy_from_name
from master.estimator.estimator import Estimator
from master.estimator.exporters import BestExporter
from master.estimator.exporters import Exporter
from master.estimator.exporters import FinalExporter
from master.estimator.exporters import LatestExporter
from master.estimator.exporting import ExportOutput
from master.estimator.exporting import PredictOutput
from master.estimator.hooks import ProgressHook
from master.estimator.loss_guard import DivergedError
from master.estimator.run_config import RunConfig
from master.estimator.serving import ServingInputReceiver
from master.estimator.serving import TensorServingInputReceiver
from master.estimator.serving import build_parsing_serving_input_receiver_fn
from master.estimator.serving import build_raw_serving_input_receiver_fn
from master.estimator.specs import EstimatorSpec
from master.estimator.specs import ModeKeys
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
