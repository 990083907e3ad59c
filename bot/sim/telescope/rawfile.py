"""The bytes of one raw file. Must not write any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bot.errors import SettingsError
from bot.model.raw import CHASSIS, IFPROC
from bot.sim.pipeline import netcdf

from . import header, signals
from .layout import slots
from .recording import RECEIVERS, Recording
from .signals import Size

FORMATS = ("classic", "netcdf4")


def encode(recording: Recording, part: str, size: Size, *, form: str = "classic", is_corrupt: bool = False) -> bytes:
    """Return a part's file. SettingsError: netcdf4 is asked for and not installed."""
    blocks, axes, values = _contents(recording, part, size)
    if is_corrupt:
        values["Header.Dcs.Receiver"] = header.corrupt_receiver(recording.observation.obsnum)
    variables = {
        slot.name: slot.fill(values.get(slot.name), axes) for block, name in blocks for slot in slots(block, name)
    }
    return netcdf.encode(axes, {}, variables) if form == "classic" else _encode_netcdf4(axes, variables)


def _contents(
    recording: Recording, part: str, size: Size
) -> tuple[list[tuple[str, str]], dict[str, int], dict[str, Any]]:
    """Return the blocks of the layout that make the file, with what stands for @ and #, and axes and values."""
    if part not in (IFPROC, *CHASSIS):
        return [("roach", "")], *signals.roach(recording, size)
    values = header.values(recording)
    program = [(name.lower(), "") for name in ("Map", "Ps", "Bs") if name == recording.program]
    if program == [("map", "")]:
        values |= header.map_values(recording)
    if part == IFPROC:
        receiver = RECEIVERS[recording.observation.instrument]
        axes, data = signals.ifproc(recording, size)
        blocks = [("dcs", ""), ("heterodyne", receiver), *program]
        return blocks, axes, values | header.heterodyne_values(recording) | data
    number = CHASSIS.index(part)
    axes, data = signals.chassis(recording, size, number)
    blocks = [("dcs", ""), ("redshift", str(number)), *(block for block in program if block[0] == "map")]
    return blocks, axes, values | header.redshift_values(recording, number) | data


def _encode_netcdf4(axes: Mapping[str, int], variables: Mapping[str, netcdf.Variable]) -> bytes:
    try:
        import netCDF4
    except ImportError as error:
        raise SettingsError("netCDF4 is not installed; without it only the classic format can be written") from error
    file = netCDF4.Dataset("raw.nc", "w", memory=1024)
    for name, size in axes.items():
        file.createDimension(name, size)
    for name, (dimensions, values) in variables.items():
        array = np.asarray(values)
        stored = netcdf.KINDS[netcdf.kind_of(array)][1].lstrip(">")
        file.createVariable(name, stored, dimensions)[...] = array
    return bytes(file.close())
