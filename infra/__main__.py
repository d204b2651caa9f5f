"""The program that Pulumi runs: `pulumi up -s dev`. One configuration in, a whole environment out."""

import pulumi

from weir.config.stack_settings import Target
from weir.programs.guard import guard, plain_errors, require_digests
from weir.programs.load import load
from weir.programs.platform import platform
from weir.programs.workloads import workloads

with plain_errors():
    environment = load()
    if environment.stack.target is Target.KUBERNETES:
        require_digests(environment)
        guard(environment.stack.decisions)
        jobs = workloads(environment, platform(environment))
        pulumi.export("pipelines", [job.name for job in jobs])
    else:
        pulumi.log.info(f"{environment.stack.environment} runs on one machine: weir up")
    pulumi.export("currency", environment.plan.currency)
    pulumi.export("cost_per_month", round(environment.plan.cost_per_month))
