"""Answers as TensorFlow Serving is documented to, for tests of its clients.

Of the REST API: predictions in rows and in columns, the model's state and its
metadata. Of the gRPC API: PredictionService.Predict, where its packages are
installed. There is no batching, and one model in one version.
"""

import base64
from concurrent import futures
import http.server
import json
import threading
from typing import Any, Callable, Mapping, Optional

from google.protobuf import json_format
import numpy as np
import tensorflow.compat.v1 as tf

from tests.support import extras

HAS_GRPC = extras.is_there('serving')
if HAS_GRPC:
  import grpc
  from tensorflow_serving.apis import prediction_service_pb2_grpc


class RefusedError(Exception):
  """A request that is at fault.

  Attributes:
    code: as in tf.errors.
  """

  def __init__(self, code: int, message: str):
    super().__init__(message)
    self.code = code


def _invalid(message: str) -> RefusedError:
  return RefusedError(tf.errors.INVALID_ARGUMENT, message)


class ServedModel:
  """A SavedModel that answers requests by name.

  Attributes:
    name: that clients ask for.
    version: that it has.
    signatures: SignatureDefs by name.
  """

  def __init__(self, name: str, folder: str, version: str):
    """Loads a model; `close` it at the end.

    Args:
      name: that clients ask for.
      folder: of the version.
      version: its number.
    """
    self.name = name
    self.version = version
    self._session = tf.Session(graph=tf.Graph())
    with self._session.graph.as_default():
      self.signatures = dict(tf.saved_model.loader.load(
          self._session, [tf.saved_model.tag_constants.SERVING],
          folder).signature_def)

  def close(self):
    self._session.close()

  def check_name(self, name: str):
    if name != self.name:
      raise RefusedError(tf.errors.NOT_FOUND,
                         f'Servable not found for request: Latest({name})')

  def signature(self, name: str) -> Any:
    """The SignatureDef of a name, '' being the default one's."""
    name = name or 'serving_default'
    if name not in self.signatures:
      raise _invalid(
          f'Serving signature name: "{name}" not found in signature def')
    return self.signatures[name]

  def predict(self, signature_name: str, inputs: Mapping[str, np.ndarray]
              ) -> dict[str, np.ndarray]:
    """Outputs by name of inputs by name."""
    signature = self.signature(signature_name)
    if set(inputs) != set(signature.inputs):
      raise _invalid(f'inputs {sorted(inputs)} for {sorted(signature.inputs)}')
    return self._session.run(
        {name: info.name for name, info in signature.outputs.items()},
        {signature.inputs[name].name: value
         for name, value in inputs.items()})


def _is_bytes(value: Any) -> bool:
  return isinstance(value, dict) and set(value) == {'b64'}


def _strings(value: Any) -> Any:
  """Nested lists of {'b64': ...} and text as nested lists of bytes."""
  if isinstance(value, list):
    return [_strings(each) for each in value]
  if _is_bytes(value):
    return base64.b64decode(value['b64'], validate=True)
  return value.encode('utf-8')


def _array(value: Any, info: Any) -> np.ndarray:
  dtype = tf.as_dtype(info.dtype)
  if dtype == tf.string:
    return np.array(_strings(value), object)
  return np.array(value, dtype.as_numpy_dtype)


def _plain(value: np.ndarray) -> Any:
  """An array as JSON's lists."""
  if value.dtype == object:
    return np.vectorize(lambda each: each.decode('utf-8'),
                        otypes=[object])(value).tolist()
  return value.tolist()


def _rows_to_columns(rows: Any, names: list[str]) -> dict[str, list[Any]]:
  """The `instances` of a request as its `inputs` would be."""
  if not isinstance(rows, list) or not rows:
    raise _invalid("No values in 'instances' array")
  if len(names) == 1:
    rows = [row if isinstance(row, dict) and not _is_bytes(row)
            else {names[0]: row} for row in rows]
  for row in rows:
    if not isinstance(row, dict) or set(row) != set(names):
      raise _invalid(f'keys must be equal to: {",".join(names)}')
  return {name: [row[name] for row in rows] for name in names}


