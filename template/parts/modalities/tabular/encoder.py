"""Turn rows into what a model takes, without the training libraries."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..data.making import check_made, make
from ..schema import MISSING, Inputs, Schema

# How many steps of the pipeline the encoder does itself: all of its preprocessing is inside the exported graph.
STEPS = 0


class Encoder:
    """Gives the columns of the schema to a model: `numbers`, `dates` and `categories`."""

    def __init__(self, schema: Schema) -> None:
        """Look up the columns once; rows come by the thousand."""
        self._schema = schema
        self._numbers = schema.numbers
        self._all_numbers = schema.all_numbers
        self._dates = schema.dates
        self._categories = schema.categories

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> Inputs:
        """Return the rows of a request as a model's inputs. An absent key or None is a missing value."""
        inputs: Inputs = {}
        if self._numbers:
            inputs["numbers"] = np.array([[row.get(name) for name in self._numbers] for row in rows], dtype=np.float64)
        if self._dates:
            inputs["dates"] = np.array([[row.get(name) for name in self._dates] for row in rows], dtype=np.float64)
        if self._categories:
            texts = [[row.get(name) or MISSING for name in self._categories] for row in rows]
            inputs["categories"] = np.array(texts, dtype=object)
        return self._with_made(inputs) if self._schema.made else inputs

    def _with_made(self, inputs: Inputs) -> Inputs:
        """Return the inputs with the numbers that prepare.py makes of them."""
        kinds = (("numbers", self._numbers), ("dates", self._dates), ("categories", self._categories))
        found = {name: inputs[kind][:, place] for kind, names in kinds for place, name in enumerate(names)}
        numbers = found | make(found, self._schema)
        return inputs | {"numbers": np.column_stack([numbers[name] for name in self._all_numbers])}

    def encode_features(self, features: Any) -> Inputs:
        """Return a data frame of encoded columns as a model's inputs."""
        inputs = {
            "numbers": features[self._all_numbers].to_numpy(np.float64),
            "dates": features[self._dates].to_numpy(np.float64),
            "categories": features[self._categories].to_numpy(object),
        }
        return {name: values for name, values in inputs.items() if values.shape[1]}

    def decode(self, inputs: Inputs) -> Any:
        """Return a model's inputs as the data frame that the pipeline was fitted on."""
        # Imported where it is used: a model with an ONNX graph runs without pandas.
        import pandas as pd

        names = {"numbers": self._all_numbers, "dates": self._dates, "categories": self._categories}
        return pd.concat([pd.DataFrame(inputs[kind], columns=names[kind]) for kind in inputs], axis="columns")


def load_encoder(folder: Path, schema: Schema) -> Encoder:
    """Return the encoder of a saved model. Raises DataError when prepare.py makes other columns than it did then."""
    check_made(schema)
    return Encoder(schema)
