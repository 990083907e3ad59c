"""How much of a project the bot may tell on GitHub, where everybody may read. The rule is bot.rules.publicity's."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.formats.project_file import ProjectFolder
from bot.rules.arrival import listed_obsnums
from bot.rules.publicity import Exposure, exposure
from bot.settings import Site
from bot.stages.check import Rows, find_log, read_rows


def exposure_of(site: Site, folder: ProjectFolder, rows: Rows | None = None) -> Exposure:
    """Return what may be told of a project today; `rows`: of the log, which is else read where it matters."""
    privacy, obsnums = site.settings.policies.privacy, listed_obsnums(folder.project)
    if Exposure(privacy).has_numbers:
        return Exposure.NUMBERS  # what the bot posts holds no more in any case
    if rows is None:
        log = find_log(site)
        rows = read_rows(log, obsnums, ()) if log else {}
    observed = [rows[obsnum][0].date_obs if rows.get(obsnum) else "" for obsnum in obsnums]
    return exposure(folder.project, observed, datetime.now(UTC).date(), privacy)
