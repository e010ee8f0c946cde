"""`python -m operations.redrive STACK`: dead letters back to the queue that they came from."""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from operations.dead_letters import CannotMove, DeadLetters
from operations.outputs import AwsError, Deployed, NotDeployed, deployed

_DLQ, _QUEUE = "dlq_url", "queue_url"  # how outputs end that are a dead-letter queue, and its queue
_FASTEST = 500  # messages per second

say = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Move the dead letters, or only show them; an error is one line, and the exit code tells."""
    parser = argparse.ArgumentParser(prog="make redrive", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--queue", default=_DLQ, help="output of the stack that is a dead-letter queue's URL")
    parser.add_argument("--rate", type=_rate, help="most messages per second, 1 to 500; by default SQS chooses")
    parser.add_argument("--dry-run", action="store_true", help="only show what is there")
    given = parser.parse_args(arguments)
    try:
        return redrive(deployed(given.stack), given.queue, given.rate, dry_run=given.dry_run)
    except (NotDeployed, CannotMove, *AwsError) as error:
        sys.stderr.write(f"redrive: {' '.join(str(error).split())}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("redrive: stopped; what was not moved is where it was\n")
        return 130


def redrive(stack: Deployed, output: str, rate: int | None, *, dry_run: bool) -> int:
    """Move the dead letters of an output's queue; returns the exit code."""
    letters = _of(stack, output)
    waiting, taken = letters.count()
    in_sight = f", and {taken} are being looked at" if taken else ""
    say.print(f"{waiting} dead letters in {output}{in_sight}; they go to {letters.target}")
    if dry_run:
        _show(letters)
        say.print("Nothing was moved.")
        return 0
    if not waiting:
        return 0
    moved = 0
    columns = (TextColumn("moving"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=say, transient=True) as progress:
        task = progress.add_task("moving", total=waiting)
        for moved in letters.move(waiting, rate):
            progress.update(task, completed=moved)
    say.print(f"{moved} moved, {letters.count()[0]} left")
    return 0


def _of(stack: Deployed, output: str) -> DeadLetters:
    broker = stack.outputs.get("broker_endpoint")
    if broker and output == _DLQ:
        raise CannotMove(
            f"jobs of stack {stack.stack} go through {broker}: their dead letters are in its queue jobs-dead-letters, "
            "and this command moves those of SQS alone"
        )
    if not output.endswith(_DLQ):
        known = ", ".join(sorted(name for name in stack.outputs if name.endswith(_DLQ)))
        raise CannotMove(f"{output} is no dead-letter queue of stack {stack.stack}; these are: {known}")
    # A subscription's dead letters come from no queue, but were meant for one.
    meant_for = stack.outputs.get(f"{output.removesuffix(_DLQ).removesuffix('undelivered_')}{_QUEUE}")
    return DeadLetters(stack.client("sqs"), stack.text(output), meant_for, one_by_one=stack.emulated)


def _rate(text: str) -> int:
    """Source: SQS API Reference, StartMessageMoveTask, MaxNumberOfMessagesPerSecond."""
    if not text.isdecimal() or not 1 <= int(text) <= _FASTEST:
        raise argparse.ArgumentTypeError(f"must be 1 to {_FASTEST} messages per second, not {text}")
    return int(text)


def _show(letters: DeadLetters) -> None:
    sample = sorted(letters.sample(), key=lambda letter: -letter.age)
    if sample:
        say.print(f"{len(sample)} of them, by age:")
    for letter in sample:
        times = f"received {letter.receives} times"
        say.print(f"  {_duration(letter.age):>8}  {letter.message_id}  {letter.what}, {times}")


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
