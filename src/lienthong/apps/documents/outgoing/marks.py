"""Pictures for the places of the signatures: a name in blue, a round seal in red (DX-55, DX-56).

A picture proves nothing and never says "valid" (SG-A-07, SG-A-08); the signature is in the file. An
agency with scanned pictures of its own uses those; these are drawn from the names.
"""

from __future__ import annotations

import io
import math
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from lienthong.apps.documents.common.typeset import FONTS, MARK_HEIGHT_MM, MARK_WIDTH_MM, SEAL_MM

DOTS_PER_MM = 300 / 25.4  # SG-A-07: at least 300 dpi where it stands
BLUE = (20, 50, 170, 255)
RED = (200, 20, 30, 230)
_CLEAR = (255, 255, 255, 0)


@cache
def handwriting(name: str) -> bytes:
    """Return a PNG of the person's name, slanted and underlined with a stroke, in blue."""
    width, height = round(MARK_WIDTH_MM * DOTS_PER_MM), round(MARK_HEIGHT_MM * DOTS_PER_MM)
    picture = Image.new("RGBA", (width, height), _CLEAR)
    draw = ImageDraw.Draw(picture)
    size = height // 3
    font = _font("Italic", size)
    while draw.textlength(name, font=font) > width * 0.9 and size > 12:
        size -= 2
        font = _font("Italic", size)
    draw.text((width / 2, height * 0.45), name, font=font, fill=BLUE, anchor="mm")
    stroke = [
        (width * (0.12 + 0.76 * t), height * (0.78 + 0.06 * math.sin(t * 7) - 0.1 * t))
        for t in (step / 60 for step in range(61))
    ]
    draw.line(stroke, fill=BLUE, width=max(3, height // 60), joint="curve")
    return _png(picture)


@cache
def seal(name: str) -> bytes:
    """Return a PNG of a round red seal with the organization's name around a star."""
    side = round(SEAL_MM * DOTS_PER_MM)
    picture = Image.new("RGBA", (side, side), _CLEAR)
    draw = ImageDraw.Draw(picture)
    middle = side / 2
    for radius, thick in ((0.49, 0.012), (0.46, 0.006), (0.30, 0.006)):
        reach = side * radius
        box = (middle - reach, middle - reach, middle + reach, middle + reach)
        draw.ellipse(box, outline=RED, width=max(2, round(side * thick)))
    _star(draw, middle, side * 0.16)
    text = name.upper()
    size = round(side * 0.085)
    radius = side * 0.38
    while _arc(text, _font("Bold", size), draw) / radius > math.radians(300) and size > 10:
        size -= 1
    _write_around(picture, text, _font("Bold", size), middle, radius)
    return _png(picture)


def _write_around(
    picture: Image.Image, text: str, font: ImageFont.FreeTypeFont, middle: float, radius: float
) -> None:
    """Write `text` clockwise on a circle, its middle at the top."""
    draw = ImageDraw.Draw(picture)
    angle = -_arc(text, font, draw) / radius / 2
    for letter in text:
        wide = draw.textlength(letter, font=font) * 1.08
        at = angle + wide / radius / 2
        box = round(font.size * 2)
        tile = Image.new("RGBA", (box, box), _CLEAR)
        ImageDraw.Draw(tile).text((box / 2, box / 2), letter, font=font, fill=RED, anchor="mm")
        turned = tile.rotate(-math.degrees(at), resample=Image.Resampling.BICUBIC)
        x = middle + radius * math.sin(at) - box / 2
        y = middle - radius * math.cos(at) - box / 2
        picture.alpha_composite(turned, (round(x), round(y)))
        angle += wide / radius


def _arc(text: str, font: ImageFont.FreeTypeFont, draw: ImageDraw.ImageDraw) -> float:
    return sum(draw.textlength(letter, font=font) * 1.08 for letter in text)


def _star(draw: ImageDraw.ImageDraw, middle: float, reach: float) -> None:
    points = []
    for step in range(10):
        radius = reach if step % 2 == 0 else reach * 0.382
        at = math.pi * step / 5
        points.append((middle + radius * math.sin(at), middle - radius * math.cos(at)))
    draw.polygon(points, fill=RED)


def _font(style: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / f"LiberationSerif-{style}.ttf"), size)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
