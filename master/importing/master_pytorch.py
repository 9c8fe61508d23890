"""The tensors of MASTER-pytorch (github.com/wenwenyu/MASTER-pytorch).

Names and settings were read off its published source; expected outputs guard
them in tests/importing/original_models_test.py.
"""

from master.importing import dialect

# torch keeps kernels [output, input, height, width].
_CONV = dialect.Leaf('kernel', 'weight', dialect.permuted(2, 3, 1, 0))
_BIAS = dialect.Leaf('bias', 'bias')
_LINEAR = (dialect.Leaf('kernel', 'weight', dialect.permuted(1, 0)), _BIAS)
_BATCH_NORM = (
    dialect.Leaf('gamma', 'weight'), dialect.Leaf('beta', 'bias'),
    dialect.Leaf('moving_mean', 'running_mean'),
    dialect.Leaf('moving_variance', 'running_var'))
_LAYER_NORM = (dialect.Leaf('gamma', 'weight'), dialect.Leaf('beta', 'bias'))
# The context's layer norm is over [C, 1, 1].
_COLUMN = dialect.Layout(lambda x: x.reshape(x.shape[:1]),
                         lambda x: x.reshape(*x.shape, 1, 1))
_CONTEXT_NORM = (dialect.Leaf('gamma', 'weight', _COLUMN),
                 dialect.Leaf('beta', 'bias', _COLUMN))

_BACKBONE = 'conv_embedding_gc.backbone'
_BLOCK = f'{_BACKBONE}.layer{{stage}}.{{block0}}'
_CONTEXT = f'{_BLOCK}.context_block'
_OUR_BLOCK = 'backbone/stage{stage}_block{block}'
_LAYER = 'decoder/layer{layer}'

_PROJECTIONS = ('query', 'key', 'value', 'output')
_ATTENTIONS = (('self_attention', 'attention'),
               ('memory_attention', 'source_attention'))

DIALECT = dialect.Dialect(
    title='MASTER-pytorch',
    separator='.',
    rows=(
        dialect.Row('backbone/conv{conv}/conv', f'{_BACKBONE}.conv{{conv}}',
                    (_CONV,)),
        dialect.Row('backbone/conv{conv}/norm', f'{_BACKBONE}.bn{{conv}}',
                    _BATCH_NORM),
        dialect.Row(f'{_OUR_BLOCK}/conv{{part}}/conv',
                    f'{_BLOCK}.conv{{part}}', (_CONV,)),
        dialect.Row(f'{_OUR_BLOCK}/conv{{part}}/norm', f'{_BLOCK}.bn{{part}}',
                    _BATCH_NORM),
        dialect.Row(f'{_OUR_BLOCK}/shortcut/conv', f'{_BLOCK}.downsample.0',
                    (_CONV,)),
        dialect.Row(f'{_OUR_BLOCK}/shortcut/norm', f'{_BLOCK}.downsample.1',
                    _BATCH_NORM),
        dialect.Row(f'{_OUR_BLOCK}/context/mask', f'{_CONTEXT}.conv_mask',
                    (_CONV, _BIAS)),
        dialect.Row(f'{_OUR_BLOCK}/context/reduce',
                    f'{_CONTEXT}.channel_{{fusion}}_conv.0', (_CONV, _BIAS)),
        dialect.Row(f'{_OUR_BLOCK}/context/reduce_norm',
                    f'{_CONTEXT}.channel_{{fusion}}_conv.1', _CONTEXT_NORM),
        dialect.Row(f'{_OUR_BLOCK}/context/expand',
                    f'{_CONTEXT}.channel_{{fusion}}_conv.3', (_CONV, _BIAS)),
        dialect.Row(f'{_OUR_BLOCK}/context/join', f'{_CONTEXT}.cat_conv',
                    (_CONV, _BIAS)),
        dialect.Row('decoder', 'decoder.embedding',
                    (dialect.Leaf('embedding', 'weight'),)),
        *[dialect.Row(f'{_LAYER}/{ours}/{projection}',
                      f'decoder.{theirs}.{{layer0}}.linears.{i}', _LINEAR)
          for ours, theirs in _ATTENTIONS
          for i, projection in enumerate(_PROJECTIONS)],
        dialect.Row(f'{_LAYER}/feed_forward/filter',
                    'decoder.position_feed_forward.{layer0}.w_1', _LINEAR),
        dialect.Row(f'{_LAYER}/feed_forward/output',
                    'decoder.position_feed_forward.{layer0}.w_2', _LINEAR),
        dialect.Row('decoder/norm', 'decoder.layer_norm', _LAYER_NORM),
        dialect.Row('decoder/classes', 'generator.fc', _LINEAR),
    ),
    # The modules stand in the model and once more in its Sequentials.
    aliases={'encode_stage.0.': 'conv_embedding_gc.',
             'encode_stage.1.': 'encoder.',
             'decode_stage.0.': 'decoder.',
             'decode_stage.1.': 'generator.'},
    # Of data-parallel training, and of torch.compile.
    wrappers=('module.', '_orig_mod.'),
    unused=(
        # The transformer encoder is there but not used (with_encoder false).
        r'encoder\.(attention|position_feed_forward|layer_norm)\..+',
        r'(encoder|decoder)\.position\.pe',
        r'.+\.num_batches_tracked',
    ),
    position_tables=('encoder.position.pe', 'decoder.position.pe'),
    fixed={'shared_layer_norm': True, 'gcb_join_norm': False},
    usual={
        'image_resize': 'right_square',
        'batch_norm_epsilon': 1e-5,
        'gcb_norm_epsilon': 1e-5,
        # Its att_scale is read but never applied.
        'gcb_scale_mask': False,
        'layer_norm_epsilon': 1e-6,
        'output_norm_epsilon': 1e-6,
        'scale_embedding': True,
    })
