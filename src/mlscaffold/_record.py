"""What a project says of how it was made."""

from pathlib import Path

import yaml

from mlscaffold._errors import MlscaffoldError
from mlscaffold._merge import ANSWERS_FILE


def read_answers(folder: Path) -> dict[str, object]:
    """Return the answers that a project was made with, and what Copier keeps beside them.

    Raises:
        MlscaffoldError: the file is missing or broken.
    """
    file = folder / ANSWERS_FILE
    try:
        recorded = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MlscaffoldError(
            f"{folder} has no {ANSWERS_FILE}, so it is no project made from a template",
            "Go to the project's folder, or name it; mlscaffold update --help says how.",
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MlscaffoldError(
            f"cannot read {file}: {error}", f"git log -- {ANSWERS_FILE} shows earlier versions."
        ) from error
    return recorded if isinstance(recorded, dict) else {}


def recorded(folder: Path) -> dict[str, object]:
    """Return the same of a project that can be updated.

    Raises:
        MlscaffoldError: it names no template that updates can come from.
    """
    answers = read_answers(folder)
    if not answers.get("_src_path") or not answers.get("_commit"):
        raise MlscaffoldError(
            f"{folder / ANSWERS_FILE} records no template version, so there is nothing to update from: "
            "the project was made from a template without git",
            "Install mlscaffold from its git repository, make the project again, and carry your changes over.",
        )
    return answers
