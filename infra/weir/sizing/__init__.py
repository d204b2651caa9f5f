"""Pure functions from workload and catalog to a plan, or to a refusal that names the bottleneck."""

from weir.sizing.explanation import Bound, Explanation, SizingRefused
from weir.sizing.plan import PlatformPlan
from weir.sizing.planner import plan_for
from weir.sizing.standing import StandingPlan

__all__ = ["Bound", "Explanation", "PlatformPlan", "SizingRefused", "StandingPlan", "plan_for"]
