"""The tensors of MASTER-TF (github.com/jiangxiluning/MASTER-TF).

At commit 85f9217, whose weights were published, and at its head, which puts
the context block into the first block of a stage only. Names and settings
were read off its published source; expected outputs guard them in
tests/importing/original_models_test.py.
"""

import numpy as np

from master.importing import dialect

# Keras lays out kernels as we do.
_CONV = dialect.Leaf('kernel', 'kernel')
_BIAS = dialect.Leaf('bias', 'bias')
_LINEAR = (dialect.Leaf('kernel', 'kernel'), _BIAS)
# It makes query, key and value projections but applies none, so no file has
# them: heads are cut from the input itself.
_PROJECTION = (
    dialect.Leaf('kernel', 'kernel',
                 absent=lambda shape: np.eye(*shape, dtype=np.float32)),
    dialect.Leaf('bias', 'bias',
                 absent=lambda shape: np.zeros(shape, np.float32)))
_NORM = (dialect.Leaf('gamma', 'gamma'), dialect.Leaf('beta', 'beta'))
_BATCH_NORM = (
    *_NORM, dialect.Leaf('moving_mean', 'moving_mean'),
    dialect.Leaf('moving_variance', 'moving_variance'))
# The context's layer norm is over [1, 1, C].
_ROW = dialect.Layout(lambda x: x.reshape(x.shape[-1:]),
                      lambda x: x.reshape(1, 1, *x.shape))
_CONTEXT_NORM = (dialect.Leaf('gamma', 'gamma', _ROW),
                 dialect.Leaf('beta', 'beta', _ROW))

_BACKBONE = 'feature_extractor'
_BLOCK = f'{_BACKBONE}/layer{{stage}}/layer_with_weights-{{block0}}'
_CONTEXT = f'{_BLOCK}/gcb'
_OUR_BLOCK = 'backbone/stage{stage}_block{block}'
_OUR_LAYER = 'decoder/layer{layer}'
_LAYER = 'decoder/layers/{layer0}'

_PROJECTIONS = ('query', 'key', 'value')
_ATTENTIONS = (('self_attention', 'self_attn'),
               ('memory_attention', 'src_attn'))
_SUBLAYERS = ('self_attention', 'memory_attention', 'feed_forward')

DIALECT = dialect.Dialect(
    title='MASTER-TF',
    separator='/',
    rows=(
        dialect.Row('backbone/conv{conv}/conv', f'{_BACKBONE}/conv{{conv}}',
                    (_CONV,)),
        dialect.Row('backbone/conv{conv}/norm', f'{_BACKBONE}/bn{{conv}}',
                    _BATCH_NORM),
        dialect.Row(f'{_OUR_BLOCK}/conv{{part}}/conv',
                    f'{_BLOCK}/conv{{part}}', (_CONV,)),
        dialect.Row(f'{_OUR_BLOCK}/conv{{part}}/norm', f'{_BLOCK}/bn{{part}}',
                    _BATCH_NORM),
        dialect.Row(f'{_OUR_BLOCK}/shortcut/conv',
                    f'{_BLOCK}/downsample/layer_with_weights-0', (_CONV,)),
        dialect.Row(f'{_OUR_BLOCK}/shortcut/norm',
                    f'{_BLOCK}/downsample/layer_with_weights-1', _BATCH_NORM),
        dialect.Row(f'{_OUR_BLOCK}/context/mask', f'{_CONTEXT}/conv_mask',
                    (_CONV, _BIAS)),
        dialect.Row(
            f'{_OUR_BLOCK}/context/reduce',
            f'{_CONTEXT}/channel_{{fusion}}_conv/layer_with_weights-0',
            (_CONV, _BIAS)),
        dialect.Row(
            f'{_OUR_BLOCK}/context/reduce_norm',
            f'{_CONTEXT}/channel_{{fusion}}_conv/layer_with_weights-1',
            _CONTEXT_NORM),
        dialect.Row(
            f'{_OUR_BLOCK}/context/expand',
            f'{_CONTEXT}/channel_{{fusion}}_conv/layer_with_weights-2',
            (_CONV, _BIAS)),
        dialect.Row(f'{_OUR_BLOCK}/context/join', f'{_CONTEXT}/cat_conv',
                    (_CONV, _BIAS)),
        dialect.Row(f'{_OUR_BLOCK}/context/join_norm',
                    f'{_CONTEXT}/layer_norm', _NORM),
        dialect.Row('decoder', 'seq_embedding',
                    (dialect.Leaf('embedding', 'embeddings'),)),
        *[dialect.Row(f'{_OUR_LAYER}/{ours}/{projection}',
                      f'{_LAYER}/{theirs}/linears/{i}', _PROJECTION,
                      optional=True)
          for ours, theirs in _ATTENTIONS
          for i, projection in enumerate(_PROJECTIONS)],
        *[dialect.Row(f'{_OUR_LAYER}/{ours}/output',
                      f'{_LAYER}/{theirs}/linears/3', _LINEAR)
          for ours, theirs in _ATTENTIONS],
        dialect.Row(f'{_OUR_LAYER}/feed_forward/filter',
                    f'{_LAYER}/feed_forward/dense_1', _LINEAR),
        dialect.Row(f'{_OUR_LAYER}/feed_forward/output',
                    f'{_LAYER}/feed_forward/dense_2', _LINEAR),
        *[dialect.Row(f'{_OUR_LAYER}/{sublayer}_norm',
                      f'{_LAYER}/sublayer/{i}/norm', _NORM)
          for i, sublayer in enumerate(_SUBLAYERS)],
        dialect.Row('decoder/output_norm', 'decoder/norm', _NORM),
        dialect.Row('decoder/classes', 'linear', _LINEAR),
    ),
    aliases={},
    # A checkpoint of the model alone has no root name.
    wrappers=('model/',),
    unused=(
        '_CHECKPOINTABLE_OBJECT_GRAPH',
        # What its training saves beside the model.
        'save_counter|step|epoch|best_score',
        'optimizer/.+',
        r'.+/\.OPTIMIZER_SLOT/.+',
    ),
    position_tables=(),
    fixed={'shared_layer_norm': False, 'shared_layers': False},
    usual={
        'image_resize': 'letterbox',
        'batch_norm_epsilon': 1e-5,
        # Where it names no epsilon, Keras's.
        'gcb_norm_epsilon': 1e-3,
        # With one head it is not applied, and with more its code fails.
        'gcb_scale_mask': False,
        'layer_norm_epsilon': 1e-6,
        'output_norm_epsilon': 1e-3,
        'scale_embedding': False,
    })
