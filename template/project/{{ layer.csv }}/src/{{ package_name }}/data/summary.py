"""What of a table was used, and what was not, and why."""

from pathlib import Path

from pydantic import BaseModel

SUMMARY_FILE = "summary.json"
LISTED = "is listed under data.ignore"
NOT_NAMED = "is not named under data"
GROUPS = "says which rows belong together, by data.group"
OVERRIDE = "data.kinds in params.yaml can say what they are all the same"


class Summary(BaseModel, frozen=True, extra="forbid"):
    """The rows and columns of a table that were read, those left out with the reason, and those the schema lacks."""

    source: str
    rows: int
    rows_left_out: dict[str, int]
    columns: tuple[str, ...]
    columns_left_out: dict[str, str]
    columns_unknown: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the summary in words, line by line."""
        used = self.rows - sum(self.rows_left_out.values())
        found_out = any(reason not in (LISTED, NOT_NAMED, GROUPS) for reason in self.columns_left_out.values())
        return [
            f"{self.source}: {self.rows} rows read, {used} used",
            *(
                f"  {count} {'row' if count == 1 else 'rows'} left out: {reason}"
                for reason, count in self.rows_left_out.items()
            ),
            f"  {len(self.columns)} columns used: {', '.join(self.columns)}",
            *(f"  column {name!r} left out: it {reason}" for name, reason in self.columns_left_out.items()),
            *([f"  of these, {OVERRIDE}"] if found_out else []),
            *(f"  column {name!r} not used: the schema does not know it" for name in self.columns_unknown),
        ]

    def save(self, folder: Path) -> None:
        """Write the summary as JSON."""
        text = self.model_dump_json(indent=2)
        (folder / SUMMARY_FILE).write_text(text + "\n", encoding="utf-8")
