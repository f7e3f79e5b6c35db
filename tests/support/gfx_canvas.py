"""A stand-in for REAPER's ``gfx``: strict about every call, and able to show as a picture what was drawn.

``gfx`` is the canvas of ReaScript windows: variables (``gfx.x``, ``gfx.mouse_cap``) and functions (``gfx.rect``), drawn
on at once, with no widgets. The tables here hold exactly the members our scripts use, as the ReaScript documentation
describes them (in REAPER: Help, ReaScript documentation, section gfx). Headings are those of REAPER 5.95, which later
ones only add to; ``getchar``'s second argument and result came with REAPER 6. Another member, another number of
arguments, another type, a variable that is not ours to set: each is an error. REAPER itself forgives more, so what
passes here is not too loose for it.

Pictures are drawn by Pillow with the font it brings, which is not the one REAPER would take; characters that font lacks
are shown by others. What scripts may rely on holds in both: they ask for widths and heights and get what is drawn.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from PIL import Image, ImageDraw, ImageFont

NUMBER, TEXT = "number", "string"


@dataclass(frozen=True)
class Signature:
    """A function of ``gfx``: its arguments by name and type, the last ``optional`` of which may be left out."""

    says: str
    """The documentation's own heading."""
    arguments: tuple[tuple[str, str], ...]
    optional: int = 0
    repeats: bool = False
    """Further pairs of numbers may follow (``gfx.triangle``)."""


def _numbers(names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, NUMBER) for name in names.split())


FUNCTIONS = {
    "circle": Signature("gfx.circle(x,y,r[,fill,antialias])", _numbers("x y r fill antialias"), 2),
    "dock": Signature("gfx.dock(v[,wx,wy,ww,wh])", _numbers("v wx wy ww wh"), 4),
    "drawstr": Signature(
        'gfx.drawstr("str"[,flags,right,bottom])', (("str", TEXT), *_numbers("flags right bottom")), 3
    ),
    "getchar": Signature("gfx.getchar([char, unichar])", _numbers("char unichar"), 2),
    "init": Signature(
        'gfx.init("name"[,width,height,dockstate,xpos,ypos])',
        (("name", TEXT), *_numbers("width height dockstate xpos ypos")),
        5,
    ),
    "measurestr": Signature('gfx.measurestr("str")', (("str", TEXT),)),
    "quit": Signature("gfx.quit()", ()),
    "rect": Signature("gfx.rect(x,y,w,h[,filled])", _numbers("x y w h filled"), 1),
    "set": Signature("gfx.set(r[,g,b,a,mode,dest])", _numbers("r g b a mode dest"), 5),
    "setfont": Signature(
        'gfx.setfont(idx[,"fontface", sz, flags])', (("idx", NUMBER), ("fontface", TEXT), *_numbers("sz flags")), 3
    ),
    "triangle": Signature("gfx.triangle(x1,y1,x2,y2,x3,y3[x4,y4...])", _numbers("x1 y1 x2 y2 x3 y3"), repeats=True),
    "update": Signature("gfx.update()", ()),
}
READ = {"ext_retina", "h", "mouse_cap", "mouse_wheel", "mouse_x", "mouse_y", "texth", "w"}
"""Variables scripts look at; ``texth`` is the height of a line in the font that is set."""
WRITTEN = {"clear", "ext_retina", "mouse_wheel", "x", "y"}
"""Variables scripts set."""

DRAWING = {"circle", "drawstr", "rect", "triangle"}
SMALLEST_TYPE, LARGEST_TYPE, SLOTS = 8, 100, 16
LETTERS_OF_A_CELL = 0.8
"""The default font's letters take this share of the cell that ``gfx.setfont`` is given the height of."""
FINER = 4
DASHES = {"−": 0.58, "–": 0.5, "—": 0.8, "→": 0.8}
"""Drawn as lines, for the default font lacks them: their width in letters' heights."""


@dataclass(frozen=True)
class DrawnText:
    """A string on the canvas, in pixels: where its ink may be, and the room it was given."""

    text: str
    left: int
    top: int
    right: int
    bottom: int
    room_right: float
    room_bottom: float

    def overlaps(self, other: DrawnText) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow was built without FreeType: install a wheel of it"
    return font


@cache
def _shown(character: str) -> str:
    """The character itself, or what stands for it where the font has none."""
    font = _font(20)
    missing = bytes(font.getmask("\uffff"))
    for candidate in (character, unicodedata.normalize("NFKD", character)[0]):
        if bytes(font.getmask(candidate)) != missing:
            return candidate
    return "□"