def predict_json(model: ServedModel, body: bytes) -> dict[str, Any]:
  """The answer to the body of a REST `:predict`."""
  try:
    request = json.loads(body)
    signature_name = request.get('signature_name', '')
    infos = model.signature(signature_name).inputs
    if ('instances' in request) == ('inputs' in request):
      raise _invalid("expecting one of 'inputs' and 'instances'")
    in_rows = 'instances' in request
    columns = (_rows_to_columns(request['instances'], sorted(infos))
               if in_rows else request['inputs'])
    if not isinstance(columns, dict) or _is_bytes(columns):
      columns = dict.fromkeys(infos, columns)
    arrays = {name: _array(value, infos[name])
              for name, value in columns.items()}
  except (AttributeError, KeyError, TypeError, ValueError) as e:
    raise _invalid(f'{type(e).__name__}: {e}') from e
  found = {name: _plain(value) for name, value
           in model.predict(signature_name, arrays).items()}
  if in_rows:
    return {'predictions': [dict(zip(found, row))
                            for row in zip(*found.values())]}
  return {'outputs': found}


def _state(model: ServedModel) -> dict[str, Any]:
  return {'model_version_status': [{
      'version': model.version, 'state': 'AVAILABLE',
      'status': {'error_code': 'OK', 'error_message': ''}}]}


def _metadata(model: ServedModel) -> dict[str, Any]:
  return {
      'model_spec': {'name': model.name, 'signature_name': '',
                     'version': model.version},
      'metadata': {'signature_def': {'signature_def': {
          name: json_format.MessageToDict(
              signature, preserving_proto_field_name=True)
          for name, signature in model.signatures.items()}}}}


class _RestHandler(http.server.BaseHTTPRequestHandler):
  """One request of the REST API."""

  def __init__(self, model: ServedModel, *args):
    self._model = model
    super().__init__(*args)

  def _answer(self, function: Callable[..., Any], *args):
    status = 200
    try:
      answer = function(self._model, *args)
    except RefusedError as e:
      status = {tf.errors.NOT_FOUND: 404}.get(e.code, 400)
      answer = {'error': str(e)}
    content = json.dumps(answer).encode('utf-8')
    self.send_response(status)
    self.send_header('Content-Type', 'application/json')
    self.send_header('Content-Length', str(len(content)))
    self.end_headers()
    self.wfile.write(content)

  def _named(self, ending: str, function: Callable[..., Any], *args):
    """Answers if the path is that of a model and ends as said."""
    name = self.path[len('/v1/models/'):len(self.path) - len(ending)]

    def checked(model, *args):
      if self.path != f'/v1/models/{name}{ending}' or '/' in name:
        raise _invalid(f'Malformed request: {self.command} {self.path}')
      model.check_name(name)
      return function(model, *args)

    self._answer(checked, *args)

  def do_GET(self):
    if self.path.endswith('/metadata'):
      self._named('/metadata', _metadata)
    else:
      self._named('', _state)

  def do_POST(self):
    body = self.rfile.read(int(self.headers['Content-Length']))
    self._named(':predict', predict_json, body)

  def log_message(self, *unused_args):
    pass


def serve_rest(model: ServedModel) -> tuple[int, Callable[[], None]]:
  """Starts a REST server; returns its port and what stops it."""
  server = http.server.ThreadingHTTPServer(
      ('127.0.0.1', 0), lambda *args: _RestHandler(model, *args))
  thread = threading.Thread(target=server.serve_forever)
  thread.start()

  def stop():
    server.shutdown()
    thread.join()
    server.server_close()

  return server.server_port, stop


def serve_grpc(model: ServedModel
               ) -> tuple[Optional[int], Callable[[], Any]]:
  """As `serve_rest`; the port is None where gRPC's packages are missing."""
  if not HAS_GRPC:
    return None, lambda: None
  from tensorflow_serving.apis import predict_pb2

  class Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):

    def Predict(self, request, context):  # noqa: N802
      spec = request.model_spec
      try:
        model.check_name(spec.name)
        found = model.predict(spec.signature_name, {
            name: tf.make_ndarray(value)
            for name, value in request.inputs.items()})
      except RefusedError as e:
        context.abort(
            {tf.errors.NOT_FOUND: grpc.StatusCode.NOT_FOUND}.get(
                e.code, grpc.StatusCode.INVALID_ARGUMENT), str(e))
      response = predict_pb2.PredictResponse()
      response.model_spec.name = spec.name
      for name, value in found.items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
      return response

  server = grpc.server(futures.ThreadPoolExecutor(2))
  prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
      Servicer(), server)
  port = server.add_insecure_port('localhost:0')
  server.start()
  return port, lambda: server.stop(None).wait()
