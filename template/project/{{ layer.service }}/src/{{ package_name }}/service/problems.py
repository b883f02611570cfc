"""Why a request is not answered."""

from collections.abc import Sequence
from http import HTTPStatus
from math import ceil

from pydantic import BaseModel

MEDIA_TYPE = "application/problem+json"


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
    """Why a request was not answered: the problem details of RFC 9457, and all that is wrong with it.

    `error` is the same as `detail`.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    error: str
    problems: list[FieldError] = []


class RequestProblem(Exception):
    """The request cannot be answered; carries the HTTP status, what to tell the client, and headers."""

    def __init__(
        self, status: int, error: str, problems: list[FieldError] | None = None, *, retry_after: float | None = None
    ) -> None:
        """Keep the status and the answer; after so many seconds it may be another."""
        super().__init__(error)
        self.status = status
        self.body = describe_problem(status, error, problems)
        self.headers = {} if retry_after is None else {"retry-after": str(ceil(retry_after))}


def describe_problem(status: int, error: str, problems: list[FieldError] | None = None) -> Problem:
    """Return what is told of a problem."""
    title = HTTPStatus(status).phrase
    return Problem(title=title, status=status, detail=error, error=error, problems=problems or [])


def numbers_of_kept(kept: int, refused: Sequence[FieldError]) -> list[int]:
    """Return the numbers of the rows that were kept, counted from 1 as the request counts them."""
    left_out = {problem.row for problem in refused}
    return [number for number in range(1, kept + len(left_out) + 1) if number not in left_out]
