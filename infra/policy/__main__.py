"""The policy pack: `pulumi up --policy-pack infra/policy` runs every rule on every resource before anything is made."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_policy import (  # pyright: ignore[reportMissingImports] - in the pack's own environment
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from resources import Resource, Rule, StackRule
from rules import RULES, STACK_RULES


def validation(rule: Rule) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    """The rule as Pulumi calls it."""

    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        resource = Resource(args.resource_type, args.name, args.props, bool(args.opts.protect))
        for problem in rule.check(resource):
            report_violation(problem, None)

    return validate


def stack_validation(rule: StackRule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    """The rule of a whole stack as Pulumi calls it."""

    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        resources = [
            Resource(given.resource_type, given.name, given.props, bool(given.opts.protect), given.urn)
            for given in args.resources
        ]
        for resource, problem in rule.check(resources):
            report_violation(problem, resource.urn)

    return validate


PolicyPack(
    name="weir",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        *(ResourceValidationPolicy(rule.name, rule.description, validation(rule)) for rule in RULES),
        *(StackValidationPolicy(rule.name, rule.description, stack_validation(rule)) for rule in STACK_RULES),
    ],
)
