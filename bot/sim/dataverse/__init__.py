"""A simulated Dataverse: the part of its native API that archiving uses, as guides.dataverse.org documents it.

Kept in memory; an unknown address is 501, never a guess. Where it and the documentation differ, the documentation is
right.
"""

from bot.sim.dataverse.app import make_app
from bot.sim.dataverse.installation import Fault, Installation

__all__ = ["Fault", "Installation", "make_app"]