@dataclass(frozen=True)
class _Face:
    size: int
    bold: bool
    stretch: float

    @property
    def letters(self) -> float:
        return self.size * LETTERS_OF_A_CELL * self.stretch

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        return _font(self.letters)

    @property
    def height(self) -> int:
        return sum(self.font.getmetrics())

    def runs(self, text: str) -> Iterator[tuple[str, float, float]]:
        """The text in pieces, each a dash or free of dashes, with where it begins and how wide it is."""
        at = 0.0
        for is_dash, piece in groupby(text, key=DASHES.__contains__):
            for run in piece if is_dash else ["".join(map(_shown, piece))]:
                width = DASHES[run] * self.letters if is_dash else self.font.getlength(run)
                yield run, at, width
                at += width

    def width(self, text: str) -> int:
        return math.ceil(sum(width for _, _, width in self.runs(text)) + (self.bold and len(text) > 0))


class GfxCanvas:
    """The global ``gfx`` of one script, and the person in front of it.

    Parameters
    ----------
    lua
        A lupa runtime that unpacks returned tuples; it gets the global ``gfx``.
    width, height : int
        Size of the window in what ``gfx.init`` counts, whatever the script asks for: a user may have any.
    retina : float
        Pixels a point has.
    stretch : float
        Letters are this much larger than usual: no two systems' fonts agree.
    mac : bool
        Whether ``gfx.init`` counts points and ``gfx.w`` pixels. Elsewhere both count pixels, and ``gfx.ext_retina``
        only says how fine the screen is (WDL, ``eel_lice.h``).
    obeys : bool
        Whether the window is as large as the script asks for after all.
    """

    def __init__(
        self, lua: Any, width: int = 900, height: int = 600, *, retina: float = 1.0, stretch: float = 1.0,
        mac: bool = True, obeys: bool = False,
    ) -> None:  # fmt: skip
        self.points = (width, height)
        self.retina = retina
        self.stretch = stretch
        self.mac = mac
        self.obeys = obeys
        self.is_open = False
        self.docked = False
        self.floats: tuple[float, ...] = (120.0, 80.0, float(width), float(height))
        """Where the window floats, or floated before it was docked: x, y, width, height."""
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.texts: list[DrawnText] = []
        self.updates = 0
        self.keys: list[int] = []
        self.mouse = (0.0, 0.0)
        """In points."""
        self.mouse_cap = 0
        self._variables: dict[str, float] = {"x": 0, "y": 0, "mouse_wheel": 0, "ext_retina": 0, "clear": 0}
        self._faces: dict[int, _Face] = {}
        self._face: _Face | None = None
        self._colour = (1.0, 1.0, 1.0, 1.0)
        self._strokes: list[tuple[str, tuple[Any, ...], tuple[float, float, float, float], _Face | None]] = []
        # A table without variables of its own asks us for each of them. The functions lie in Lua for good: handed over
        # anew with every call, lupa 2.8 sometimes mistakes one for another.
        connect = lua.eval(
            "function(functions, read, write) return setmetatable({}, {"
            " __index = function(_, name) return functions[name] or read(name) end,"
            " __newindex = function(_, name, value) write(name, value) end}) end"
        )
        functions = lua.table_from({name: self._checked(name) for name in FUNCTIONS})
        lua.globals().gfx = connect(functions, self._read, self._write)

    # -- the person ----------------------------------------------------------------------------------------------------

    def press(self, *keys: str | int) -> None:
        """Type keys: a character, a name as ``gfx.getchar`` spells it ("up", "pgdn"), or a code."""
        self.keys += [key if isinstance(key, int) else int.from_bytes(key.encode(), "big") for key in keys]

    def turn_wheel(self, amount: float) -> None:
        self._variables["mouse_wheel"] += amount

    def resize(self, width: int, height: int) -> None:
        self.points = (width, height)
        if not self.docked:
            self.floats = (*self.floats[:2], float(width), float(height))

    def close(self) -> None:
        """Close the window by its corner; it leaves its dock before any script hears of that."""
        self.is_open = self.docked = False

    # -- what was drawn ------------------------------------------------------------------------------------------------

    @property
    def pixels(self) -> tuple[int, int]:
        return int(self.points[0] * self._pixels_of_one), int(self.points[1] * self._pixels_of_one)

    @property
    def _pixels_of_one(self) -> float:
        """Of what ``gfx.init`` counts."""
        return max(self._variables["ext_retina"], 1.0) if self.mac else 1.0

    def drawn(self) -> list[str]:
        """Names of the drawing functions called since ``forget``."""
        return [name for name, _ in self.calls if name in DRAWING]

    def forget(self) -> None:
        """Begin a new record; the next frame is alone in it."""
        self.calls.clear()
        self.texts.clear()
        self._strokes.clear()

    def image(self) -> Image.Image:
        """The strokes since ``forget`` as a picture."""
        image = Image.new("RGB", self.pixels)
        for name, arguments, colour, face in self._strokes:
            _paint(image, name, arguments, colour, face)
        return image

    # -- checking ------------------------------------------------------------------------------------------------------

    def _read(self, name: str) -> Any:
        if name not in READ and name not in WRITTEN:
            raise AttributeError(f"our table of gfx has no gfx.{name}")
        if name in self._variables:
            return self._variables[name]
        match name:
            case "w" | "h":
                return self.pixels[name == "h"]
            case "mouse_x" | "mouse_y":
                return self.mouse[name == "mouse_y"] * self._pixels_of_one
            case "mouse_cap":
                return self.mouse_cap
            case _:
                assert name == "texth"
                return self._current().height

    def _write(self, name: str, value: Any) -> None:
        if name not in WRITTEN:
            raise AttributeError(f"gfx.{name} is not ours to set")
        if not _is_number(value):
            raise TypeError(f"gfx.{name} must be a number")
        self._variables[name] = value

    def _checked(self, name: str) -> Any:
        signature = FUNCTIONS[name]
        act = getattr(self, name)
        most = math.inf if signature.repeats else len(signature.arguments)
        least = len(signature.arguments) - signature.optional

        def call(*arguments: Any) -> Any:
            if not least <= len(arguments) <= most or (signature.repeats and len(arguments) % 2):
                raise TypeError(f"{signature.says} got {len(arguments)} arguments")
            for given, (argument, kind) in zip(arguments, signature.arguments, strict=False):
                if not (isinstance(given, str) if kind == TEXT else _is_number(given)):
                    raise TypeError(f"gfx.{name}: {argument} must be a {kind}")
            if not all(_is_number(given) for given in arguments[len(signature.arguments) :]):
                raise TypeError(f"gfx.{name}: every further argument must be a number")
            if name in DRAWING and not self.is_open:
                raise RuntimeError(f"gfx.{name} without a window: call gfx.init first")
            self.calls.append((name, arguments))
            if name in DRAWING and name != "drawstr":
                self._strokes.append((name, arguments, self._colour, None))
            return act(*arguments)

        return call

    def _current(self) -> _Face:
        if self._face is None:
            raise RuntimeError("text before gfx.setfont: the default font is a bitmap that no screen fits")
        return self._face

    # -- gfx, by its own names -----------------------------------------------------------------------------------------

    def circle(self, x: float, y: float, r: float, fill: float = 0, antialias: float = 1) -> None:
        assert r > 0

    def dock(self, v: float, *place: float) -> float | tuple[float, ...]:
        assert v == -1, "our windows only ask"
        state = 257 if self.docked else 0
        return (state, *self.floats) if place else state

    def drawstr(self, text: str, flags: float = 0, right: float | None = None, bottom: float | None = None) -> None:
        assert flags == 0, "the stand-in draws from the top left"
        assert right is not None, "without right and bottom nothing keeps text in its box"
        assert bottom is not None
        assert "\n" not in text, "gfx would draw a second line"
        face = self._current()
        left, top, width = int(self._variables["x"]), int(self._variables["y"]), face.width(text)
        self.texts.append(DrawnText(text, left, top, left + width, top + face.height, right, bottom))
        self._strokes.append(("drawstr", (text, left, top), self._colour, face))
        self._variables["x"] += width

    def getchar(self, char: float = 0, unichar: float = 0) -> tuple[float, float]:
        assert char == 0, "our windows only take what was typed"
        if not self.is_open:
            return -1, 0
        code = self.keys.pop(0) if self.keys else 0
        return code, code if 32 <= code < 127 else 0

    def init(self, name: str, *place: float) -> None:
        width, height, dock, *at = place
        if self.is_open:
            assert name == "", "with a title, gfx.init changes the size of no window that is open"
        else:
            # Only a script that said it can deal with it is told of a finer screen.
            self._variables["ext_retina"] = self.retina if self._variables["ext_retina"] == 1 else 0
            self.is_open = True
            self.docked = bool(int(dock) & 1) if self.obeys else self.docked
        if self.obeys:
            self.points = int(width), int(height)
            self.floats = (*at, float(width), float(height))

    def measurestr(self, text: str) -> tuple[int, int]:
        return self._current().width(text), self._current().height

    def quit(self) -> None:
        self.is_open = False

    def rect(self, x: float, y: float, w: float, h: float, filled: float = 1) -> None:
        assert w > 0
        assert h > 0

    def set(self, r: float, g: float, b: float, a: float = 1) -> None:
        assert all(0 <= value <= 1 for value in (r, g, b, a)), "colours go from 0 to 1"
        self._colour = (r, g, b, a)

    def setfont(self, idx: float, fontface: str | None = None, sz: float = 0, flags: float = 0) -> None:
        assert 1 <= idx <= SLOTS, "gfx has 16 fonts of ours"
        if fontface is not None:
            assert SMALLEST_TYPE <= sz <= LARGEST_TYPE, "gfx takes sizes from 8 to 100"
            self._faces[int(idx)] = _Face(int(sz), flags == ord("b"), self.stretch)
        if int(idx) not in self._faces:
            raise RuntimeError(f"font {idx} was never set up")
        self._face = self._faces[int(idx)]

    def triangle(self, *corners: float) -> None:
        pass

    def update(self) -> None:
        self.updates += 1


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _paint(
    image: Image.Image, name: str, arguments: tuple[Any, ...], rgba: tuple[float, ...], face: _Face | None
) -> None:
    red, green, blue, alpha = (round(value * 255) for value in rgba)
    colour = (red, green, blue)
    if name == "drawstr":
        assert face is not None
        text, left, top = arguments
        stroke = face.size * 0.016 if face.bold else 0
        for run, at, width in face.runs(text):
            if run in DASHES:
                _paint_dash(image, run, (left + at, top), width, face, colour)
            else:
                ImageDraw.Draw(image).text((left + at, top), run, colour, face.font, stroke_width=stroke)
    elif name == "rect" and (len(arguments) < 5 or arguments[4]):
        x, y, w, h = (int(value) for value in arguments[:4])
        image.paste(colour, (x, y, x + w, y + h), Image.new("L", (w, h), alpha))
    elif name == "rect":
        x, y, w, h = (int(value) for value in arguments[:4])
        ImageDraw.Draw(image).rectangle((x, y, x + w - 1, y + h - 1), outline=colour)
    else:
        _paint_round(image, name, arguments, colour)


