"""Texts such as devices send, and worse; and an independent reading of what each must become.

The reading is by hand, in whole numbers, and shares nothing with the program: no regular
expression, no ``Decimal`` arithmetic, no ``str.strip``.
"""

import random
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa

WHITE = frozenset(
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode's white space, and the four separators of ASCII."""
LIKE_WHITE = "\u200b\u2060\ufeff\u180e\0\x08"
DIGITS = frozenset("0123456789")

_SPELLED = """
ON OFF nan NaN -nan inf -INF Infinity null None true 0x1F 0b1 1_000 12,5 -0,25 1.000,5 1,000.5
1,2,3 0.0HTTP/1.1 -- +-1 -+1 . + - +. -. e e5 .e5 1e 1e+ 1e- 1e+-5 1.2.3 1..2 1-2 1+ 5% 4.2C
1e5.0 $5 1/2 \u00bd \u00b2 04A2B0C3D4 2024-11-24 12:30 1d5 1E 1f 1L \u2167 \u0663 \u0661\u0662
\u0967\u0968 \uff11\uff12 1\uff12 \u22121 \u221e 1\u066b5 1e\u0665
"""
WORDS = _SPELLED.split()
"""What stands in fields beside numbers."""

Outcome = tuple[Decimal | None, str | None]


def reading_of(text: str, *, decimal_comma: bool = False) -> Outcome:
    """The value that a text must be typed to, and the reason why it must be kept."""
    begin, end = 0, len(text)
    while begin < end and text[begin] in WHITE:
        begin += 1
    while begin < end and text[end - 1] in WHITE:
        end -= 1
    if begin == end:
        return None, "empty"
    parts = _parts(text[begin:end], ".,"[: 1 + decimal_comma])
    if parts is None:
        return None, "unparseable"
    return _rounded(*parts)


def _parts(text: str, marks: str) -> tuple[bool, str, int] | None:
    """Whether it is negative, its digits, and the power of ten of the last one."""
    place = 1 if text[0] in "+-" else 0
    whole = _digits(text, place)
    place += len(whole)
    fraction = ""
    if place < len(text) and text[place] in marks:
        fraction = _digits(text, place + 1)
        place += 1 + len(fraction)
    if not whole + fraction:
        return None
    power = 0
    if place < len(text) and text[place] in "eE":
        is_small = text[place + 1 : place + 2] == "-"
        place += 1 + (text[place + 1 : place + 2] in ("+", "-"))
        exponent = _digits(text, place)
        if not exponent:
            return None
        place += len(exponent)
        power = -int(exponent) if is_small else int(exponent)
    return (text[0] == "-", whole + fraction, power - len(fraction)) if place == len(text) else None


def _digits(text: str, begin: int) -> str:
    end = begin
    while end < len(text) and text[end] in DIGITS:
        end += 1
    return text[begin:end]


def _rounded(negative: bool, digits: str, power: int) -> Outcome:
    digits = digits.lstrip("0")
    if not digits:
        return Decimal("0.000000"), None
    if len(digits) + power > 13:
        return None, "out of range"
    if len(digits) + power < -6:
        return Decimal("0.000000"), "rounded"
    over, rest = int(digits), 0
    if power >= -6:
        over *= 10 ** (power + 6)
    else:
        unit = 10 ** (-6 - power)
        over, rest = divmod(over, unit)
        over += 2 * rest >= unit
    if over >= 10**18:
        return None, "out of range"
    return Decimal(-over if negative else over).scaleb(-6), "rounded" if rest else None


class Texts:
    """An endless supply of texts: numbers of every length and form, near-numbers, junk."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.pool = "".join(self.random.choices("0123456789", k=100_000))
        self.kinds: tuple[Callable[[], str], ...] = (
            self.plain,
            self.small,
            self.long,
            self.endless,
            self.wrapping,
            self.scientific,
            self.monstrous,
            self.halfway,
            self.at_the_limit,
            self.zero,
            self.padded,
            self.with_comma,
            self.mutated,
            self.word,
            self.noise,
        )

    def any(self) -> str:
        return self.random.choice(self.kinds)()

    def digits(self, least: int, most: int) -> str:
        size = self.random.randint(least, most)
        begin = self.random.randrange(len(self.pool) - size)
        return self.pool[begin : begin + size]

    def sign(self) -> str:
        return self.random.choice(("", "", "", "-", "-", "+"))

    def plain(self) -> str:
        return f"{self.sign()}{self.digits(1, 12)}.{self.digits(0, 6)}"

    def small(self) -> str:
        return f"{self.random.gauss(20, 30):.{self.random.randint(0, 6)}f}"

    def long(self) -> str:
        return f"{self.sign()}{self.digits(0, 14)}.{self.digits(5, 26)}"

    def endless(self) -> str:
        return self.sign() + self.pointed(self.digits(25, 90))

    def wrapping(self) -> str:
        """Digits that a number of 64 or 128 bits takes for few."""
        bits = self.random.choice((63, 64, 127, 128, 192, 256))
        number = (self.random.randint(1, 10**6) << bits) + self.random.randint(-3, 3)
        if self.random.random() < 0.2:
            number = 10 ** self.random.randint(17, 40) + self.random.randint(-2, 2)
        return self.sign() + self.pointed(str(number))

    def pointed(self, digits: str) -> str:
        place = self.random.randint(0, len(digits) + 1)
        return f"{digits[:place]}.{digits[place:]}" if place <= len(digits) else digits

    def scientific(self) -> str:
        mantissa = self.random.choice((self.plain, self.small, self.long, self.endless, self.zero))
        mark = self.random.choice("eE") + self.random.choice(("", "+", "-", "-"))
        zeros = "0" * self.random.choice((0, 0, 0, 1, 2, 30))
        exponent = self.random.choice((1, 1, 2, 8)) * self.random.randint(0, 9)
        return f"{mantissa()}{mark}{zeros}{exponent}"

    def monstrous(self) -> str:
        mantissa = self.random.choice((self.small, self.zero, self.endless))
        exponent = self.digits(2, self.random.choice((3, 7, 12, 40)))
        return (
            f"{mantissa()}{self.random.choice('eE')}{self.random.choice(('', '+', '-'))}{exponent}"
        )

    def halfway(self) -> str:
        tail = self.random.choice(
            ("4", "5", "49", "50", "51", "500000000000000001", "4" + "9" * 35)
        )
        return f"{self.sign()}{self.digits(0, 13)}.{self.digits(6, 6)}{tail}"

    def at_the_limit(self) -> str:
        whole = self.random.choice(
            ("999999999999", "1000000000000", "0999999999999", "99999999999")
        )
        tail = self.random.choice(
            ("", "9", "9999994", "9999995", "99999949999", "9" * 40, "0" * 30)
        )
        return f"{self.sign()}{whole}.{tail}"

    def zero(self) -> str:
        zeros = "0" * self.random.choice((1, 1, 2, 12, 13, 37, 38, 39, 60))
        return self.sign() + self.pointed(zeros)

    def padded(self) -> str:
        return self.space() + self.random.choice(self.kinds[:10])() + self.space()

    def space(self) -> str:
        kind = self.random.random()
        if kind < 0.3:
            return ""
        if kind < 0.6:
            return self.random.choice((" ", "\r\n", "\t", "  "))
        if kind < 0.97:
            return "".join(self.random.choices(tuple(WHITE), k=self.random.randint(1, 3)))
        return self.random.choice(LIKE_WHITE)

    def with_comma(self) -> str:
        return self.random.choice(self.kinds[:11])().replace(".", ",")

    def mutated(self) -> str:
        text = self.random.choice(self.kinds[:12])()
        place = self.random.randint(0, len(text))
        put = self.random.choice(("", *"0123456789.+-eE,_ \t\nxaf'\"\0\u0663\uff13\u2212\u00a0"))
        return text[:place] + put + text[place + self.random.randint(0, 1) :]

    def word(self) -> str:
        return self.random.choice(("", " ", "\r\n", *WORDS))

    def noise(self) -> str:
        if self.random.random() < 0.8:
            return "".join(self.random.choices("0019.+-eE, \n_", k=self.random.randint(0, 7)))
        points = (self.random.randrange(0x11_0000) for _ in range(self.random.randint(1, 3)))
        return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)

    def column(self, most: int = 400) -> list[str | None]:
        """Texts side by side: few or many; all of a kind, or some of another, or of all; gaps."""
        most = min(most, self.random.choice((1, 1, 1, 3, 3, 20, 20, 400)))
        kinds = [self.random.choice(self.kinds)]
        if (mixture := self.random.random()) > 0.3:
            kinds = [*(self.random.randint(1, 40) * kinds), self.random.choice(self.kinds)]
        if mixture > 0.7:
            kinds = [self.any]
        absent = self.random.choice((0.0, 0.0, 0.05, 0.9))
        return [
            None if self.random.random() < absent else self.random.choice(kinds)()
            for _ in range(self.random.randint(1, most))
        ]

    def laid_out(self, column: list[str | None]) -> pa.Array | pa.ChunkedArray:
        """The same column in one of the ways in which Arrow keeps text."""
        way = self.random.randint(0, 5)
        if way == 0:
            around: list[str | None] = [self.any(), None, self.any()]
            return pa.array([*around, *column, *around], pa.string()).slice(3, len(column))
        if way == 1:
            place = self.random.randint(0, len(column))
            return pa.chunked_array([column[:place], column[place:], []], pa.string())
        if way == 2:
            return pa.array(column, pa.string()).dictionary_encode()
        if way == 3:
            return pa.array(column, pa.large_string())
        return pa.array(column, pa.string())
