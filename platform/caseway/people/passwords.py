"""Passwords: which are accepted, and hashing them (argon2id) without holding up anything else.

What is refused as common is assembled by rule, not copied from a collection of leaked passwords: the words people build
passwords from (English, pinyin, this trade), runs on the keyboard, in the alphabet and in numbers, years, repetitions.
A password is common when hardly anything is left after all of that is taken out. A deployment that must compare with a
collection of leaked passwords does so in its identity provider.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from caseway.people.errors import LoginBusy, PasswordTooCommon, PasswordTooLong, PasswordTooShort

SHORTEST, LONGEST = 12, 256

#: OWASP's second choice of parameters: 19 MiB, two passes, one lane; about 30 ms of one core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)
#: A hash of the same cost that no password matches: what is checked when there is no account.
NO_PASSWORD = "$argon2id$v=19$m=19456,t=2,p=1$" + "Y2FzZXdheS1ub2JvZHktLQ" + "$" + "A" * 43
#: Half of the cores hash at most; the rest keeps serving.
_WORKERS = max(1, (os.cpu_count() or 2) // 2)
#: Waiting for more than this many hashes would outlast the request: refused at once instead.
_LONGEST_QUEUE = 150 * _WORKERS

Result = TypeVar("Result")


class _Pool:
    """Threads of its own for hashing, and a bound on how many wait for them."""

    def __init__(self, workers: int, longest_queue: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="passwords")
        self._longest_queue = longest_queue
        self._pending = 0

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """The result of the work; ``LoginBusy`` if too much is waiting already."""
        if self._pending >= self._longest_queue:
            raise LoginBusy
        self._pending += 1
        future = self._threads.submit(work, *arguments)
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def _done(self, future: Future[Any]) -> None:
        self._pending -= 1


_pool = _Pool(_WORKERS, _LONGEST_QUEUE)


async def hash_password(text: str) -> str:
    """The argon2id hash to store. It does not judge the password: see ``check``."""
    return await _pool.run(_HASHER.hash, _bytes(text))


async def verify(stored: str, text: str) -> bool:
    """Whether the password matches the stored hash. Takes the same time whatever is stored."""
    return await _pool.run(_verify, stored, text)


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's: hash anew at the next login."""
    return _HASHER.check_needs_rehash(stored)


def check(text: str, *, username: str) -> None:
    """``PasswordTooShort``, ``PasswordTooLong`` or ``PasswordTooCommon`` unless the password may be used.

    Any characters will do; no mixture of kinds is asked for.
    """
    if len(text) < SHORTEST:
        raise PasswordTooShort(shortest=SHORTEST)
    if len(text) > LONGEST:
        raise PasswordTooLong(longest=LONGEST)
    if is_common(text, username=username):
        raise PasswordTooCommon


def is_common(text: str, *, username: str = "") -> bool:
    """Whether the password would be among the first guesses (see the module's first lines)."""
    plain = text.casefold()
    name = username.casefold()
    if len(set(plain)) < 5 or (len(name) >= 4 and (name in plain or name[::-1] in plain)):
        return True
    for variant in {plain, _squeezed(plain), plain.translate(_LEET), _squeezed(plain.translate(_LEET))}:
        if _is_worn(variant):
            return True
    return False


def _is_worn(text: str) -> bool:
    """Whether hardly anything is left without words, runs, years and repetitions."""
    rest, words = _WORDS.subn(" ", text)
    rest = _YEARS.sub(" ", _without_runs(rest))
    rest = re.sub(r"(.{1,4})\1{2,}", " ", rest)
    own = re.sub(r"[\W_]+", "", rest)
    if words:
        # Digits put behind a word add nothing that a guesser would not try.
        return len(re.sub(r"\d+", "", own)) < 4
    return len(own) < 6


def _without_runs(text: str) -> str:
    """The text without pieces of four characters or more (three digits) that follow each other on a keyboard, in the
    alphabet or in the numbers, in either direction."""
    kept, at = [], 0
    while at < len(text):
        length = next((n for n in range(min(len(text) - at, _LONGEST_WALK), 2, -1) if _is_run(text[at : at + n])), 0)
        kept.append(" " if length else text[at])
        at += length or 1
    return "".join(kept)


def _is_run(piece: str) -> bool:
    return (len(piece) >= 4 or piece.isdigit()) and any(piece in walk for walk in _WALKS)


def _squeezed(text: str) -> str:
    """Doubled characters once: ``112233`` is ``123``."""
    return re.sub(r"(.)\1+", r"\1", text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _verify(stored: str, text: str) -> bool:
    secret = _bytes(text[: LONGEST + 1])
    try:
        return _HASHER.verify(stored, secret)
    except InvalidHashError:
        # An account without a usable password: the same work, and never a match.
        _verify(NO_PASSWORD, text)
        return False
    except VerificationError:
        return False


_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_YEARS = re.compile(
    r"(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?)?|(?:0[1-9]|1[0-2])[0-3]\d(?:19|20)\d\d"
)
_ROWS = (
    "1234567890",
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "zaq12wsxcde34rfvbgt56yhnmju7",
    "zaq1xsw2cde3vfr4bgt5nhy6mju7",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1b2c3d4e5f6g7h8i9j0",
    "1a2b3c4d5e6f7g8h9i0j",
    "qawsedrftgyhujikolp",
    "!@#$%^&*()",
    "147258369",
    "159357",
    "741852963",
    "147896325",
    "789456123",
    "5201314",
    "1314520",
)
_WALKS = tuple({walk for row in _ROWS for walk in (row, row[::-1])})
_LONGEST_WALK = max(map(len, _WALKS))
_WORD_LIST = """
password passwort passwd passw0rd p@ssw0rd p@ssword pa55word secret secure security login logon signin welcome letmein
changeme changeit default temporary temp initial account administrator admin root superuser manager master guest test
testing tester demo example sample user username person computer internet server database system windows microsoft
google linux ubuntu android iphone samsung huawei xiaomi tencent alibaba dragon monkey football baseball basketball
soccer liverpool arsenal chelsea manchester superman batman spiderman starwars pokemon naruto princess sunshine summer
winter spring autumn january february march april june july august september october november december monday tuesday
wednesday thursday friday saturday sunday iloveyou ilove loveyou lovely love forever friend friends family mother
father sister brother baby angel freedom trustno whatever nothing something everything hello world happy lucky shadow
hunter killer michael jennifer jordan jessica charlie thomas robert daniel andrew matthew joshua ashley nicole flower
butterfly chocolate cheese cookie coffee orange banana purple yellow silver golden diamond qwerty azerty qwertz asdf
zxcv abcd access money china chinese beijing shanghai zhejiang jiaxing mima woaini nihao zhongguo aini baobei laopo
laogong wangwang xiaoming zhangsan lisi wangwu guanliyuan guanli yonghu kouling denglu jiayou gongxi facai kaixin
xingfu shengri woshi caseway petition xinfang zhengfu government office bangong bumen shouli jubao minzheng jiedao
xianzhang 密码 管理员 中国 信访 政府 我爱你 你好
"""
_WORDS = re.compile("|".join(sorted(re.findall(r"\S+", _WORD_LIST), key=len, reverse=True)))