def _paint_dash(
    image: Image.Image, dash: str, at: tuple[float, float], width: float, face: _Face, colour: tuple[int, int, int]
) -> None:
    left, right = at[0] + width * 0.14, at[0] + width * 0.86
    middle = round(at[1] + face.font.getmetrics()[0] - face.letters * 0.28)
    thick = max(1, round(face.letters * (0.11 if face.bold else 0.075)))
    ImageDraw.Draw(image).rectangle((round(left), middle, round(right) - 1, middle + thick - 1), colour)
    if dash == "→":
        reach = face.letters * 0.2
        tip, centre = right + thick, middle + (thick - 1) / 2
        head = (tip, centre, tip - reach * 1.3, centre - reach, tip - reach * 1.3, centre + reach)
        _paint_round(image, "triangle", head, colour)


def _paint_round(image: Image.Image, name: str, arguments: tuple[Any, ...], colour: tuple[int, int, int]) -> None:
    """What has slanted edges, drawn larger first so that they come out smooth."""
    if name == "circle":
        x, y, radius = arguments[:3]
        corners = [(x - radius, y - radius), (x + radius, y + radius)]
    else:
        corners = list(zip(arguments[::2], arguments[1::2], strict=True))
    left, top = (math.floor(min(corner[axis] for corner in corners)) - 1 for axis in (0, 1))
    right, bottom = (math.ceil(max(corner[axis] for corner in corners)) + 2 for axis in (0, 1))
    # gfx names pixels by their number: a pixel's middle lies half a pixel further on.
    finer = [((x + 0.5 - left) * FINER, (y + 0.5 - top) * FINER) for x, y in corners]
    mask = Image.new("L", ((right - left) * FINER, (bottom - top) * FINER))
    if name != "circle":
        ImageDraw.Draw(mask).polygon(finer, fill=255)
    elif len(arguments) > 3 and arguments[3]:
        ImageDraw.Draw(mask).ellipse((*finer[0], *finer[1]), fill=255)
    else:
        ImageDraw.Draw(mask).ellipse((*finer[0], *finer[1]), outline=255, width=FINER)
    small = mask.resize((right - left, bottom - top), Image.Resampling.BOX)
    image.paste(colour, (left, top, right, bottom), small)
