"""Simple pictures for the visible marks: a blue curve and a red round seal (DX-55, DX-56).

For demonstration and tests; an agency uses its scanned pictures. A picture proves nothing.
"""

from __future__ import annotations

import hashlib
import io
import math
import unicodedata
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

BLUE = (20, 50, 170, 255)
RED = (200, 20, 30, 230)
_SCALE = 3  # drawn larger and reduced, for smooth edges


@lru_cache(maxsize=64)
def handwriting_png(name: str, *, width: int = 600, height: int = 240) -> bytes:
    """A curve like a signature, its own for each name; transparent around."""
    picture = Image.new("RGBA", (width * _SCALE, height * _SCALE), (255, 255, 255, 0))
    draw = ImageDraw.Draw(picture)
    seed = hashlib.sha256(name.encode()).digest()
    waves = [
        (1 + seed[i] % 5, seed[i + 8] / 255 * math.tau, 0.5 + seed[i + 16] / 255) for i in range(4)
    ]
    points = []
    for step in range(401):
        t = step / 400
        lift = sum(size * math.sin(math.tau * rate * t + turn) for rate, turn, size in waves)
        x = 0.06 + 0.85 * t + 0.03 * math.sin(math.tau * 6 * t + waves[0][1])
        y = 0.5 + 0.1 * lift * (1 - 0.6 * t)
        points.append((x * picture.width, min(0.92, max(0.08, y)) * picture.height))
    draw.line(points, fill=BLUE, width=5 * _SCALE, joint="curve")
    flourish = [
        (0.1 * picture.width, 0.9 * picture.height),
        (0.92 * picture.width, 0.78 * picture.height),
    ]
    draw.line(flourish, fill=BLUE, width=3 * _SCALE)
    return _png(picture, width, height)


@lru_cache(maxsize=64)
def seal_png(name: str, *, side: int = 430, font: Path | None = None) -> bytes:
    """A round seal with the agency's name around a star; transparent around.

    font: a TrueType font with Vietnamese letters; without it the name is written without accents.
    """
    size = side * _SCALE
    picture = Image.new("RGBA", (size, size), (255, 255, 255, 0))
    draw = ImageDraw.Draw(picture)
    middle = size / 2
    for share, thickness in ((0.49, 0.014), (0.455, 0.005), (0.30, 0.005)):
        reach = size * share
        box = (middle - reach, middle - reach, middle + reach, middle + reach)
        draw.ellipse(box, outline=RED, width=max(1, round(size * thickness)))
    star = [
        (
            middle + size * (0.17 if corner % 2 == 0 else 0.068) * math.sin(math.pi * corner / 5),
            middle - size * (0.17 if corner % 2 == 0 else 0.068) * math.cos(math.pi * corner / 5),
        )
        for corner in range(10)
    ]
    draw.polygon(star, fill=RED)
    _write_around(picture, name.upper() if font else _plain(name.upper()), middle, font)
    return _png(picture, side, side)


def _write_around(picture: Image.Image, text: str, middle: float, font_file: Path | None) -> None:
    """Each letter turned to its place on the circle, the text centred at the top."""
    radius = picture.width * 0.378
    points = picture.width * 0.075
    step = min(0.22, math.radians(310) / max(1, len(text)))
    points = min(points, step * radius * 1.5)
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont = ImageFont.load_default(points)
    if font_file is not None:
        font = ImageFont.truetype(str(font_file), points)
    for place, letter in enumerate(text):
        angle = (place - (len(text) - 1) / 2) * step
        tile = Image.new("RGBA", (int(points * 2), int(points * 2)), (255, 255, 255, 0))
        ImageDraw.Draw(tile).text((points, points), letter, font=font, fill=RED, anchor="mm")
        turned = tile.rotate(-math.degrees(angle), resample=Image.Resampling.BICUBIC)
        x = middle + radius * math.sin(angle) - points
        y = middle - radius * math.cos(angle) - points
        picture.alpha_composite(turned, (max(0, int(x)), max(0, int(y))))


def _plain(text: str) -> str:
    """The text without accents: the font that comes with Pillow has few letters."""
    parts = unicodedata.normalize("NFD", text.replace("Đ", "D"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _png(picture: Image.Image, width: int, height: int) -> bytes:
    out = io.BytesIO()
    reduced = picture.resize((width, height), Image.Resampling.LANCZOS)
    reduced.save(out, "PNG", dpi=(300, 300), optimize=True)
    return out.getvalue()
