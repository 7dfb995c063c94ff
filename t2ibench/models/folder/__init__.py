"""The exported model folder: what sampling, evaluation and imports of foreign weights share.

- weights.safetensors: "<network>/<state key>" of the networks that making images needs, averaged where averaged;
- model.json: what it is: plug-in, parameters, data set, steps, encoders, card, where it came from;
- vocabulary.json: the words its encoders know, in their order;
- manifest.json: digests of the others, written last.
"""

from t2ibench.models.folder.description import EncoderDescription, ModelDescription, WrappedDescription
from t2ibench.models.folder.load import LoadedEncoder, LoadedModel, load_encoder, load_model
from t2ibench.models.folder.read import WRAPPED, ModelFolder, is_model_folder, read_model_folder, unrecorded_files
from t2ibench.models.folder.write import exported_state, write_model_folder

__all__ = [
    "EncoderDescription",
    "LoadedEncoder",
    "LoadedModel",
    "ModelDescription",
    "ModelFolder",
    "WRAPPED",
    "WrappedDescription",
    "exported_state",
    "is_model_folder",
    "load_encoder",
    "load_model",
    "read_model_folder",
    "unrecorded_files",
    "write_model_folder",
]
