"""Build stages of a Dockerfile: each fetches or builds one source of an image, from what the repository pins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from weir.config.errors import WeirError
from weir.toolchain.fetch import modules_of
from weir.toolchain.images.definition import ImageDefinition, Part
from weir.toolchain.toolchain import (
    CONNECTOR_MODULES,
    LOADER_MODULES,
    OPERATOR_PATCH,
    STREAMS_MODULES,
    TRINO_PLUGINS,
)

MADE = "/made"
"""Where a stage leaves its files. A Python environment lies where the image has it: its scripts name that place."""
SUMS = "locks/maven"
"""A file for each Maven profile: the SHA-256 of every file that it resolves to."""

FETCHED = {
    tool: tool.removesuffix("-jars")
    for tool in ("kafka", "cassandra", "flink-jars", "kafka-streams", "kafka-connect", "flink-operator")
}
"""Tools that are a folder of jars, and the profile of toolchain/pom.xml that names them."""
UNPACKED = {"registry": 0, "trino": 1}
"""Tools that are one archive, and how many folders stand around its content; its profile has their name."""
BUILT = {"connectors": CONNECTOR_MODULES, "streams-app": STREAMS_MODULES, "loader-plugin": LOADER_MODULES}
"""Tools that are weir's own jars, and the modules that they are built from."""
ENVIRONMENTS = {"flink-env": "flink.txt"}
"""Tools that are Python environments, and their lock files."""

# A company's mirrors: `docker build --secret id=settings.xml,src=$HOME/.m2/settings.xml`, and the same for pip.conf.
MAVEN_SETTINGS = "--mount=type=secret,id=settings.xml,target=/root/.m2/settings.xml"
PIP_SETTINGS = "--mount=type=secret,id=pip.conf,target=/etc/pip.conf"
MAVEN = "mvn --batch-mode --quiet"
TRIMMED = "-trimmed"


