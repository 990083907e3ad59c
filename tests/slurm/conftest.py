"""A real Slurm for the tests of this folder; without Debian's packages they are skipped, under CI that is a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slurm.cluster import Cluster, Shape, missing
from tests.slurm.site import SlurmSite

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of this folder out of the default run: one cluster a machine, one test at a time."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)


def raise_cluster(folder: Path, shape: Shape) -> Iterator[Cluster]:
    """Bring a cluster up, and take it down whatever happens."""
    if told := missing(shape.accounting):
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    cluster = Cluster(folder)
    try:
        cluster.up(shape)
        yield cluster
    finally:
        cluster.down()


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster of tests that leave it as they found it."""
    yield from raise_cluster(
        tmp_path_factory.mktemp("slurm"), Shape(max_array_size=21, slurmd_timeout_s=5, requeue_s=5)
    )


@pytest.fixture(scope="session")
def accounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with slurmdbd and MariaDB, which soon forgets in its queue what has ended."""
    yield from raise_cluster(tmp_path_factory.mktemp("accounted"), Shape(accounting=True, min_job_age_s=2))


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Iterator[Cluster]:
    """The shared cluster, empty."""
    yield shared_cluster
    shared_cluster.clear()


@pytest.fixture
def site(cluster: Cluster, tmp_path: Path) -> SlurmSite:
    return SlurmSite(tmp_path / "site", cluster=cluster).laid_out()
