"""What is compared of new data with that of the run before: values, what is known in advance, and the series."""

import pandas as pd

from ..config import Config
from ..data.load import read_data

# Whether new rows can be checked without those before them: times must go on where they end.
ROWS_STAND_ALONE = False


def tabulate(config: Config) -> pd.DataFrame:
    """Return the checked rows without their times. Raises DataError that says what is wrong."""
    frame, schema = read_data(config)
    return frame[[name for name in (schema.series, schema.target, *schema.known) if name]]