@dataclass
class Stages:
    """The stages of one image, each once, in the order in which they need each other."""

    repository: Path
    image: ImageDefinition
    blocks: dict[str, list[str]] = field(default_factory=dict)

    def of(self, part: Part) -> tuple[str, str] | None:
        """The stage that makes `part`, and the path of the files in it; nothing where the repository holds them."""
        if part.made:
            return self._job_package(), f"{MADE}/{Path(part.to).name}"
        if part.locks:
            return self._trimmed(self._python("environment", part.locks, part.to), part, part.to)
        if not part.tool:
            return None
        folder = part.to if part.tool in ENVIRONMENTS else MADE
        return self._trimmed(self._tool(part.tool), part, folder)

    @property
    def need_maven(self) -> bool:
        """Whether one of them begins with Maven's image."""
        return any("${MAVEN_IMAGE}" in block[0] for block in self.blocks.values())

    def lines(self) -> Iterator[str]:
        """Their text."""
        for block in self.blocks.values():
            yield from ("", *block)

    def _tool(self, tool: str) -> str:
        if tool in FETCHED:
            return self._maven(tool, FETCHED[tool], _patched() if tool == "flink-operator" else ())
        if tool in UNPACKED:
            return self._maven(tool, tool, _unpacked(tool))
        if tool in BUILT:
            return self._built(tool)
        if tool in ENVIRONMENTS:
            return self._python(tool, [ENVIRONMENTS[tool]], self._place_of(tool))
        if tool == "flink":
            return self._flink()
        raise WeirError(f"images/{self.image.name.value}/image.yaml: no build stage makes the tool {tool}")

    def _maven(self, tool: str, profile: str, further: tuple[str, ...]) -> str:
        sums = f"{profile}.sha256"
        return self._add(
            tool,
            [
                f"FROM ${{MAVEN_IMAGE}} AS {tool}",
                f"COPY toolchain/pom.xml {SUMS}/{sums} /build/",
                run(
                    _lines(
                        MAVEN_SETTINGS,
                        f"{MAVEN} --file /build/pom.xml --activate-profiles {profile}",
                        f"dependency:copy-dependencies -DoutputDirectory={MADE}",
                    ),
                    f"cd {MADE}",
                    f"sha256sum --check --strict --quiet /build/{sums}",
                    f'test "$(ls | wc --lines)" = "$(wc --lines < /build/{sums})"',
                ),
                *further,
            ],
        )

    def _built(self, tool: str) -> str:
        modules = BUILT[tool]
        folders = sorted({str(Path(module).parent) for module in modules_of(self.repository / "pom.xml")})
        jars = " ".join(f"{module}/target/*.jar" for module in modules)
        return self._add(
            tool,
            [
                f"FROM ${{MAVEN_IMAGE}} AS {tool}",
                "WORKDIR /build",
                "COPY pom.xml ./",
                *(f"COPY {folder}/ {folder}/" for folder in folders),
                run(
                    _lines(
                        MAVEN_SETTINGS,
                        f"{MAVEN} --strict-checksums --projects {','.join(modules)} --also-make",
                        "-Dmaven.test.skip=true package",
                    ),
                    f"mkdir {MADE}",
                    f"cp {jars} {MADE}/",
                    f"rm -f {MADE}/original-*.jar",
                ),
            ],
        )

    def _python(self, stage: str, locks: list[str], folder: str) -> str:
        sources = " ".join(f"locks/{lock}" for lock in locks)
        files = " ".join(f"-r /build/{lock}" for lock in locks)
        return self._add(
            stage,
            [
                f"FROM ${{BASE_IMAGE}} AS {stage}",
                run(
                    "apt-get update",
                    "apt-get install --yes --no-install-recommends ca-certificates python3-pip python3-venv",
                    "rm -rf /var/lib/apt/lists/*",
                ),
                f"COPY {sources} /build/",
                "# Bytecode without dates; a few files are templates, which do not compile.",
                run(
                    _lines(PIP_SETTINGS, f"python3 -m venv --without-pip {folder}"),
                    _lines(
                        f"python3 -m pip --python {folder}/bin/python install",
                        f"--no-cache-dir --no-compile --no-deps --require-hashes {files}",
                    ),
                    f"{{ {compiled(folder)} || true; }}",
                ),
            ],
        )

    def _flink(self) -> str:
        """FLINK_HOME: PyFlink's files, and in its lib the connectors."""
        environment, jars, connectors = (self._tool(tool) for tool in ("flink-env", "flink-jars", "connectors"))
        return self._add(
            "flink",
            [
                f"FROM {environment} AS flink",
                f"COPY --from={jars} {MADE}/ /jars/",
                f"COPY --from={connectors} {MADE}/ /jars/",
                run(
                    f"mkdir {MADE}",
                    f"cd {self._place_of('flink-env')}/lib/python3.11/site-packages/pyflink",
                    f"cp -r bin conf lib opt plugins {MADE}/",
                    f"cp /jars/*.jar {MADE}/lib/",
                    f"chmod 755 {MADE}/bin/*",
                ),
            ],
        )

    def _job_package(self) -> str:
        writes = "from pathlib import Path as P; from weir.toolchain.job_package import build_job_package as build"
        return self._add(
            "job-package",
            [
                "FROM flink-env AS job-package",
                "WORKDIR /build",
                "COPY infra/weir/ infra/weir/",
                "COPY flink-jobs/dedup_join/ flink-jobs/dedup_join/",
                f'RUN PYTHONPATH=infra python3 -c \'{writes}; build(P("."), P("{MADE}/job.zip"))\'',
            ],
        )

    def _trimmed(self, stage: str, part: Part, folder: str) -> tuple[str, str]:
        """The stage without what the image leaves out."""
        if not part.without:
            return stage, folder
        patterns = _lines(*(f"-path './{pattern}' -o" for pattern in part.without)).removesuffix(" -o")
        name = self._add(
            f"{stage}{TRIMMED}",
            [
                f"FROM {stage} AS {stage}{TRIMMED}",
                run(f"cd {folder}", rf"find . \( {patterns} \) -prune -exec rm -rf {{}} +"),
            ],
        )
        return name, folder

    def _place_of(self, tool: str) -> str:
        return next(part.to for part in self.image.parts if part.tool == tool)

    def _add(self, name: str, block: list[str]) -> str:
        self.blocks.setdefault(name, block)
        return name


def compiled(*folders: str) -> str:
    """The command that puts bytecode beside the modules below `folders`, for a pod cannot keep what it compiles."""
    return f"python3 -m compileall -qq --invalidation-mode unchecked-hash {' '.join(folders)}"


def _unpacked(tool: str) -> tuple[str, ...]:
    steps = [
        f"cd {MADE}",
        f"tar --extract --gzip --file *.tar.gz --strip-components={UNPACKED[tool]}",
        "rm *.tar.gz",
    ]
    if tool == "trino":
        kept = " ".join(f"! -name {plugin}" for plugin in sorted(TRINO_PLUGINS))
        steps.append(f"find plugin -mindepth 1 -maxdepth 1 {kept} -exec rm -rf {{}} +")
    return (run(*steps),)


def _patched() -> tuple[str, ...]:
    return (
        f"COPY {OPERATOR_PATCH}/ /build/patch/",
        f"RUN javac -cp '{MADE}/*' -d {MADE}/patch --release 17 /build/patch/*.java",
    )


def run(*commands: str) -> str:
    """One instruction that runs `commands` while they succeed."""
    return "RUN " + " \\\n    && ".join(commands)


def _lines(*parts: str) -> str:
    return " \\\n      ".join(parts)
