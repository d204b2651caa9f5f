"""The plan of an environment as a lock file, `stacks/plans/<stack>.yaml`, which `weir size --write` writes.

It is read in a pull request, it is what `pulumi up` applies, and it is the floor of the next plan. It is stale once the
stack or the pipeline files ask for something else, or once sizing finds other numbers for them.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from weir.catalog.environment import Environment
from weir.config.base import DnsLabel, Frozen
from weir.config.errors import WeirError, parse, read_yaml
from weir.config.stack import load_stack
from weir.config.yaml_text import written
from weir.sizing.lock_figures import flat, reasons_of, settings_of, tree_of
from weir.sizing.plan import PlatformPlan
from weir.sizing.planner import plan_for
from weir.sizing.standing import StandingPlan, stale_decisions

SHOWN_DIFFERENCES = 12
HEADER = """\
# The plan of {environment}, about {cost:,.0f} {currency} a month. Written by `weir size --stack {stack} --write`:
# change the stack or the pipeline file, never this one. A number's reason stands beside it.
"""


class Lock(Frozen):
    """A lock file."""

    version: Literal[1]
    environment: DnsLabel
    digest: Annotated[str, Field(description="SHA-256 of `asked` and `plan`: a file edited by hand is told apart.")]
    held_since: Annotated[
        datetime.date | None,
        Field(description="Since when Cassandra may hold rows of an earlier plan, which outlive it by their TTL."),
    ] = None
    asked: Annotated[dict[str, Any], Field(description="Every setting that the plan was sized for.")]
    plan: Annotated[dict[str, Any], Field(description="Every sized number.")]

    @property
    def standing(self) -> StandingPlan:
        """The figures that the next plan may not undercut."""
        return StandingPlan.model_validate(self.plan)


class LockRefused(WeirError):  # noqa: N818 - a refusal is an answer, not a fault
    """A lock file that is missing, stale or edited by hand."""


@dataclass(frozen=True)
class LockFile:
    """Where the lock of a stack is."""

    stack: str
    path: Path

    @classmethod
    def of(cls, stack_file: Path) -> LockFile:
        """Beside the stack file: `plans/<stack>.yaml`."""
        stack = stack_file.stem.removeprefix("Pulumi.")
        return cls(stack, stack_file.parent / "plans" / f"{stack}.yaml")

    @property
    def remedy(self) -> str:
        """What to run."""
        return f"run `weir size --stack {self.stack} --write`, and commit {self.path.name} with the change"

    def read(self) -> Lock | None:
        """The lock, None where there is none.

        Raises:
            ConfigError: a field is missing or wrong.
            LockRefused: it was edited by hand, or merged line by line.
        """
        if not self.path.exists():
            return None
        lock = parse(Lock, read_yaml(self.path), str(self.path))
        parse(StandingPlan, lock.plan, f"{self.path}, plan")
        if lock.digest != _digest(lock.asked, lock.plan):
            raise LockRefused(
                f"{self.path}: its digest does not fit its content, so it was edited by hand or merged line by line; "
                f"take the file of the main branch, and {self.remedy}"
            )
        return lock

    def write(self, lock: Lock, plan: PlatformPlan) -> None:
        """Replaces the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(text_of(lock, plan, self.stack), encoding="utf-8")


def locked_plan(environment: Environment, file: LockFile) -> PlatformPlan:
    """The plan that a standing environment is applied with. A stack that is not protected may go without a lock.

    Raises:
        LockRefused: the lock is missing or stale.
        SizingRefused: nothing within the stack's limits carries its load.
    """
    lock = file.read()
    if lock is None:
        if environment.stack.availability.protect:
            raise LockRefused(f"{file.path}: missing, but the stack is protected (availability.protect); {file.remedy}")
        return plan_for(environment)
    plan = plan_for(environment, lock.standing)
    if found := list(differences(lock, environment, plan)):
        more = len(found) - SHOWN_DIFFERENCES
        lines = [*found[:SHOWN_DIFFERENCES], *([f"and {more} more"] if more > 0 else [])]
        head = f"{file.path} is stale: the stack or its pipelines ask for another plan; {file.remedy}"
        raise LockRefused("\n  ".join([head, *lines]))
    return plan


def lock_of(environment: Environment, plan: PlatformPlan, standing: Lock | None, today: datetime.date) -> Lock:
    """The lock of a plan that was made on top of `standing`."""
    asked, figures = settings_of(environment), tree_of(plan)
    return Lock(
        version=1,
        environment=environment.stack.environment,
        digest=_digest(asked, figures),
        held_since=_held_since(plan, standing, today),
        asked=asked,
        plan=figures,
    )


