"""What is compared of new data with that of the run before: labels, and how large images are."""

import pandas as pd

from ..config import Config
from ..data.load import read_data


def tabulate(config: Config) -> pd.DataFrame:
    """Return the label, width and height of each checked image. Raises DataError that says what is wrong."""
    inventory, _ = read_data(config)
    return inventory.images[["label", "width", "height"]]
