"""What a run of the tests proved, for its closing line."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Tally:
    """What this process, and with xdist its workers, did."""

    combinations: int = 0
    possible: int = 0
    combination_seconds: float = 0.0
    files: int = 0
    renderings: int = 0
    trees: dict[str, float] = field(default_factory=dict)
    images: int = 0
    lives: int = 0
    # The tiers of the tests that were collected and not run.
    left: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def add(self, other: dict[str, Any]) -> None:
        """Add what another process did."""
        for name in ("combinations", "combination_seconds", "files", "renderings", "images", "lives"):
            setattr(self, name, getattr(self, name) + other[name])
        self.possible = max(self.possible, other["possible"])
        self.trees.update(other["trees"])
        # Every worker leaves out the same.
        self.left = other["left"]

    def as_dict(self) -> dict[str, Any]:
        """Return it as what can be handed to another process."""
        return asdict(self)

    def lines(self, green: bool) -> list[str]:
        """Return what to print at the end."""
        slowest = [
            f"  {seconds:5.1f} s of a processor  tests of {tree}" for tree, seconds in sorted(self.trees.items())
        ]
        each = self.combination_seconds / self.combinations if self.combinations else 0
        whole = f"{self.combinations} of {self.possible} combinations as whole projects ({each:.2f} s each)"
        proved = {
            whole: self.combinations,
            f"{self.files} files x the answers they read ({self.renderings} renderings)": self.files,
            f"{len(self.trees)} code trees": len(self.trees),
            f"{self.images} images": self.images,
            f"{self.lives} lives": self.lives,
        }
        told = [text for text, number in proved.items() if number]
        seconds = f"{time.monotonic() - self.started:.0f} s"
        return [*slowest, f"{', '.join([*told, seconds])}: {'all green' if green else 'NOT green'}"]
