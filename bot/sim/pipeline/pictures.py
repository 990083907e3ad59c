"""Pictures that need no plotting library: one small PNG, a JPEG, a PDF, and line drawings in SVG.

They stand for the long tail of plots that nobody opens. Must not import matplotlib.
"""

from __future__ import annotations

import base64
import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# an 8x8 grey square
_JPEG = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0"
    "Hyc5PTgyPC4zNDL/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8A"
    "Kp//2Q=="
)


@lru_cache(maxsize=1)
def placeholder_png() -> bytes:
    """Return a small grey PNG."""
    width, height = 64, 48
    row = b"\0" + b"\xdd" * width
    edge = b"\0" + b"\x88" * width
    pixels = zlib.compress(edge + row * (height - 2) + edge)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def placeholder_jpeg() -> bytes:
    """Return a small grey JPEG."""
    return base64.b64decode(_JPEG)


def placeholder_pdf(title: str) -> bytes:
    """Return a PDF of one page with one line of text."""
    text = f"BT /F1 14 Tf 40 100 Td ({title}) Tj ET".encode("ascii", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail = b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + tail % (table, len(out))


def line_svg(x: NDArray[np.float64], y: NDArray[np.float64], title: str) -> str:
    """Return a spectrum as SVG."""
    use = np.isfinite(y)
    x, y = x[use], y[use]
    span = (float(np.ptp(x)) or 1.0, float(np.ptp(y)) or 1.0)
    points = " ".join(
        f"{40 + 720 * (a - x[0]) / span[0]:.1f},{260 - 220 * (b - y.min()) / span[1]:.1f}"
        for a, b in zip(x.tolist(), y.tolist(), strict=True)
    )
    safe = title.replace("&", "&amp;").replace("<", "&lt;")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 300">'
        f'<text x="40" y="24" font-family="sans-serif" font-size="14">{safe}</text>'
        '<rect x="40" y="40" width="720" height="220" fill="none" stroke="#888"/>'
        f'<polyline fill="none" stroke="#0072b2" points="{points}"/></svg>\n'
    )
