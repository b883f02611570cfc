"""What is compared of new data with that of the run before: classes, and how long texts are."""

import pandas as pd

from ..config import Config
from ..data.load import read_data

# Whether new rows can be checked without those before them.
ROWS_STAND_ALONE = True


def tabulate(config: Config) -> pd.DataFrame:
    """Return the class and the length of each checked text. Raises DataError that says what is wrong."""
    frame, schema = read_data(config)
    return pd.DataFrame({schema.target.name: frame[schema.target.name], "characters": frame[schema.text].str.len()})
