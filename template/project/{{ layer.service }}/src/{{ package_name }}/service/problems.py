"""Why a request is not answered."""

from collections.abc import Sequence

from pydantic import BaseModel


class FieldError(BaseModel):
    """One thing that is wrong with a request; rows count from 1."""

    row: int | None = None
    field: str | None = None
    message: str

    def __str__(self) -> str:
        """Say where and what, in one line."""
        place = f"row {self.row}, {self.field}: " if self.field else f"row {self.row}: " if self.row else ""
        return place + self.message


class Problem(BaseModel):
    """Why a request was not answered."""

    error: str
    problems: list[FieldError] = []


class RequestProblem(Exception):
    """The request cannot be answered; carries the HTTP status and what to tell the client."""

    def __init__(self, status: int, error: str, problems: list[FieldError] | None = None) -> None:
        """Keep the status and the answer."""
        super().__init__(error)
        self.status = status
        self.body = Problem(error=error, problems=problems or [])


def numbers_of_kept(kept: int, refused: Sequence[FieldError]) -> list[int]:
    """Return the numbers of the rows that were kept, counted from 1 as the request counts them."""
    left_out = {problem.row for problem in refused}
    return [number for number in range(1, kept + len(left_out) + 1) if number not in left_out]