def differences(lock: Lock, environment: Environment, plan: PlatformPlan) -> Iterator[str]:
    """Every setting that differs from what the lock was written for, then every figure that does."""
    if lock.environment != environment.stack.environment:
        yield f"environment: {lock.environment} -> {environment.stack.environment}"
    yield from _changed(lock.asked, settings_of(environment))
    yield from (f"plan.{line}" for line in _changed(flat(lock.plan), flat(tree_of(plan))))


def text_of(lock: Lock, plan: PlatformPlan, stack: str) -> str:
    """The file, the same for the same lock."""
    header = HEADER.format(environment=lock.environment, cost=plan.cost_per_month, currency=plan.currency, stack=stack)
    top = lock.model_dump(mode="json", exclude={"asked", "plan"}, exclude_none=True)
    figures = "\n".join(_lines(lock.plan, reasons_of(plan)))
    return f"{header}{written(top)}asked:\n{_indented(written(lock.asked))}\nplan:\n{figures}\n"


def _lines(tree: Mapping[str, Any], reasons: Mapping[str, str], prefix: str = "", indent: str = "  ") -> Iterator[str]:
    """JSON's scalars and lists are YAML's, and say which numbers are texts."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield f"{indent}{name}:"
            yield from _lines(value, reasons, f"{prefix}{name}.", f"{indent}  ")
        else:
            yield f"{indent}{name}: {json.dumps(value)}  # {reasons[f'{prefix}{name}']}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.rstrip().splitlines())


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old != new:
            yield f"{name}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    return "(none)" if value is None else json.dumps(value) if isinstance(value, list) else str(value)


def _digest(asked: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    text = json.dumps([asked, plan], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _held_since(plan: PlatformPlan, standing: Lock | None, today: datetime.date) -> datetime.date | None:
    """The day on which the planned rows last became fewer than those that may be there."""
    cassandra = plan.cassandra
    if standing is None or cassandra.held_gib <= cassandra.data_gib:
        return None
    fell = cassandra.data_gib < standing.standing.cassandra.data_gib
    return today if fell or standing.held_since is None else standing.held_since


def notes_of(file: LockFile, lock: Lock | None, environment: Environment, plan: PlatformPlan) -> list[str]:
    """What a person should know who sees `plan` on top of `lock`, one line each."""
    stack = environment.stack
    if lock is None:
        missing = [f"{file.path} is missing; {file.remedy}"] if stack.availability.protect else []
        return [*missing, *stale_decisions(stack, None)]
    stale = [f"{file.path} is stale; {file.remedy}"] if any(differences(lock, environment, plan)) else []
    return [*stale, *stale_decisions(stack, lock.standing), *_held_note(lock, environment)]


def stale_decisions_in(stack_file: Path) -> list[str]:
    """The decisions of a stack file that its lock does not need any more, one line each."""
    lock = LockFile.of(stack_file).read()
    return stale_decisions(load_stack(stack_file), lock and lock.standing)


def _held_note(lock: Lock, environment: Environment) -> Iterator[str]:
    cassandra = lock.standing.cassandra
    if cassandra.held_gib <= cassandra.data_gib or lock.held_since is None:
        return
    days = _longest_wait_days(cassandra.held_ttl_days, environment)
    grace = datetime.timedelta(hours=environment.stack.retention.gc_grace_hours)
    last = lock.held_since + datetime.timedelta(days=days) + grace
    gone = f"the last of which are gone after {last}" if days else "some of which never expire"
    yield (
        f"Cassandra may still hold {cassandra.held_gib:,} GiB of rows from before {lock.held_since}, {gone}; then "
        "measure what is left, and set decisions.held_gib.cassandra if nodes are to leave"
    )


def _longest_wait_days(held: Mapping[str, int], environment: Environment) -> int:
    """The longest lifetime that was shortened; the rows' own if none was, because then the rate fell. 0 is for ever."""
    tables = {f"{pipeline.name}.{table.name}": table for pipeline in environment.pipelines for table in pipeline.tables}
    shortened = [days for name, days in held.items() if name not in tables or tables[name].ttl_days != days]
    rows = [held.get(f"{pipeline.name}.{pipeline.row_table.name}", 0) for pipeline in environment.pipelines]
    found = shortened or rows
    return 0 if 0 in found else max(found)
