"""Flink: what the Flink Kubernetes Operator and Flink itself do with a changed field of a FlinkDeployment."""

from __future__ import annotations

from weir.config.flink import StateDecision
from weir.programs.rules.rule import (
    ALWAYS,
    DATA_MOVING,
    OLDER,
    REFUSED,
    REMOVED,
    ROLLING,
    SAFE,
    Rule,
    When,
    becomes,
)
from weir.programs.state_changes import decision

VALIDATOR = "Flink Kubernetes Operator, DefaultValidator"
OPERATOR = "Flink Kubernetes Operator documentation, job lifecycle: a changed spec is upgraded by upgradeMode"
SAVEPOINTS = "Flink documentation, savepoints: compatibility, and what is fixed by them"
STATE = "Flink documentation, keyed state: max parallelism"

JOB = "FlinkDeployment"
CONFIG = "spec.flinkConfiguration."
SAVEPOINT = "the job stops with a savepoint and restarts from it"
EMPTY = "allowed by flink.state_decisions: the job starts without state and rereads its topic"
PROTECTED = When("protected", lambda case: case.pair.either.protect)
STARTS_EMPTY = When("with flink.state_decisions: start-empty", lambda case: (
    decision(case.pair) == StateDecision.START_EMPTY))  # fmt: skip

RULES = (
    Rule(JOB, "", REMOVED & PROTECTED, REFUSED,
         "its certificate and secrets would go while the job still runs and holds state",
         "stop it first: set `spec.job.state` to suspended with kubectl, which takes a savepoint; delete the "
         "FlinkDeployment once it is suspended, run `pulumi state delete --force` for it, and remove the pipeline then",
         source=OPERATOR),
    Rule(JOB, "", REMOVED, DATA_MOVING,
         "the job stops with a last savepoint, then its certificate and secrets go; its state is no longer used",
         source=OPERATOR),
    Rule(JOB, f"{CONFIG}pipeline.max-parallelism", STARTS_EMPTY, DATA_MOVING, EMPTY, source=STATE),
    Rule(JOB, f"{CONFIG}pipeline.max-parallelism", ALWAYS, REFUSED,
         "state is divided by it, so no savepoint could be restored", "keep it, or start without state", source=STATE),
    Rule(JOB, "spec.mode", ALWAYS, REFUSED, "the operator does not switch between native and standalone",
         "stop the job with a savepoint and create it anew from that", source=VALIDATOR),
    Rule(JOB, "spec.flinkVersion", OLDER & STARTS_EMPTY, DATA_MOVING, EMPTY, source=SAVEPOINTS),
    Rule(JOB, "spec.flinkVersion", OLDER, REFUSED, "an older Flink cannot read a newer one's savepoint",
         "keep the version", source=SAVEPOINTS),
    Rule(JOB, "spec.job.upgradeMode", becomes("stateless"), DATA_MOVING,
         "allowed by flink.state_decisions: the job starts without state and reads its topic from the beginning",
         source=OPERATOR),
    Rule(JOB, "spec.job.upgradeMode", ALWAYS, ROLLING, "upgrades restore the job from its savepoint again",
         source=OPERATOR),
    Rule(JOB, "spec.job.allowNonRestoredState", becomes(True), DATA_MOVING,
         "allowed by flink.state_decisions: the state of removed operators is dropped", source=SAVEPOINTS),
    Rule(JOB, "spec.job.state", becomes("suspended"), DATA_MOVING,
         "the job stops with a savepoint, and events wait in Kafka until they expire", source=OPERATOR),
    *(
        Rule(JOB, f"{CONFIG}{name}", ALWAYS, ROLLING, f"{SAVEPOINT}; the old folder must stay readable until then",
             source=SAVEPOINTS)
        for name in ("execution.checkpointing.dir", "execution.checkpointing.savepoint-dir", "state.checkpoints.dir",
                     "state.savepoints.dir", "high-availability.storageDir")
    ),
    *(
        Rule(JOB, f"{CONFIG}{name}", ALWAYS, ROLLING, SAVEPOINT, source=OPERATOR)
        for name in ("blob.**", "env.java.**", "execution.**", "high-availability.type", "io.tmp.dirs",
                     "job.autoscaler.**", "jobmanager.**", "kubernetes.jobmanager.**", "kubernetes.taskmanager.**",
                     "metrics.**", "pipeline.auto-watermark-interval", "pipeline.name", "pipeline.object-reuse",
                     "rest.**", "restart-strategy.**", "s3.**", "security.ssl.**", "state.backend.**",
                     "taskmanager.**", "web.**")
    ),
    Rule(JOB, f"{CONFIG}kubernetes.operator.**", ALWAYS, SAFE, "the operator takes it without a restart",
         source=OPERATOR),
    *(
        Rule(JOB, f"spec.{name}", ALWAYS, ROLLING, SAVEPOINT, source=OPERATOR)
        for name in ("image", "imagePullPolicy", "flinkVersion", "serviceAccount", "podTemplate**", "jobManager**",
                     "taskManager**", "job.jarURI", "job.entryClass", "job.args**", "job.parallelism", "job.state",
                     "job.allowNonRestoredState")
    ),
)  # fmt: skip
