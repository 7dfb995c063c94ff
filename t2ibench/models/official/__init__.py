"""Files of the official code: read safely, their state dicts found, recognised, converted and fitted."""

from t2ibench.models.official.networks import Fitted, convert, fit
from t2ibench.models.official.read import read_official_file
from t2ibench.models.official.states import FoundState, Recognised, find_states, recognise, without_data_parallel

__all__ = [
    "Fitted",
    "FoundState",
    "Recognised",
    "convert",
    "find_states",
    "fit",
    "read_official_file",
    "recognise",
    "without_data_parallel",
]
