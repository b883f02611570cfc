"""What can go wrong, in one family, so that one handler turns it into a message and an exit code."""


class MlscaffoldError(Exception):
    """Something about the machine, the folder or the project; `hint` is the next step."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep what is wrong and what to do about it."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the text as a person sees it."""
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(MlscaffoldError):
    """An argument or an answer is wrong."""

    exit_code = 2


class Stopped(KeyboardInterrupt):
    """A person or the system ended the work; nothing may swallow it, so it is no `Exception`."""

    def __init__(self, message: str = "stopped; nothing was written", exit_code: int = 130) -> None:
        """Keep the message and the code, which is 128 plus the signal."""
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
