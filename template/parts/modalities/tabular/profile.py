"""What is compared of new data with that of the run before: every column of the table."""

import pandas as pd

from ..config import Config
from ..data.load import read_data

# Whether new rows can be checked without those before them.
ROWS_STAND_ALONE = True


def tabulate(config: Config) -> pd.DataFrame:
    """Return the checked rows: numbers, and words or truth values as text. Raises DataError that says what is wrong."""
    frame, schema = read_data(config)
    names = [column.name for column in schema.held]
    words = {column.name: "str" for column in schema.held if column.kind in ("category", "boolean")}
    return frame[names].astype(words)
