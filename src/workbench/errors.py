"""Every error Workbench raises on purpose.

    WorkbenchError
    ├── MidiError          bytes or a file that are not the MIDI they claim to be
    ├── RequestError       a value asked for that cannot be given (also a ValueError)
    ├── PromptError        a STORI PROMPT with something wrong in it; says where
    ├── PlanError          a plan that cannot be made or carried out
    ├── RunnerError        a model runner that is unknown or cannot do what was asked
    │   └── CheckpointError    a weights file of the wrong kind, or a damaged one
    ├── BankError          a sound bank that is damaged
    ├── SweepError         a sweep specification or its results
    ├── StoreError         a store that cannot be read, written or believed
    │   └── NotFoundError      no blob, job, artifact or run of that name is in it
    ├── ConflictError      a proposal that no longer fits the song, or its own state
    ├── NotebookError      a notebook that cannot be run, or a cell of it that failed
    └── CancelledError     work stopped on request before it had anything to keep

Each message says what was expected, what came, where, and what to do.
"""


class WorkbenchError(Exception):
    """Root of the tree: catch this to catch everything that is Workbench's to report."""


class MidiError(WorkbenchError):
    """Malformed MIDI; the message names the byte offset or the track."""


class RequestError(WorkbenchError, ValueError):
    """A request that cannot be met; the message names the field, its range and what came."""


class PromptError(WorkbenchError, ValueError):
    """A STORI PROMPT that is none; the message shows the place under a caret.

    Attributes:
        field: the key that is wrong, "" where it is the text as a whole.
        reason: what is wrong with it.
        line, column: of the place in the text as given, from 1.
        suggestion: what was probably meant, or "".
    """

    def __init__(
        self, reason: str, *, field: str, line: int, column: int, source: str, suggestion: str = ""
    ) -> None:
        self.field, self.reason, self.suggestion = field, reason, suggestion
        self.line, self.column = line, column
        hint = f" ({suggestion})" if suggestion else ""
        place = f"{source}\n{' ' * (column - 1)}^"
        super().__init__(f"line {line}, column {column}: {reason}{hint}\n{place}")


class PlanError(WorkbenchError, ValueError):
    """A plan that is none, or asks for what cannot be; the message names the part of it."""


class RunnerError(WorkbenchError):
    """A runner is unknown, lacks its weights, or cannot do what was asked of it."""


class CheckpointError(RunnerError):
    """A checkpoint of the wrong kind, or a damaged one; the message says what it is."""


class BankError(WorkbenchError):
    """A sound bank that cannot be read; the message says where it stops making sense."""


class SweepError(WorkbenchError):
    """A sweep's specification or its stored results do not make sense."""


class StoreError(WorkbenchError):
    """The database or a blob cannot be opened, read or written; the message says which, and why."""


class NotFoundError(StoreError):
    """Nothing of that name is in the store; a service answers 404."""


class ConflictError(WorkbenchError):
    """A proposal that does not fit the song, or its own state, any more; a service answers 409."""


class NotebookError(WorkbenchError):
    """A notebook that is none, lacks a parameter, or has a cell that failed; the message names it."""


class CancelledError(WorkbenchError):
    """Work was cancelled before there was anything to keep."""
