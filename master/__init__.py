"""MASTER, a scene text recogniser (arXiv:1910.02562), for TensorFlow."""

__version__ = '0.2.0'
