"""Variables of an HDF5 (netCDF-4) file, through h5py's low-level interface: ten times faster than opening all of it.

For bot.doors.rawdata only. A variable is looked at before it is read: type, shape, storage. So no file makes us build
large values, follow links to other files, or unpack more than a header needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from pathlib import Path

import h5py
import numpy as np

from bot.errors import RawDataError
from bot.formats.netcdf_classic import MAX_VALUES, Value

MAX_CHUNK = 1 << 20
"""Values; what a compressed piece may hold that is unpacked for a header's variable."""
_NO_LOCKS = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
_NO_LOCKS.set_file_locking(False, True)


def read_variables(path: Path, names: Iterable[str]) -> dict[str, Value]:
    """Return the values of those variables that the file has; RawDataError where it or one of them cannot be read."""
    try:
        file = h5py.h5f.open(bytes(path), h5py.h5f.ACC_RDONLY, _NO_LOCKS)
    except (OSError, RuntimeError, ValueError) as error:
        raise RawDataError(f"HDF5 cannot open it: {_first_line(error)}") from error
    try:
        root = h5py.h5g.open(file, b"/")
        return {name: _value(root, name) for name in names if root.links.exists(name.encode())}
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise RawDataError(f"HDF5 cannot read it: {_first_line(error)}") from error
    finally:
        file.close()


def _value(root: h5py.h5g.GroupID, name: str) -> Value:
    if root.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
        raise RawDataError(f"{name} is a link, not a variable")
    variable = h5py.h5o.open(root, name.encode())
    if not isinstance(variable, h5py.h5d.DatasetID):
        raise RawDataError(f"{name} is no variable")
    shape, kind = variable.shape, variable.get_type()
    is_text = isinstance(kind, h5py.h5t.TypeStringID) and not kind.is_variable_str() and kind.get_size() <= MAX_VALUES
    if not is_text and not isinstance(kind, h5py.h5t.TypeIntegerID | h5py.h5t.TypeFloatID):
        raise RawDataError(f"{name} is neither characters nor numbers")
    if prod(shape) * (kind.get_size() if is_text else 1) > MAX_VALUES:
        raise RawDataError(f"{name} has the shape {shape}, at most {MAX_VALUES} values are wanted")
    _check_storage(variable, name)
    values = np.zeros(shape, variable.dtype)
    variable.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    return values.tobytes() if is_text else tuple(values.ravel().tolist())


def _check_storage(variable: h5py.h5d.DatasetID, name: str) -> None:
    """Refuse values that lie in other files, and packed ones that could be anything unpacked."""
    stored = variable.get_create_plist()
    layout = stored.get_layout()
    if layout == h5py.h5d.VIRTUAL or stored.get_external_count():
        raise RawDataError(f"{name} has its values in another file")
    if layout == h5py.h5d.CHUNKED and prod(stored.get_chunk()) > MAX_CHUNK:
        raise RawDataError(f"{name} is packed in pieces of more than {MAX_CHUNK:,} values")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
