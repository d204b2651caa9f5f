"""A pipeline on both engines: one source topic, tables and dead letters of their own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml
from tests.pipeline.stored import cells

from weir.catalog.dataset import load_dataset
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.spec import Engine
from weir.config.embedded import ReplayConfig
from weir.local import engines, provision
from weir.local.service import Context
from weir.verify.replay import replay
from weir.verify.seeding import load_references
from weir.verify.verify import Verification, verify


@dataclass(frozen=True)
class Twins:
    """A pipeline on Flink, and its copy on Kafka Streams: same source topic, own tables and dead letters."""

    ctx: Context
    flink: Pipeline
    streams: Pipeline

    @property
    def manifests(self) -> Path:
        return self.flink.folder.parent / "manifests"

    @property
    def both(self) -> tuple[Pipeline, Pipeline]:
        return self.flink, self.streams

    def on(self, engine: Engine) -> Pipeline:
        return self.flink if engine is Engine.FLINK else self.streams

    def require_same_cells(self) -> None:
        """Both engines store the same cells with the same write times, in the rows and in each table of totals."""
        pairs = [(self.flink.row_table, self.streams.row_table)]
        pairs += [(table, self.streams.aggregate_tables[key]) for key, table in self.flink.aggregate_tables.items()]
        for of_flink, of_streams in pairs:
            expected = cells(self.ctx, of_flink)
            assert expected, of_flink.name
            assert cells(self.ctx, of_streams) == expected, of_flink.name

    def deploy(self) -> None:
        for pipeline in self.both:
            provision.provision(self.ctx.endpoints, [pipeline])
            load_references(self.ctx.endpoints, pipeline, load_dataset(pipeline.folder))
            engines.submit(self.ctx, pipeline)

    def send(self, settings: ReplayConfig, limit: int) -> None:
        """One replay, which both pipelines take as theirs."""
        dataset = load_dataset(self.flink.folder)
        sent = replay(self.ctx.endpoints, self.flink, dataset, settings, self.manifests, limit=limit)
        sent.model_copy(update={"pipeline": self.streams.name}).write(self.manifests)

    def verified(self, pipeline: Pipeline) -> Verification:
        return verify(self.ctx.endpoints, pipeline, load_dataset(pipeline.folder), self.manifests)


def twins(ctx: Context, folder: Path) -> Twins:
    """`folder` holds the pipeline for Flink; its copy beside it is `<name>_streams`."""
    copy = folder.with_name(f"{folder.name}_streams")
    shutil.copytree(folder, copy)
    document = yaml.safe_load((folder / "pipeline.yaml").read_text(encoding="utf-8"))
    letters = {**document["dead_letters"], "topic": f"{document['dead_letters']['topic']}.streams"}
    document |= {"name": copy.name, "engine": "kafka-streams", "dead_letters": letters}
    (copy / "pipeline.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return Twins(ctx, load_pipeline(folder), load_pipeline(copy))
