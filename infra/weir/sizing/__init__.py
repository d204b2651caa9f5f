"""Pure functions from workload and catalog to a plan, or to a refusal that names the bottleneck."""
